"""What a paper says, read once into a value: nothing that comes later can change a paper that was asked for.

`at` is the moment of the newest fact, not of the asking: asked again while nothing moved, it is the same paper.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import orjson
from sqlmodel import Session, col, select

from auth.principal import Permission, Principal
from papers.dossiers import about_unit, dossier_facts
from papers.errors import PaperUnknown
from papers.kinds import KIND_VI
from programme.catalogue import items_of
from programme.dossier import snapshot_of
from programme.models import Case, Snapshot, Step, Unit
from programme.naming import single_id
from programme.overview import funding, overview
from programme.progress import assess
from programme.standing import standing_of
from programme.transitions import MACHINES
from programme.units import get_unit
from programme.yearly import RECIPIENTS, Recipient, participation
from sync.records import Shown, current, version

Value = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Wanted:
    """A paper as somebody asks for it; `unit` is empty for the whole province, `record_id` names a monthly report.

    `to`: for whom the review of the year is (plan IV.3); empty for the province's own.
    """

    kind: str
    year: int
    unit: str = ""
    version: int | None = None
    record_id: str = ""
    to: Recipient | Literal[""] = ""


def facts(session: Session, principal: Principal, wanted: Wanted) -> Value:
    """Raises PaperUnknown, UnitUnknown, SnapshotUnknown where there is nothing to write about."""
    return {"kind": wanted.kind, "year": wanted.year, **SOURCES[wanted.kind](session, principal, wanted)}


def _step(session: Session, record_id: str, action: str, since: int = 0, until: int = 2**62) -> tuple[Value, int]:
    """The paper behind the last such move of a case in `[since, until)`, and when it was made; empty where none was."""
    where = (col(Step.record_id) == record_id, col(Step.action) == action, col(Step.at) >= since, col(Step.at) < until)
    found = session.exec(select(Step).where(*where).order_by(col(Step.at).desc())).first()
    return (orjson.loads(found.paper), found.at) if found else ({}, 0)


def _registration(session: Session, _principal: Principal, wanted: Wanted) -> Value:
    record_id = single_id("unit_year", f"{wanted.unit}/{wanted.year}")
    case = session.get(Case, record_id)
    held = current(session, [record_id]).get(record_id)
    if case is None or held is None:
        raise PaperUnknown
    paper, _ = _step(session, record_id, "register")
    form = orjson.loads(held.doc)["data"]
    signer = (form.get("responsible_head") or {}).get("name") if case.state != "draft_registration" else ""
    return {
        "unit": about_unit(get_unit(session, wanted.unit)), "form": form, "at": case.since,
        "paper": {"signer": signer, **paper},
    }  # fmt: skip


def _self_score(session: Session, _principal: Principal, wanted: Wanted) -> Value:
    standing = standing_of(session, wanted.unit, wanted.year)
    record_id = single_id("unit_year", f"{wanted.unit}/{wanted.year}")
    case = session.get(Case, record_id)
    if case is None:
        raise PaperUnknown
    found = assess(session, standing, case.since)
    criteria = standing.criteria and items_of(session, standing.unit.kind, standing.criteria)
    points = {c.code: c.points for c in criteria or ()}
    return {
        "unit": about_unit(standing.unit),
        "criteria_set": found.catalogue,
        "rows": [
            {"code": i.code, "title_vi": i.title_vi, "points": points.get(i.code), "claim": i.claim or {}}
            for i in found.items
        ],
        "head": (standing.data.get("responsible_head") or {}).get("name") or "",
        "at": case.since,
    }


def _dossier(action: str) -> Callable[[Session, Principal, Wanted], Value]:
    """Facts of a dossier as it was sent, with the paper of a move that came with it or after."""

    def read(session: Session, principal: Principal, wanted: Wanted) -> Value:
        return of_snapshot(session, snapshot_of(session, principal, wanted.unit, wanted.year, wanted.version), action)

    return read


def of_snapshot(session: Session, row: Snapshot, action: str) -> Value:
    """The same for a snapshot; a move counts until the next version was sent."""
    where = (Snapshot.unit == row.unit, Snapshot.year == row.year, Snapshot.version == row.version + 1)
    following = session.exec(select(Snapshot.at).where(*where)).first()
    record_id = row.record_id if action == "archive" else single_id("unit_year", f"{row.unit}/{row.year}")
    paper, at = _step(session, record_id, action, row.at, following or 2**62)
    return {
        **dossier_facts(session, orjson.loads(row.content), row.digest), "paper": paper, "at": max(row.at, at),
    }  # fmt: skip


def _archive(session: Session, principal: Principal, wanted: Wanted) -> Value:
    """The ZIP of a dossier holds originals: it is for those who may have them. Raises NotPermitted."""
    row = snapshot_of(session, principal, wanted.unit, wanted.year, wanted.version)
    principal.require(Permission.ORIGINAL, f"{row.unit}/{row.year}")
    return {"record_id": row.record_id, "digest_of": row.digest, "version": row.version, "at": row.at}


def _report(session: Session, _principal: Principal, wanted: Wanted) -> Value:
    """A monthly report as it was sent last; before that, as it stands."""
    held = current(session, [wanted.record_id]).get(wanted.record_id)
    if held is None or held.type != "monthly_report" or held.scope != f"{wanted.unit}/{wanted.year}":
        raise PaperUnknown
    case = session.get(Case, held.id)
    doc = orjson.loads(held.doc)
    sent = doc.get("case", {})
    shown: Shown = version(session, held, sent["ver"]) if sent.get("ver") else held
    data = orjson.loads(shown.doc)["data"]
    counted = {**(data.get("figures") or {}), **(data.get("audiences") or {})}
    return {
        "unit": about_unit(get_unit(session, wanted.unit)),
        "month": data.get("month") or "",
        "report": data,
        "figures": [{"name": name, "value": value} for name, value in sorted(counted.items())],
        "sent": sent.get("received_at") or "",
        "paper": {},
        "at": case.since if case else 0,
    }


def _listed(type_name: str, states: tuple[str, ...], action: str) -> Callable[[Session, Principal, Wanted], Value]:
    """Units whose case of a type is in one of these states, by code; the paper, where all came by the same one."""

    def read(session: Session, _principal: Principal, wanted: Wanted) -> Value:
        found = cases_in(session, type_name, wanted.year, states)
        papers = [row["decision"] for row in found if row["decision"]]
        same = bool(papers) and all(p == papers[0] for p in papers)
        paper, at = _step(session, found[0]["record_id"], action) if found else ({}, 0)
        return {"units": found, "awards": found, "paper": paper if same else {}, "at": max([at, *_moments(found)])}

    return read


def _moments(found: list[Value]) -> list[int]:
    return [row["since"] for row in found] or [0]


def cases_in(session: Session, type_name: str, year: int, states: tuple[str, ...]) -> list[Value]:
    """Each with its unit, its fields, its state, and the decision that recognised it."""
    where = (col(Case.type) == type_name, col(Case.year) == year, col(Case.state).in_(states))
    query = select(Case, Unit).join(Unit, col(Unit.code) == col(Case.unit)).where(*where)
    rows = session.exec(query.order_by(col(Unit.code), col(Case.record_id))).all()
    docs = current(session, [case.record_id for case, _ in rows])
    found = []
    for case, unit in rows:
        doc = orjson.loads(docs[case.record_id].doc)
        papers = doc.get("papers") or {}
        found.append(
            {
                **about_unit(unit), "record_id": case.record_id, "since": case.since, "form": doc["data"],
                "state": case.state, "state_vi": MACHINES[type_name].state_vi(case.state),
                "decision": papers.get("recognise") or papers.get("list_maintained") or papers.get("award") or {},
            }
        )  # fmt: skip
    return found


RECOGNISED = ("recognised", "announced")


def _summary(session: Session, principal: Principal, wanted: Wanted) -> Value:
    """The year in totals; blocked awards and funds only for those who are told of them."""
    seen = overview(session, principal, wanted.year, 0)
    latest = session.exec(select(Case.since).where(Case.year == wanted.year).order_by(col(Case.since).desc())).first()
    cases = [
        {**{n: c[n] for n in ("type", "unit_kind", "state", "state_vi", "count")}, "kind_vi": KIND_VI[c["unit_kind"]],
         "type_vi": MACHINES[c["type"]].title_vi}
        for c in [*seen["cases"], *seen["evidence"]]
    ]  # fmt: skip
    told = participation(session, principal, wanted.year)
    groups = [{"name": name, "people": people} for name, people in told["audiences"].items()]
    more: Value = {}
    if wanted.to in {"", "standing_committee"}:
        more["blocked"] = cases_in(session, "award_block", wanted.year, ("blocked",))
    if wanted.to in {"", "peoples_committee"}:
        more["funding"] = _funding(session, principal, wanted.year)
    return {
        **more,
        "to": wanted.to,
        "to_vi": RECIPIENTS[wanted.to] if wanted.to else "",
        "quotas": [{**q, "kind_vi": KIND_VI[q["kind"]]} for q in seen["quotas"]],
        "cases": cases,
        "participation": {"reports": told["reports"], "people": told["people"], "groups": groups},
        "units": cases_in(session, "unit_year", wanted.year, RECOGNISED),
        "at": latest or 0,
        "paper": {},
    }


def _funding(session: Session, principal: Principal, year: int) -> Value:
    """What units need, by kind, in đồng."""
    rows = funding(session, principal, year)
    kinds = [
        {"kind_vi": KIND_VI[kind], "units": len(needs), "need": sum(needs)}
        for kind in KIND_VI
        if (needs := [row["funding_need"] or 0 for row in rows if row["unit_kind"] == kind])
    ]
    return {"total": sum(kind["need"] for kind in kinds), "kinds": kinds}


SOURCES: Mapping[str, Callable[[Session, Principal, Wanted], Value]] = {
    "registration": _registration,
    "self_score_sheet": _self_score,
    "score_sheet": _dossier("submit_dossier"),
    "monthly_report": _report,
    "dossier_cover": _dossier("submit_dossier"),
    "dossier_index": _dossier("submit_dossier"),
    "appraisal_minutes": _dossier("submit_to_chair"),
    "handover_receipt": _dossier("archive"),
    "approval_list": _listed("unit_year", ("proposed",), "propose"),
    "decision": _listed("unit_year", RECOGNISED, "recognise"),
    "announcement": _listed("unit_year", RECOGNISED, "announce"),
    "maintenance_notice": _listed("maintenance_year", ("listed_maintained",), "list_maintained"),
    "award_list": _listed("award", tuple(MACHINES["award"].states), "submit"),
    "yearly_summary": _summary,
    "dossier_archive": _archive,
}
