"""The year at a glance, for those who follow it: where cases stand by kind, what is overdue, what is asked for.

Totals only: no unit is ranked against another (domain L25).
"""

from typing import Any

import orjson
from sqlalchemy import func
from sqlmodel import Session, col, delete, select

from auth.principal import EVERY_UNIT, Permission, Principal
from programme.calendar import Calendar, report_months
from programme.case_list import CaseFilter, conditions, within
from programme.codes import KINDS
from programme.figures import evidence_by_unit_kind
from programme.models import Case, Quota, Unit
from programme.transitions import MACHINES, REPORTING, SENT, UNIT_YEAR
from sync.records import current

NOT_REGISTERED = ("draft_registration", "withdrawn")
WITHOUT_NEED = (*NOT_REGISTERED, "not_approved")
REACHED = ("recognised", "announced")


def overview(session: Session, principal: Principal, year: int, now: int) -> dict[str, Any]:
    """Counts of cases and of evidence by kind of unit and state, how long the oldest waits; the quota of each kind."""
    found = []
    for name in MACHINES:
        if name == "evidence":
            continue
        where = conditions(principal, CaseFilter(name, year))
        query = (
            select(Unit.kind, Case.state, func.count(), func.min(Case.since))
            .join(Unit, col(Unit.code) == col(Case.unit))
            .where(*where)
            .group_by(col(Unit.kind), col(Case.state))
            .order_by(col(Unit.kind), col(Case.state))
        )
        for kind, state, count, since in session.exec(query).all():
            row = {"type": name, "unit_kind": kind, "state": state, "count": count}
            found.append(
                {**row, "state_vi": MACHINES[name].state_vi(state), "oldest_days": (now - since) // 86_400_000}
            )
    evidence = evidence_by_unit_kind(session, principal, year, now)
    return {"year": year, "cases": found, "evidence": evidence, "quotas": quotas(session, year, found)}


def quotas(session: Session, year: int, counts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What the ministry asks for in each kind, against what is registered, approved and recognised (III.1.3)."""
    wanted = {q.kind: q.wanted for q in session.exec(select(Quota).where(Quota.year == year))}
    rows = []
    for kind in KINDS:
        of_kind = [c for c in counts if c["type"] == "unit_year" and c["unit_kind"] == kind]
        registered = sum(c["count"] for c in of_kind if c["state"] not in NOT_REGISTERED)
        approved = sum(c["count"] for c in of_kind if c["state"] in (*REPORTING, *REACHED, "not_recognised"))
        met = sum(c["count"] for c in of_kind if c["state"] in REACHED)
        rows.append(
            {
                "kind": kind,
                "wanted": wanted.get(kind),
                "registered": registered,
                "approved": approved,
                "recognised": met,
            }
        )
    return rows


def set_quotas(session: Session, principal: Principal, year: int, wanted: dict[str, int]) -> None:
    """Replaces the quotas of a year. Raises NotPermitted."""
    principal.require(Permission.COORDINATE, EVERY_UNIT)
    session.exec(delete(Quota).where(col(Quota.year) == year))
    session.add_all(Quota(year=year, kind=kind, wanted=count) for kind, count in wanted.items())
    session.flush()


def overdue(session: Session, principal: Principal, year: int, calendar: Calendar, now: int) -> list[dict[str, Any]]:
    """Months whose report an approved unit has not sent though its day has passed; computed, never stored (IV.2)."""
    where = conditions(principal, CaseFilter("unit_year", year, states=REPORTING))
    query = select(Case.record_id, Unit.code, Unit.name_vi, Unit.kind).join(Unit, col(Unit.code) == col(Case.unit))
    units = session.exec(query.where(*where).order_by(col(Unit.code))).all()
    docs = current(session, [record_id for record_id, *_ in units])
    sent = _sent(session, principal, year)
    found = []
    for record_id, code, name_vi, kind in units:
        months = report_months(year, orjson.loads(docs[record_id].doc)["data"].get("approval"))
        missing = [m for m in months if now >= calendar.report_closes(m) and (code, m) not in sent]
        if missing:
            found.append({"unit": code, "name_vi": name_vi, "unit_kind": kind, "months": missing})
    return found


def _sent(session: Session, principal: Principal, year: int) -> set[tuple[str, str]]:
    where = conditions(principal, CaseFilter("monthly_report", year, states=SENT))
    return {(unit, period) for unit, period in session.exec(select(Case.unit, Case.period).where(*where))}


def funding(session: Session, principal: Principal, year: int) -> list[dict[str, Any]]:
    """What each registered unit says it needs, in đồng; the finance department sees this and nothing else (III.3).

    A unit that has not registered yet, withdrew or was refused asks for nothing.
    """
    query = select(Case, Unit).join(Unit, col(Unit.code) == col(Case.unit))
    query = query.where(col(Case.type) == "unit_year", col(Case.year) == year, col(Case.state).not_in(WITHOUT_NEED))
    seen = within(principal, (Permission.READ, Permission.BUDGET))
    rows = session.exec(query.where(seen).order_by(col(Unit.code))).all()
    docs = current(session, [case.record_id for case, _ in rows])
    return [
        {
            "unit": unit.code,
            "name_vi": unit.name_vi,
            "unit_kind": unit.kind,
            "state": case.state,
            "state_vi": UNIT_YEAR.state_vi(case.state),
            "funding_need": _need(docs[case.record_id].doc),
        }
        for case, unit in rows
    ]


def _need(doc: str) -> int | None:
    need: int | None = orjson.loads(doc)["data"].get("funding_need")
    return need
