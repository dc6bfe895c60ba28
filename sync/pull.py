"""A pull: records in the order of their latest change, after a cursor (protocol C.5).

First pull and every later one are the same query: current state only, so cost follows what changed and nothing
expires. A record that changes while somebody pages appears again at its new place.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from sqlalchemy import Select, null, select, union_all
from sqlmodel import Session, col

from auth.principal import Permission, Principal
from sync.cursor import Cursor, decode, encode, mark
from sync.epoch import require_epoch
from sync.models import LeftRecord, LogEntry, Record, ScopeHead
from sync.visibility import visible

MAX_LIMIT = 1000
MAX_BYTES = 4 * 2**20


@dataclass(frozen=True, slots=True)
class Change:
    """A `put` with the record's document as stored JSON, or a `left` without one."""

    scope: str
    seq: int
    record_id: str
    ver: int
    doc: str | None


@dataclass(slots=True)
class Page:
    """`removed`: scopes the caller lost. `reload`: scopes to be read again from their start; the outbox stays."""

    epoch: str
    cursor: str = ""
    more: bool = False
    removed: list[str] = field(default_factory=list)
    reload: list[str] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    heads: dict[str, int] = field(default_factory=dict)


Heads = dict[str, tuple[int, bytes]]


def pull(
    session: Session,
    principal: Principal,
    secret: bytes,
    *,
    cursor: str | None,
    epoch: str | None = None,
    held: Iterable[str] = (),
    limit: int = 500,
    max_bytes: int = 2**20,
) -> Page:
    """The next page for `principal`: full up to `limit` records or `max_bytes` whenever more exists.

    `held`: scopes of records that the client has from push answers, so that it hears of losing one it never pulled.
    Must run on one read snapshot. Raises CursorInvalid, EpochChanged, Restored.
    """
    at = decode(cursor, secret) if cursor else None
    # A client that names the present epoch has heard of it; an older cursor then still holds wherever its hash does.
    current = require_epoch(session, principal, epoch if epoch or at is None else at.epoch)
    at = at or Cursor(current, principal.account_id)
    if at.account_id != principal.account_id:
        at = Cursor(current, principal.account_id)
    heads = _heads(session, principal)
    page = Page(
        current,
        removed=sorted({s for s in {*at.places, *held} - heads.keys() if not principal.may(Permission.READ, s)}),
    )
    places = {scope: place for scope, place in at.places.items() if scope in heads}
    page.reload = _diverged(session, heads, places)
    places.update({scope: (0, mark(b"")) for scope in page.reload})
    _fill(session, principal, heads, places, page, min(limit, MAX_LIMIT), min(max_bytes, MAX_BYTES))
    page.cursor = encode(Cursor(current, principal.account_id, places), secret)
    return page


def _heads(session: Session, principal: Principal) -> Heads:
    rows = session.execute(
        select(col(ScopeHead.scope), col(ScopeHead.seq), col(ScopeHead.hash)).where(
            visible(principal, col(ScopeHead.scope))
        )
    )
    return {scope: (seq, head) for scope, seq, head in rows}


def _diverged(session: Session, heads: Heads, places: dict[str, tuple[int, str]]) -> list[str]:
    """Scopes whose log no longer is what the cursor saw (protocol P14)."""
    found = []
    for scope, (seq, seen) in places.items():
        head_seq, head = heads[scope]
        if seq == 0:
            continue
        if seq > head_seq or mark(head if seq == head_seq else _hash_at(session, scope, seq)) != seen:
            found.append(scope)
    return sorted(found)


def _hash_at(session: Session, scope: str, seq: int) -> bytes:
    where = (col(LogEntry.scope) == scope, col(LogEntry.seq) == seq)
    return session.execute(select(col(LogEntry.entry_hash)).where(*where)).scalar_one_or_none() or b""


def _fill(
    session: Session,
    principal: Principal,
    heads: Heads,
    places: dict[str, tuple[int, str]],
    page: Page,
    limit: int,
    max_bytes: int,
) -> None:
    size = 0
    for scope in _in_order(heads, principal):
        seq, head = heads[scope]
        after = places.get(scope, (0, ""))[0]
        if after == seq:
            continue
        left = limit - len(page.changes)
        rows = _changes(session, scope, after, left + 1) if left and not page.more else []
        taken = 0
        for change in rows[:left]:
            if size and size + len(change.doc or "") > max_bytes:
                break
            size += len(change.doc or "") + 100
            page.changes.append(change)
            taken += 1
        if left and not page.more and taken == len(rows):
            places[scope] = (seq, mark(head))
            page.heads[scope] = seq
        else:
            page.more = True
            if taken:
                last = rows[taken - 1].seq
                places[scope] = (last, mark(_hash_at(session, scope, last)))


def _in_order(heads: Heads, principal: Principal) -> Iterable[str]:
    """One's own outcomes first, then what the programme says, then evidence."""
    return sorted(heads, key=lambda s: (s != principal.own_scope, not s.startswith("programme/"), s))


def _changes(session: Session, scope: str, after: int, limit: int) -> list[Change]:
    records: Select[int, str, int, str] = (
        select(col(Record.seq).label("seq"), col(Record.id), col(Record.ver), col(Record.doc))
        .where(col(Record.scope) == scope, col(Record.seq) > after)
        .order_by(col(Record.seq))
        .limit(limit)
    )
    lefts = (
        select(col(LeftRecord.seq), col(LeftRecord.record_id), col(LeftRecord.ver), null())
        .where(col(LeftRecord.scope) == scope, col(LeftRecord.seq) > after)
        .order_by(col(LeftRecord.seq))
        .limit(limit)
    )
    both = union_all(select(records.subquery()), select(lefts.subquery())).subquery()
    rows = session.execute(select(both).order_by(both.c.seq).limit(limit)).all()
    return [Change(scope, seq, record_id, ver, doc) for seq, record_id, ver, doc in rows]
