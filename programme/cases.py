"""Cases as record types: what each of the programme's machines holds beside its state (domain §5.1). Pure.

Most are written by the service alone, by moves. Monthly reports and obstacles are drafted on phones; so is what a unit
says of itself. Words of two people who wrote apart are both kept and never joined (domain §5.3): plain registers.
"""

from typing import Any

from programme.checks import between, day, entry, item_code, matching, one_of, record_id, text
from programme.transitions import MACHINES
from sync.types import Field, Issue, Kind, RecordType

LINE, PARAGRAPH, PAGES = text(300), text(4000), text(100_000)
MONEY = between(0, 10**14)
PERSON = entry(name=LINE, position=LINE)
R, S = Kind.REGISTER, Kind.SET
COMMON = {"unit": Field(R, text(32)), "year": Field(R, between(2000, 2999)), "unit_kind": Field(R, text(16))}
RESULT = entry(number=LINE, date=day, issuer=LINE, conclusion=one_of("met", "not_met"))
CLASS = entry(number=LINE, date=day, issuer=LINE, grade=LINE)


def _names(value: Any) -> str | None:
    fine = isinstance(value, list) and len(value) <= 20 and all(LINE(name) is None for name in value)
    return None if fine else "a list of at most 20 user names"


UNIT_YEAR = {
    **COMMON,
    "safety_result": Field(R, RESULT),  # P01: the "An toàn" result that registration rests on
    "movement_class": Field(R, CLASS),  # P02: the class in the movement
    "responsible_head": Field(R, PERSON),
    "funding_need": Field(R, MONEY),  # đồng
    "applies": Field(R, entry()),  # what holds of this unit: {"has_party_org": false}; an item may ask for it
    "note": Field(R, PAGES),
    "officers": Field(R, _names),
    "criteria_set": Field(R, LINE),
    "approval": Field(R, entry()),
    "dossier": Field(R, record_id),
    "late": Field(R, LINE),
}
MAINTENANCE = {**COMMON, "recognised_in": Field(R, between(2000, 2999))}
REPORT = {
    "month": Field(R, matching(r"\d{4}-(0[1-9]|1[0-2])", "a month as YYYY-MM")),
    "results": Field(R, PAGES),
    "figures": Field(R, entry()),
    "audiences": Field(R, entry()),  # how many people outreach reached, by group: {"students": 420}
    "difficulties": Field(R, PAGES),
    "next_steps": Field(R, PAGES),
    "signer": Field(R, PERSON),
}
OBSTACLE = {
    "title": Field(R, LINE),
    "body": Field(R, PAGES),
    "report": Field(Kind.REFERENCE, record_id),
    "criterion": Field(R, item_code),
    "messages": Field(S, entry(id=LINE, at=LINE, text=PARAGRAPH)),
}
FINDING = entry(id=LINE, text=PARAGRAPH, criterion=item_code, due=day)
INSPECTION = {
    **COMMON,
    "subject": Field(R, LINE),
    "planned_on": Field(R, day),
    "inspectors": Field(R, lambda v: None if isinstance(v, list) and len(v) <= 50 else "a list of people"),
    "findings": Field(R, lambda v: _each(v, FINDING)),
    "follow_ups": Field(R, lambda v: _each(v, entry(finding=LINE, text=PARAGRAPH, done_on=day))),
}
DOSSIER = {
    **COMMON,
    "version": Field(R, between(1, 999)),
    "digest": Field(R, LINE),
    "items": Field(R, between(0, 100_000)),
    "files": Field(R, between(0, 1_000_000)),
    "received_at": Field(R, LINE),
    "late": Field(R, LINE),
    "criteria_set": Field(R, LINE),
}
AWARD = {
    **COMMON,
    "level": Field(R, one_of("province", "ministry")),
    "form": Field(R, LINE),
    "for_whom": Field(R, one_of("unit", "head")),
    "name": Field(R, LINE),
    "reason": Field(R, PAGES),
}
BLOCK = {**COMMON, "reason": Field(R, one_of("not_listed", "not_recognised")), "head": Field(R, PERSON)}
FIELDS = {
    "unit_year": UNIT_YEAR, "maintenance_year": MAINTENANCE, "monthly_report": REPORT, "obstacle": OBSTACLE,
    "inspection": INSPECTION, "dossier": DOSSIER, "award": AWARD, "award_block": BLOCK,
}  # fmt: skip

SELF_ASSESSMENT = RecordType(
    "self_assessment",
    {
        "criterion": Field(Kind.FACT, item_code),
        "claim": Field(R, one_of("met", "not_met", "not_applicable")),
        "self_score": Field(R, between(0, 1000)),
        "note": Field(R, PAGES),
    },
    issues=lambda data: [] if data.get("criterion") else [Issue("no_criterion", "criterion")],
    state=lambda doc: "deleted" if doc["deleted"] else "claimed",
)
TASK = RecordType(
    "task",
    {
        name: Field(R, lambda _v: None)  # the service alone writes these
        for name in ("about", "about_type", "code", "title_vi", "title_en", "roles", "due", "done")
    },
    shared=True,
    state=lambda doc: "done" if doc["data"].get("done") else "open",
)


def _each(value: Any, check: Any) -> str | None:
    if not isinstance(value, list) or len(value) > 200:
        return "a list of at most 200 entries"
    return next((fault for found in value if (fault := check(found))), None)


def standing(doc: dict[str, Any]) -> str:
    """The state of a case. A report edited after it was sent says so: what was sent stays readable as its version.

    An obstacle to which its people wrote after the answer is open again.
    """
    machine = MACHINES[doc["type"]]
    case = doc.get("case", {})
    state = str(case.get("state", machine.first))
    if doc["type"] == "monthly_report" and "digest" in case:
        case["changed_since"] = case["digest"] != doc["content_digest"]
    if doc["type"] == "obstacle" and len(doc["data"].get("messages", ())) > case.get("heard", 10**9):
        state = "open"
    return "deleted" if doc["deleted"] else state


def _case(name: str) -> RecordType:
    return RecordType(name, FIELDS[name], media=True, shared=not MACHINES[name].offline, state=standing)


CASE_TYPES = tuple(_case(name) for name in FIELDS)
