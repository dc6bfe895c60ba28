"""The desk: requests of data subjects and breaches, their clocks, and each move with its reason (domain L19, L20).

Anybody who is signed in may ask about oneself and report a breach; the rest is for whoever protects personal data in
every unit. A clock that has run out refuses nothing: the move is made and says that it was late.
"""

import json
from dataclasses import dataclass
from typing import Any

from sqlmodel import Session, col, select

from auth.principal import EVERY_UNIT, Permission, Principal
from privacy.clocks import calendar_days, hours, working_days
from privacy.models import PrivacyCase, PrivacyStep
from privacy.register import Register
from privacy.transitions import BREACH, MACHINES, REQUEST
from programme.errors import CaseUnknown, MoveIdReused, MoveIncomplete
from programme.making import fault
from sync import canonical


@dataclass(frozen=True, slots=True)
class Opening:
    """A request or a breach as it is told. `at`: when it was received, of a breach when it was discovered (ms)."""

    case_id: str
    type: str
    kind: str
    account_id: str | None
    subject: str
    words: str
    at: int


@dataclass(frozen=True, slots=True)
class Step:
    """A move that was made; `outcome`: what came of it."""

    action: str
    source: str
    target: str
    actor: str
    at: int
    late: bool
    note: str
    basis: str
    outcome: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Case:
    """A case as its reader sees it; `overdue`: clocks that have run out and were not stopped."""

    id: str
    type: str
    kind: str
    state: str
    ended: bool
    opened_by: str
    account_id: str | None
    received_at: int
    answer_by: int | None
    act_by: int
    overdue: list[str]
    moves: list[str]
    subject: str
    words: str
    facts: dict[str, Any]
    steps: list[Step]


def protects(principal: Principal) -> bool:
    return principal.may(Permission.PROTECT, EVERY_UNIT)


def open_case(session: Session, principal: Principal, register: Register, opening: Opening, now: int) -> Case:
    """Opens a case; the same one again is answered again. Raises NotPermitted, MoveIncomplete, MoveIdReused."""
    own = opening.type == BREACH or opening.account_id == principal.account_id
    if not own:
        principal.require(Permission.PROTECT, EVERY_UNIT)
    _check(opening, register, now)
    wish = [opening.type, opening.kind, opening.account_id, opening.subject, opening.words, opening.at]
    digest = canonical.sha256(canonical.encode(wish)).hex()
    known = session.get(PrivacyCase, opening.case_id)
    if known is not None:
        if known.digest != digest or known.opened_by != principal.account_id:
            raise MoveIdReused
        return shown(session, known, now)
    answer_by, act_by = _clocks(opening, register)
    row = PrivacyCase(
        id=opening.case_id, type=opening.type, kind=opening.kind, state=MACHINES[opening.type].first,
        opened_by=principal.account_id, account_id=opening.account_id, received_at=opening.at, answer_by=answer_by,
        act_by=act_by, subject=opening.subject, words=opening.words, digest=digest,
    )  # fmt: skip
    session.add(row)
    session.flush()
    return shown(session, row, now)


def _check(opening: Opening, register: Register, now: int) -> None:
    faults = []
    if opening.type == REQUEST and opening.kind not in register.requests:
        words = ", ".join(register.requests)
        faults.append(fault("wrong", "/kind", f"Loại yêu cầu là một trong: {words}.", f"The kind is one of {words}."))
    if opening.at > now:
        faults.append(fault("wrong", "/at", "Thời điểm ở tương lai.", "The moment lies ahead."))
    if opening.type == REQUEST and not (opening.subject or opening.account_id):
        faults.append(fault("missing", "/subject", "Chưa ghi người yêu cầu.", "Who asks is missing."))
    if faults:
        raise MoveIncomplete(errors=faults)


def _clocks(opening: Opening, register: Register) -> tuple[int | None, int]:
    if opening.type == BREACH:
        return None, hours(opening.at, register.breach_hours)
    answer = working_days(opening.at, register.answer_working_days, register.holidays)
    return answer, calendar_days(opening.at, register.requests[opening.kind].days)


def find(session: Session, principal: Principal, case_id: str) -> PrivacyCase:
    """A case that the caller opened, is about, or protects data for. Raises CaseUnknown."""
    row = session.get(PrivacyCase, case_id)
    if row is None or not (protects(principal) or principal.account_id in (row.opened_by, row.account_id)):
        raise CaseUnknown
    return row


def read(session: Session, principal: Principal, case_id: str, now: int) -> Case:
    """One case with its moves. Raises CaseUnknown."""
    return shown(session, find(session, principal, case_id), now)


def listed(
    session: Session, principal: Principal, now: int, *, ended: bool, after: tuple[int, str] | None, limit: int
) -> list[Case]:
    """Cases that the caller may read, those first whose time runs out first; after a place `(act_by, id)`."""
    query = select(PrivacyCase).where(col(PrivacyCase.ended).is_(ended))
    if not protects(principal):
        me = principal.account_id
        query = query.where((col(PrivacyCase.opened_by) == me) | (col(PrivacyCase.account_id) == me))
    if after:
        at, case_id = after
        later = (col(PrivacyCase.act_by) == at) & (col(PrivacyCase.id) > case_id)
        query = query.where((col(PrivacyCase.act_by) > at) | later)
    rows = session.exec(query.order_by(col(PrivacyCase.act_by), col(PrivacyCase.id)).limit(limit))
    return [shown(session, row, now) for row in rows]


def running(row: PrivacyCase, stopped: set[str]) -> dict[str, int]:
    """Clocks of a case that still run: name -> end (ms)."""
    ends = {"answer": row.answer_by, "act": row.act_by}
    return {} if row.ended else {name: end for name, end in ends.items() if end is not None and name not in stopped}


def stopped(session: Session, row: PrivacyCase) -> set[str]:
    """Clocks that a move has stopped."""
    machine = MACHINES[row.type]
    made = session.exec(select(PrivacyStep.source, PrivacyStep.action).where(PrivacyStep.case_id == row.id))
    moves = (machine.move(source, action) for source, action in made)
    return {move.stops for move in moves if move is not None and move.stops}


def shown(session: Session, row: PrivacyCase, now: int) -> Case:
    """The view of a case."""
    query = select(PrivacyStep).where(PrivacyStep.case_id == row.id).order_by(col(PrivacyStep.at))
    steps = [
        Step(s.action, s.source, s.target, s.actor, s.at, s.late, s.note, s.basis, json.loads(s.outcome))
        for s in session.exec(query)
    ]
    overdue = [name for name, end in running(row, stopped(session, row)).items() if now >= end]
    return Case(
        row.id, row.type, row.kind, row.state, row.ended, row.opened_by, row.account_id, row.received_at,
        row.answer_by, row.act_by, overdue, MACHINES[row.type].legal(row.state), row.subject, row.words,
        json.loads(row.facts), steps,
    )  # fmt: skip
