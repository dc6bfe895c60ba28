"""What every pull asks first, as one question: who asks, the lineage, where the logs end, what backups hold.

Which heads and backups to ask for follows from rights that the same question reads. So it is asked on a guess, the
rights that the caller had the last time, and what comes back decides: where they have changed since, it is asked again
by those that hold now. Nothing is ever answered by a guess.
"""

from collections import defaultdict
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    CompoundSelect,
    LargeBinary,
    Select,
    String,
    case,
    cast,
    literal_column,
    null,
    union_all,
)
from sqlmodel import Session

from auth import callers
from auth.callers import Known
from auth.principal import Principal
from auth.tokens import Claims
from sync import backups, epoch, feed
from sync.feed import Head
from sync.pull import Outset

TEXTS, NUMBERS, BLOBS = 3, 4, 2  # columns of the one answer, behind its kind
RIGHTS, EPOCH, HEAD, SAFE = range(4)


def ask(session: Session, claims: Claims, now: int, copies: int, guess: Principal | None) -> Outset:
    """Raises as `callers.principal_of` does. Must run on one read snapshot, and what follows it too."""
    guess = guess or callers.principal_of(session, claims, now)
    found = _answers(session, guess, now, copies)
    known = [Known(claims.client_id, *row[: TEXTS + NUMBERS]) for row in found[RIGHTS]]
    caller = callers.judged(session, known, claims, now)
    return _told(caller, found if caller == guess else _answers(session, caller, now, copies))


def of(session: Session, principal: Principal) -> Outset:
    """The same for somebody whose rights are known, without backups."""
    return _told(principal, _answers(session, principal, 0, 0))


def _answers(session: Session, guess: Principal, now: int, copies: int) -> dict[int, list[Sequence[Any]]]:
    """Rows by kind, without it."""
    asked = {"client_id": guess.client_id, "account_id": guess.account_id, "own": guess.own_scope}
    found: dict[int, list[Sequence[Any]]] = defaultdict(list)
    for kind, *row in session.connection().execute(question(_eyes(guess)), {**asked, "now": now, "copies": copies}):
        found[kind].append(row)
    return found


def _told(caller: Principal, found: dict[int, list[Sequence[Any]]]) -> Outset:
    named = [epoch for epoch, *_ in found[EPOCH]]
    heads = {scope: Head.of(seq, ends, n, xor, counted) for scope, _, _, seq, n, counted, _, ends, xor in found[HEAD]}
    safe = {scope: seq for scope, _, _, seq, *_ in found[SAFE]}
    return Outset(caller, named[0] if named else None, heads, safe)


def _eyes(principal: Principal) -> Principal:
    """All that decides what somebody may read, but for the name of their own scope: the same for many."""
    return Principal("", "", principal.grants, allowed=principal.allowed)


@lru_cache(512)
def question(principal: Principal) -> CompoundSelect[Any]:
    """Rows of a kind, texts, numbers and bytes: those of `RIGHTS`, and what these rights let see."""
    r, e = callers.CALLER.selected_columns, epoch.ACTIVE.selected_columns
    h, s = (query.selected_columns for query in (feed.heads_query(principal), backups.safe_query(principal)))
    return union_all(
        _part(
            RIGHTS,
            callers.CALLER,
            [r.revoked_as, r.unit, r.role],
            [r.revoked_at, r.drained_at, case((r.active, 1), else_=0), r.year],
        ),
        _part(EPOCH, epoch.ACTIVE, [e.epoch]),
        _part(HEAD, feed.heads_query(principal), [h.scope], [h.seq, h.n, h.counted], [h.hash, h.xor]),
        _part(SAFE, backups.safe_query(principal), [s.scope], [s.seq]),
    )


def _part(
    kind: int,
    query: Select[Any],
    texts: Sequence[ColumnElement[Any]] = (),
    numbers: Sequence[ColumnElement[Any]] = (),
    blobs: Sequence[ColumnElement[Any]] = (),
) -> Select[Any]:
    """A query with its columns where the one answer has them; PostgreSQL has to be told of what type nothing is."""
    shown = [
        *_padded(texts, TEXTS, String()),
        *_padded(numbers, NUMBERS, BigInteger()),
        *_padded(blobs, BLOBS, LargeBinary()),
    ]
    return query.with_only_columns(literal_column(str(kind)), *shown)


def _padded(columns: Sequence[ColumnElement[Any]], width: int, kind: Any) -> list[ColumnElement[Any]]:
    spare = [null()] * (width - len(columns))
    return [cast(column, kind) for column in (*columns, *spare)]
