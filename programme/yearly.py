"""The year in one paper's worth of figures, for those whom the province reports to (plan III.1.4, IV.3).

Totals only: nothing ranks one unit against another (domain L25).
"""

from collections import Counter
from collections.abc import Mapping
from typing import Any, Literal

import orjson
from sqlmodel import Session, col, select

from auth.principal import Principal
from programme.case_list import CaseFilter, conditions
from programme.figures import evidence_figures
from programme.models import Case
from programme.overview import funding, overview
from programme.transitions import SENT
from sync.records import current

Recipient = Literal["ministry", "standing_committee", "peoples_committee"]
RECIPIENTS: Mapping[str, str] = {
    "ministry": "Bộ Công an",
    "standing_committee": "Ban Thường vụ Tỉnh ủy",
    "peoples_committee": "Ủy ban nhân dân tỉnh",
}
AT_ONCE = 1000


def participation(session: Session, principal: Principal, year: int) -> dict[str, Any]:
    """How many people outreach reached, by group, as the reports that were sent say (plan II.3)."""
    where = conditions(principal, CaseFilter("monthly_report", year, states=SENT))
    ids = list(session.exec(select(Case.record_id).where(*where).order_by(col(Case.record_id))))
    groups: Counter[str] = Counter()
    for start in range(0, len(ids), AT_ONCE):
        for shown in current(session, ids[start : start + AT_ONCE]).values():
            for group, people in (orjson.loads(shown.doc)["data"].get("audiences") or {}).items():
                groups[group] += people if isinstance(people, int) else 0
    return {"year": year, "reports": len(ids), "audiences": dict(sorted(groups.items())), "people": groups.total()}


def yearly_report(session: Session, principal: Principal, year: int, to: Recipient, now: int) -> dict[str, Any]:
    """What a year's report says: to the ministry quotas, to the Standing Committee blocked awards, to UBND funds."""
    seen = overview(session, principal, year, now)
    states: dict[str, Counter[str]] = {}
    for row in seen["cases"]:
        states.setdefault(row["type"], Counter())[row["state"]] += row["count"]
    evidence = Counter[str]()
    for row in evidence_figures(session, principal, year, "kind", now):
        evidence.update(row["states"])
    more: dict[Recipient, dict[str, Any]] = {
        "ministry": {"quotas": seen["quotas"]},
        "standing_committee": {"blocked": states.get("award_block", Counter())["blocked"]},
        "peoples_committee": {"funding_need": sum(f["funding_need"] or 0 for f in funding(session, principal, year))},
    }
    return {
        "year": year,
        "to": to,
        "to_vi": RECIPIENTS[to],
        "cases": {name: dict(found) for name, found in sorted(states.items())},
        "evidence": dict(evidence),
        "participation": participation(session, principal, year),
        "more": more[to],
    }
