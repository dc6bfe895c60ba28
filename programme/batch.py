"""One move for many cases, or many decisions at once: each is answered on its own, and none holds up another."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from sqlmodel import Session

from auth.errors import AuthError
from auth.principal import Principal
from programme.calendar import Calendar
from programme.decision import Decision
from programme.errors import ProgrammeError
from programme.making import Asked
from programme.moves import Readers, make
from programme.review import decide
from sync.errors import SyncError
from sync.records import lock
from sync.types import Registry


@dataclass(frozen=True, slots=True)
class Answered:
    """What became of one: its document, or the code of the problem with what fills its text."""

    record_id: str
    doc: str | None = None
    code: str | None = None
    params: dict[str, Any] = field(default_factory=dict)


def each(record_ids: Iterable[tuple[str, Callable[[], str]]]) -> list[Answered]:
    """Runs one act after another. Every refusal comes before its act has written anything."""
    found = []
    for record_id, act in record_ids:
        try:
            found.append(Answered(record_id, act()))
        except (ProgrammeError, AuthError, SyncError) as error:
            found.append(Answered(record_id, code=error.code, params=error.params))
    return found


def make_all(
    session: Session,
    registry: Registry,
    principal: Principal,
    asked: list[Asked],
    now: int,
    calendar: Calendar,
    readers: Readers,
) -> list[Answered]:
    """The moves of a list, in one transaction. All are locked first, so lists in another order just wait."""
    lock(session, *(one.record_id for one in asked))

    def act(one: Asked) -> Callable[[], str]:
        return lambda: make(session, registry, principal, one, now, calendar, readers)

    return each((one.record_id, act(one)) for one in asked)


def decide_all(
    session: Session,
    registry: Registry,
    principal: Principal,
    asked: list[Decision],
    now: int,
    *,
    same_hands: frozenset[str] = frozenset(),
) -> list[Answered]:
    """The decisions of a list, in one transaction (`programme.review.decide`), locked as the moves of one."""
    lock(session, *(one.record_id for one in asked))

    def act(one: Decision) -> Callable[[], str]:
        return lambda: decide(session, registry, principal, one, now, same_hands=same_hands)

    return each((one.record_id, act(one)) for one in asked)
