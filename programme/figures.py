"""Figures of the review desk and of evidence: how much waits and since when, who decided how much, how far things are.

Totals in the order of their codes: nothing here ranks one unit against another (domain L25).
"""

from typing import Any, Literal

from sqlalchemy import ColumnElement, case, func
from sqlmodel import Session, col, select

from auth.principal import Principal
from programme.models import Claim, Criterion, DeskItem, Review, Unit
from programme.queue import Wanted, reach
from programme.transitions import EVIDENCE, WAITING

DAY = 86_400_000
AGES = (1, 3, 7, 14)  # days; the last group is everything older
By = Literal["criterion", "unit", "kind"]


def workload(session: Session, principal: Principal, year: int, now: int) -> dict[str, Any]:
    """What waits, by state and age; what each reviewer has in hand and decided in the last seven days."""
    where = [*_seen(principal, year), col(DeskItem.criterion) == "", col(DeskItem.state).in_(WAITING)]
    age = case(*((col(DeskItem.since) > now - days * DAY, days) for days in AGES), else_=0).label("age")
    aged = select(DeskItem.state, age, DeskItem.since).where(*where).subquery()
    groups = session.execute(
        select(aged.c.state, aged.c.age, func.count(), func.min(aged.c.since)).group_by(aged.c.state, aged.c.age)
    ).all()
    waiting = []
    for state in WAITING:
        ages = {days: (count, since) for name, days, count, since in groups if name == state}
        oldest = min((since for _, since in ages.values()), default=now)
        waiting.append(
            {
                "state": state,
                "state_vi": EVIDENCE.state_vi(state),
                "count": sum(count for count, _ in ages.values()),
                "oldest_days": (now - oldest) // DAY,
                "ages": [{"under_days": days or None, "count": ages.get(days, (0, 0))[0]} for days in (*AGES, 0)],
            }
        )
    return {"year": year, "waiting": waiting, "reviewers": _reviewers(session, principal, year, now)}


def _reviewers(session: Session, principal: Principal, year: int, now: int) -> list[dict[str, Any]]:
    scopes = reach(principal, Wanted(year))
    decided = select(Review.actor, func.count()).where(col(Review.at) > now - 7 * DAY).group_by(col(Review.actor))
    in_hand = select(Claim.holder, func.count()).where(col(Claim.until) > now).group_by(col(Claim.holder))
    if scopes is not None:
        decided = decided.where(col(Review.scope).in_(scopes))
        in_hand = in_hand.join(DeskItem, col(DeskItem.record_id) == col(Claim.record_id))
        in_hand = in_hand.where(col(DeskItem.criterion) == "", col(DeskItem.scope).in_(scopes))
    done, held = dict(session.exec(decided).all()), dict(session.exec(in_hand).all())
    return [
        {"account_id": who, "in_hand": held.get(who, 0), "decided_in_7_days": done.get(who, 0)}
        for who in sorted(done.keys() | held.keys())
    ]


def evidence_figures(session: Session, principal: Principal, year: int, by: By, now: int) -> list[dict[str, Any]]:
    """How many pieces of evidence are in each state, by criterion, by unit or by kind of proof."""
    key = {"criterion": col(DeskItem.criterion), "unit": col(DeskItem.scope), "kind": col(DeskItem.kind)}[by]
    whole = col(DeskItem.criterion) != "" if by == "criterion" else col(DeskItem.criterion) == ""
    where = [*_seen(principal, year), whole, col(DeskItem.state) != "deleted"]
    query = select(key, DeskItem.state, func.count(), func.min(DeskItem.since)).where(*where)
    found: dict[str, dict[str, Any]] = {}
    for named, state, count, since in session.exec(query.group_by(key, col(DeskItem.state))).all():
        code = named.partition("/")[0] if by == "unit" else named
        row = found.setdefault(code, {"code": code, "states": {}, "oldest_waiting_days": None})
        row["states"][state] = count
        if state in WAITING:
            row["oldest_waiting_days"] = max(row["oldest_waiting_days"] or 0, (now - since) // DAY)
    titles = _titles(session, by, list(found))
    return [{**found[code], "title_vi": titles.get(code, code)} for code in sorted(found)]


def evidence_by_unit_kind(session: Session, principal: Principal, year: int, now: int) -> list[dict[str, Any]]:
    """How many pieces of evidence are in each state, by kind of unit, and how long the oldest has been in it."""
    where = [*_seen(principal, year), col(DeskItem.criterion) == "", col(DeskItem.state) != "deleted"]
    query = select(DeskItem.scope, DeskItem.state, func.count(), func.min(DeskItem.since)).where(*where)
    kinds = dict(session.exec(select(Unit.code, Unit.kind)).all())
    found: dict[tuple[str, str], tuple[int, int]] = {}
    for scope, state, count, since in session.exec(query.group_by(col(DeskItem.scope), col(DeskItem.state))).all():
        kind = kinds.get(scope.partition("/")[0])
        if kind is not None:
            before, oldest = found.get((kind, state), (0, since))
            found[kind, state] = before + count, min(oldest, since)
    return [
        {"type": "evidence", "unit_kind": kind, "state": state, "state_vi": EVIDENCE.state_vi(state), "count": count,
         "oldest_days": (now - oldest) // DAY}
        for (kind, state), (count, oldest) in sorted(found.items())
    ]  # fmt: skip


def _titles(session: Session, by: By, codes: list[str]) -> dict[str, str]:
    if by == "unit":
        return dict(session.exec(select(Unit.code, Unit.name_vi).where(col(Unit.code).in_(codes))).all())
    if by == "criterion":
        query = select(Criterion.code, Criterion.title_vi).where(col(Criterion.code).in_(codes))
        return dict(session.exec(query.order_by(col(Criterion.version))).all())
    return {}


def _seen(principal: Principal, year: int) -> list[ColumnElement[bool]]:
    scopes = reach(principal, Wanted(year))
    return [col(DeskItem.year) == year, *([] if scopes is None else [col(DeskItem.scope).in_(scopes)])]
