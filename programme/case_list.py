"""Cases as lists and one by one: where each stands, what may be done with it, and what was done."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import ColumnElement, false, or_, true, tuple_
from sqlmodel import Session, col, select

from auth.principal import EVERY_UNIT, Permission, Principal
from programme.calendar import Calendar
from programme.models import Case, Step, Unit
from programme.moves import find, viewers
from programme.transitions import MACHINES
from sync.instant import iso
from sync.records import Shown, current

Place = tuple[int, str]  # since, record id


@dataclass(frozen=True, slots=True)
class CaseFilter:
    """What a list lets through; None lets all through."""

    type: str
    year: int | None = None
    units: Sequence[str] | None = None
    states: Sequence[str] | None = None
    period: str | None = None


def cases(
    session: Session, principal: Principal, wanted: CaseFilter, after: Place | None, limit: int
) -> list[tuple[Place, Shown]]:
    """Cases that the caller sees, the one that waits longest first; each with its place."""
    query = select(Case.since, Case.record_id).where(*conditions(principal, wanted))
    if after:
        query = query.where(tuple_(col(Case.since), col(Case.record_id)) > tuple_(*after))
    places = session.exec(query.order_by(col(Case.since), col(Case.record_id)).limit(limit)).all()
    docs = current(session, [record_id for _, record_id in places])
    return [((since, record_id), docs[record_id]) for since, record_id in places]


def case_table(session: Session, principal: Principal, wanted: CaseFilter) -> list[dict[str, Any]]:
    """Where all cases that the caller sees stand, by unit and month; their records are not read."""
    query = select(Case, Unit.name_vi, Unit.kind).join(Unit, col(Unit.code) == col(Case.unit))
    order = (col(Case.unit), col(Case.year), col(Case.period), col(Case.since), col(Case.record_id))
    found = []
    for case, name_vi, kind in session.exec(query.where(*conditions(principal, wanted)).order_by(*order)).all():
        told = {"name_vi": name_vi, "unit_kind": kind, "state_vi": MACHINES[wanted.type].state_vi(case.state)}
        found.append({**case.model_dump(), **told, "since": iso(case.since), "late": "có" if case.late else "không"})
    return found


def conditions(principal: Principal, wanted: CaseFilter) -> list[ColumnElement[bool]]:
    """The filter, and the units whose cases of this type the caller sees."""
    found: list[ColumnElement[bool]] = [col(Case.type) == wanted.type]
    found.append(within(principal, viewers(MACHINES[wanted.type])))
    if wanted.year is not None:
        found.append(col(Case.year) == wanted.year)
    if wanted.period is not None:
        found.append(col(Case.period) == wanted.period)
    for column, values in ((Case.unit, wanted.units), (Case.state, wanted.states)):
        if values is not None:
            found.append(col(column).in_(values))
    return found


def within(principal: Principal, permissions: Iterable[Permission]) -> ColumnElement[bool]:
    """SQL twin of `moves.sees`: cases of units and years in which the caller holds one of `permissions`."""
    places = sorted(set().union(*(principal.reach(p) for p in permissions)), key=str)
    return or_(false(), *(_in_place(unit, year) for unit, year in places))


def _in_place(unit: str, year: int | None) -> ColumnElement[bool]:
    in_unit = true() if unit == EVERY_UNIT else col(Case.unit) == unit
    return in_unit if year is None else in_unit & (col(Case.year) == year)


def moves_of(session: Session, principal: Principal, record_id: str, calendar: Calendar) -> dict[str, Any]:
    """State of a case, its legal moves with what each wants and whether the caller may, and its history.

    Raises CaseUnknown.
    """
    shown, machine = find(session, principal, record_id)
    doc = orjson.loads(shown.doc)
    year = int(shown.scope.partition("/")[2])
    month = int(str(doc["data"].get("month") or "0000-00")[5:])
    legal = [
        {
            "action": m.action,
            "title_vi": machine.move_vi(m.action),
            "target": m.target or doc["state"],
            "needs": list(m.needs),
            "fields": list(m.fields),
            "note": m.note,
            "guards": list(m.guards),
            "due": None if not m.due or (m.due == "report" and not month) else calendar.last_day(m.due, year, month),
            "permitted": m.who is not None and principal.may(m.who, shown.scope),
        }
        for m in machine.legal(doc["state"])
    ]
    steps = session.exec(select(Step).where(Step.record_id == record_id).order_by(col(Step.at), col(Step.ver))).all()
    return {
        "record_id": record_id,
        "type": machine.type,
        "state": doc["state"],
        "state_vi": machine.state_vi(doc["state"]) if doc["state"] in machine.states else doc["state"],
        "ver": doc["ver"],
        "content_digest": doc["content_digest"],
        "legal": legal,
        "history": [{**s.model_dump(exclude={"digest", "record_id"}), "paper": orjson.loads(s.paper)} for s in steps],
    }
