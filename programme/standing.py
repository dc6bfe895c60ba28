"""What is known of one unit's year, read once: its case, evidence as verified, claims, reports. For checklists."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import Any

import orjson
from sqlmodel import Session, col, select

from programme.calendar import report_months
from programme.catalogue import criteria_set, criteria_sets
from programme.checklist import Piece
from programme.codes import evidence_code
from programme.evidence import EVIDENCE_NAMES
from programme.models import Case, CriteriaSet, Unit
from programme.naming import single_id
from programme.transitions import SENT
from programme.units import get_unit
from sync.records import Shown, current, held_in, version

COUNTED = ("pending", "changed", "verified_once", "rejected", "needs_info", "verified")
AFTER_APPROVAL = ("draft_registration", "registered", "proposed", "not_approved")


@dataclass(slots=True)
class Standing:
    """`verified`: pieces by item, as they were verified. `captured`: how many pieces name an item, verified or not."""

    unit: Unit
    year: int
    criteria: CriteriaSet | None
    case: dict[str, Any] | None
    captured: Counter[str] = field(default_factory=Counter)
    verified: dict[str, list[Piece]] = field(default_factory=lambda: defaultdict(list))
    claims: dict[str, dict[str, Any]] = field(default_factory=dict)
    reported: set[str] = field(default_factory=set)
    maintenance: str = ""
    unfinished: list[dict[str, Any]] = field(default_factory=list)

    @property
    def data(self) -> dict[str, Any]:
        return self.case["data"] if self.case else {}

    @property
    def applies(self) -> dict[str, Any]:
        return self.data.get("applies") or {}

    @property
    def approved(self) -> bool:
        return bool(self.data.get("approval"))

    @property
    def dossier_in_time(self) -> bool:
        return bool(self.data.get("dossier")) and self.data.get("late") in (None, "no", "waived")

    def months_wanted(self) -> list[str]:
        """Months whose report the unit owes for the year."""
        return report_months(self.year, self.data.get("approval"))


def standing_of(session: Session, code: str, year: int) -> Standing:
    """Reads everything of a scope that a checklist needs, in a few statements. Raises UnitUnknown."""
    unit = get_unit(session, code)
    scope = f"{code}/{year}"
    ids = [single_id("unit_year", scope), single_id("maintenance_year", scope)]
    cases = {i: orjson.loads(shown.doc) for i, shown in current(session, ids).items()}
    found = Standing(unit, year, None, cases.get(ids[0]))
    found.criteria = _criteria(session, found.data.get("criteria_set"))
    found.maintenance = cases[ids[1]]["state"] if ids[1] in cases else ""
    for shown in held_in(session, scope, sorted(EVIDENCE_NAMES), COUNTED):
        _take(session, found, shown)
    for shown in held_in(session, scope, ["self_assessment"], ["claimed"]):
        doc = orjson.loads(shown.doc)
        found.claims[doc["data"].get("criterion", "")] = {"record_id": doc["id"], "ver": doc["ver"], **doc["data"]}
    where = (col(Case.unit) == code, col(Case.year) == year, col(Case.type) == "monthly_report")
    reports = select(Case.period).where(*where, col(Case.state).in_(SENT))
    found.reported = set(session.exec(reports))
    return found


def _criteria(session: Session, fixed: str | None) -> CriteriaSet | None:
    """The set that was fixed at approval; before that the active one."""
    if fixed:
        return criteria_set(session, *fixed.split("/", 1))
    known = criteria_sets(session)
    return criteria_set(session, known[0].id, known[0].version) if known else None


def _take(session: Session, into: Standing, shown: Shown) -> None:
    doc = orjson.loads(shown.doc)
    into.captured.update(doc["data"].get("criteria", ()))
    review = doc.get("review") or {}
    if doc["state"] != "verified" or doc["conflicts"] or doc["media_state"] != "complete":
        into.unfinished.append({"record_id": doc["id"], "state": doc["state"], "codes": doc.get("codes", [])})
    if doc["state"] == "verified":
        _count(into, doc)
    elif review.get("verified_ver"):
        _count(into, orjson.loads(version(session, shown, review["verified_ver"]).doc))


def _count(into: Standing, doc: dict[str, Any]) -> None:
    numbers = doc.get("numbers", {})
    for item in doc["data"].get("criteria", ()):
        into.verified[item].append(piece(doc, evidence_code(item, numbers.get(item, 0))))


def piece(doc: dict[str, Any], code: str) -> Piece:
    """A version of an evidence record as it stands under one code."""
    data = doc["data"]
    index = data.get("index") or {}
    dated = data.get("issued_on") or data.get("held_at") or data.get("started_at") or data.get("captured_at")
    return Piece(
        code=code,
        record_id=doc["id"],
        ver=doc["ver"],
        digest=doc["content_digest"],
        kind=data.get("kind") or doc["type"],
        title=data.get("title") or "",
        issuer=data.get("issuer") or index.get("issuer") or "",
        dated=str(dated or index.get("date") or "")[:10],
        index=all(index.get(name) for name in ("number", "date", "issuer", "conclusion")),
        purposes=tuple(data.get("purposes") or ()),
        files=tuple({k: m.get(k) for k in ("sha256", "name", "mime", "size")} for m in data.get("media", ())),
    )
