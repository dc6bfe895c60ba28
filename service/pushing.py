"""Pushes of this process: those that wait for each other are one plan and one transaction (docs/adr/0024)."""

from dataclasses import dataclass, replace
from typing import Any

from sqlmodel import Session

from auth import callers, clients
from auth.errors import AuthError
from auth.principal import Principal
from auth.tokens import Claims
from programme import intake
from service.authority import authority
from service.db import Database
from service.together import Together
from sync.backups import safe_to_delete
from sync.errors import SyncError
from sync.push import MAX_OPS, Pushed, Sent
from sync.types import Registry

Answer = Pushed | SyncError | AuthError


@dataclass(frozen=True, slots=True)
class Asked:
    """A push as it came at `now`; `said`: what the device says beside its ops (`wire.PushRequest.said`)."""

    claims: Claims
    ops: list[Any]
    said: dict[str, Any]
    now: int

    def part(self, ops: list[Any]) -> "Asked":
        """The same with some of the ops."""
        return replace(self, ops=ops)


class Pushes:
    """Takes pushes: one transaction at a time, for all that came while the one before was under way.

    It waits for locks a moment only. Where somebody else holds one longer, or anything else fails, each push of the
    group goes on alone, with the patience of any transaction, and those who come next do not wait for it.
    """

    def __init__(self, database: Database, types: Registry, copies: int) -> None:
        self._database, self._types, self._copies = database, types, copies
        self._together: Together[Asked, Answer] = Together(self._take_all, MAX_OPS, lambda asked: 1 + len(asked.ops))

    def take(self, asked: Asked) -> Pushed:
        """Raises what `sync.push.push_all` gives in the place of an answer or raises, and as `callers.principal_of`."""
        return _let_out(self._together.run(asked, lambda: self._database.write(self._work, [asked])[0]))

    def rehearse(self, asked: Asked) -> Pushed:
        """The answer that `take` would give; leaves no trace."""
        return _let_out(self._database.rehearse(self._work, [asked])[0])

    def _take_all(self, asked: list[Asked]) -> list[Answer | Exception]:
        return [*self._database.attempt(lambda session: self._work(session, asked))]

    def _work(self, session: Session, asked: list[Asked]) -> list[Answer]:
        now = max(one.now for one in asked)
        senders = callers.principals_of(session, [one.claims for one in asked], now)
        admitted = [(c, one) for c, one in zip(senders, asked, strict=True) if isinstance(c, Principal)]
        sent = [Sent(sender, one.ops, **one.said) for sender, one in admitted]
        found = intake.push_all(session, self._types, sent, now, authority=authority) if sent else []
        self._finish(session, sent, found, now)
        answers = iter(found)
        return [next(answers) if isinstance(sender, Principal) else sender for sender in senders]

    def _finish(self, session: Session, sent: list[Sent], found: list[Pushed | SyncError], now: int) -> None:
        for one, answer in zip(sent, found, strict=True):
            if isinstance(answer, Pushed):
                answer.safe = safe_to_delete(session, one.principal, self._copies)
                if one.principal.leaving and not one.pending:
                    clients.drained(session, one.principal.client_id, now)


def _let_out(answer: Answer) -> Pushed:
    if isinstance(answer, Exception):
        raise answer
    return answer
