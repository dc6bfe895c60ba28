"""Evidence as record types: which fields, how each merges, what a review covers (protocol C.6; domain §3).

Four types: plain documents (and index-only entries), photos, minutes, patrol logs. Facts are written once at
capture; a correction is a new record that names the old one in `corrects`.
"""

from datetime import datetime
from typing import Any

from programme.checks import between, boolean, day, entry, instant, item_code, one_of, record_id, text
from programme.codes import evidence_code
from sync.types import Changes, Field, Issue, Kind, RecordType

LINE, PARAGRAPH, PAGES = text(300), text(4000), text(200_000)

COMMON = {
    "title": Field(Kind.REGISTER, LINE),
    "kind": Field(Kind.REGISTER, text(64)),
    "criteria": Field(Kind.SET, item_code),
    "tags": Field(Kind.SET, text(64), reviewed=False),
    "note": Field(Kind.TEXT, PAGES),
    "captured_at": Field(Kind.FACT, instant),
    "place": Field(
        Kind.FACT, entry(unit=text(16), cell=text(32), lat=text(16), lon=text(16), accuracy_m=between(0, 100_000))
    ),
    "people_told": Field(Kind.FACT, boolean),  # people were told that they are recorded (domain L3)
    "people_told_reason": Field(Kind.FACT, LINE),
    # What people agreed to, or the law allows (domain L1, L2): uses, legal basis, and the notice that they were shown.
    "purposes": Field(Kind.SET, one_of("dossier", "monthly_report", "publication", "audit")),
    "legal_basis": Field(Kind.REGISTER, one_of("public_task", "public_recording", "legal_obligation", "consent")),
    "notice_shown": Field(Kind.FACT, entry(version=LINE, at=instant, by=LINE)),
    "sensitivity": Field(Kind.REGISTER, between(1, 4)),
    "marked_secret": Field(Kind.REGISTER, boolean),  # the paper bears MẬT, TỐI MẬT or TUYỆT MẬT (domain L8)
    "draft": Field(Kind.REGISTER, boolean, reviewed=False),
    "corrects": Field(Kind.REFERENCE, record_id),
}

# How restricted evidence is that does not say so itself: what shows people is level 3 (domain L10).
LEVELS = {"document": 2, "photo": 3, "minutes": 3, "patrol_log": 3}  # of another type: 3

# Papers that may not be stored are told by number, date, issuer and conclusion alone (domain L9).
INDEX = entry(number=LINE, date=day, issuer=LINE, conclusion=PARAGRAPH, custodian=LINE)

DOCUMENT = {
    "number": Field(Kind.REGISTER, LINE),
    "issued_on": Field(Kind.REGISTER, day),
    "issuer": Field(Kind.REGISTER, LINE),
    "signer": Field(Kind.REGISTER, LINE),
    "index": Field(Kind.REGISTER, INDEX),
}

MINUTES = {
    "held_at": Field(Kind.REGISTER, instant),
    "held_where": Field(Kind.REGISTER, LINE),
    "chair": Field(Kind.REGISTER, LINE),
    "secretary": Field(Kind.REGISTER, LINE),
    "attendees": Field(Kind.SET, LINE),
    "agenda": Field(Kind.TEXT, PAGES),
    "body": Field(Kind.TEXT, PAGES),
    "decisions": Field(Kind.SET, entry(text=PARAGRAPH, who=LINE, due=day)),
}

PATROL_LOG = {
    "route": Field(Kind.REGISTER, LINE),
    "shift": Field(Kind.REGISTER, LINE),
    "started_at": Field(Kind.REGISTER, instant),
    "ended_at": Field(Kind.REGISTER, instant),
    "members": Field(Kind.SET, LINE),
    "checkpoints": Field(Kind.SET, entry(name=LINE, at=instant, note=PARAGRAPH)),
    "observations": Field(Kind.TEXT, PAGES),
    "incident": Field(Kind.REGISTER, boolean),
    "incident_paper": Field(Kind.REGISTER, LINE),
    "handover": Field(Kind.TEXT, PAGES),
}


# All that may be filed of a marked paper: nothing of its content, nor its title.
INDEX_FORM = frozenset({"index", "kind", "criteria", "sensitivity", "marked_secret", "draft", "corrects"})


def _refuses(data: dict[str, Any], changes: Changes) -> str | None:
    """The secret gate of ops (domain L8, L9). Saying that what was filed before is marked is never refused."""
    if changes["set"].get("marked_secret", data.get("marked_secret")) is not True:
        return None
    brought = {name for name, value in changes["set"].items() if value is not None} | set(changes["add"])
    return "secret_content" if brought - INDEX_FORM else None


def _common_issues(data: dict[str, Any], *, recorded: bool = False) -> list[Issue]:
    """`recorded`: people stand on it, so somebody says whether they were told, or why not (domain L3)."""
    found = []
    told = data.get("people_told")
    if (told is False or (recorded and told is None)) and not data.get("people_told_reason"):
        found.append(Issue("people_not_told", "people_told"))
    if not data.get("criteria"):
        found.append(Issue("no_criterion", "criteria"))
    if data.get("sensitivity") == 4:
        found.append(Issue("may_be_secret", "sensitivity"))
    if data.get("marked_secret") and any(value for name, value in data.items() if name not in INDEX_FORM):
        found.append(Issue("secret_spilled", "marked_secret"))
    if data.get("legal_basis") == "consent" and not data.get("notice_shown"):
        found.append(Issue("consent_without_notice", "notice_shown"))
    return found


def _document_issues(data: dict[str, Any]) -> list[Issue]:
    found = _common_issues(data)
    if data.get("index") and data.get("media"):
        found.append(Issue("index_only_with_file", "media"))
    if not data.get("index") and not data.get("media"):
        found.append(Issue("no_file", "media"))
    return found


def _photo_issues(data: dict[str, Any]) -> list[Issue]:
    return _common_issues(data, recorded=True) + ([] if data.get("media") else [Issue("no_file", "media")])


def _minutes_issues(data: dict[str, Any]) -> list[Issue]:
    empty = [n for n in ("held_at", "chair", "attendees", "body") if not data.get(n)]
    return _common_issues(data) + [Issue("missing", name) for name in empty]


def _patrol_issues(data: dict[str, Any]) -> list[Issue]:
    empty = [n for n in ("route", "members", "checkpoints", "started_at") if not data.get(n)]
    found = _common_issues(data) + [Issue("missing", name) for name in empty]
    if data.get("incident") and not data.get("incident_paper"):
        found.append(Issue("incident_without_paper", "incident_paper"))
    started, ended = data.get("started_at"), data.get("ended_at")
    if started and ended and instant_order(started) > instant_order(ended):
        found.append(Issue("ends_before_it_starts", "ended_at"))
    return found


def instant_order(value: str) -> float:
    """Seconds since 1970 of an RFC 3339 text that a field has accepted."""
    return datetime.fromisoformat(value).timestamp()


def standing(doc: dict[str, Any]) -> str:
    """Completes the server-owned part of an evidence record and names its state.

    `draft pending verified_once verified changed rejected needs_info deleted`; `changed` is verified evidence that was
    edited since: what was verified stays readable, the edit waits for its own decision (protocol P35). Every change of
    state is an arrow of the evidence machine (`transitions.py`).
    """
    doc["level"] = doc["data"].get("sensitivity") or LEVELS.get(doc["type"], 3)
    doc["media_state"] = media_state({f["state"] for f in doc.get("files", {}).values()})
    doc["codes"] = [evidence_code(item, n) for item, n in sorted(doc.get("numbers", {}).items()) if item in _items(doc)]
    review = doc.get("review")
    if review:
        verified = review.get("verified_digest")
        review["has_unreviewed_changes"] = verified is not None and verified != doc["content_digest"]
    return "deleted" if doc["deleted"] else _state(doc, review)


def media_state(states: set[str]) -> str:
    """`complete`, `missing` while bytes are on their way, `quarantined` where a file has to be replaced."""
    if states & {"quarantined", "destroyed"}:
        return "quarantined"
    return "complete" if states <= {"verified"} else "missing"


def _items(doc: dict[str, Any]) -> list[str]:
    items: list[str] = doc["data"].get("criteria", [])
    return items


def _state(doc: dict[str, Any], review: dict[str, Any] | None) -> str:
    if review and review["digest"] == doc["content_digest"]:
        return str(review["state"])
    if review and review.get("verified_digest"):
        return "verified" if review["verified_digest"] == doc["content_digest"] else "changed"
    return "draft" if doc["data"].get("draft") else "pending"


def _type(name: str, fields: dict[str, Field], issues: Any) -> RecordType:
    return RecordType(
        name, {**COMMON, **fields}, media=True, numbered=("criteria",), issues=issues, state=standing,
        refuses=_refuses,
    )  # fmt: skip


EVIDENCE = (
    _type("document", DOCUMENT, _document_issues),
    _type("photo", {}, _photo_issues),
    _type("minutes", MINUTES, _minutes_issues),
    _type("patrol_log", PATROL_LOG, _patrol_issues),
)
EVIDENCE_NAMES = frozenset(t.name for t in EVIDENCE)
