"""The feed of a scope as the tables hold it: where it ends, and what stands in it after a place (protocol P8)."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import cache
from operator import itemgetter
from typing import Any

from sqlalchemy import Integer, Select, bindparam, false, null, select
from sqlmodel import Session, col

from auth.principal import Principal
from sync.models import LeftRecord, LogEntry, Record, ScopeHead
from sync.tally import NOTHING, Tally
from sync.visibility import visible

FIRST, SMALLEST = 100, 16  # rows of the first read and the fewest of a later one


@dataclass(frozen=True, slots=True)
class Head:
    """Where a log ends. `tally`: what the scope holds there; None where an older release wrote last."""

    seq: int
    hash: bytes
    tally: Tally | None


@dataclass(frozen=True, slots=True)
class Change:
    """A `put` with the record's document as stored JSON (UTF-8), or a `left` without one.

    `stub`: a put of a type that the client does not know, so without its document.
    """

    scope: str
    seq: int
    record_id: str
    ver: int
    doc: bytes | None
    type: str | None = None
    deleted: bool = False
    stub: bool = False

    @property
    def size(self) -> int:
        """Bytes in a page, nearly."""
        return len(self.doc or b"") + 150


def heads_of(session: Session, principal: Principal) -> dict[str, Head]:
    """The heads of every scope that the caller may read."""
    return {
        scope: Head(seq, entry_hash, Tally(n, xor or NOTHING) if counted == seq else None)
        for scope, seq, entry_hash, n, xor, counted in session.execute(heads_query(principal))
    }


def heads_query(principal: Principal) -> Select[Any]:
    """Rows of `scope_head` that the caller may read, by ranges of its key."""
    columns: tuple[Any, ...] = (ScopeHead.scope, ScopeHead.seq, ScopeHead.hash, ScopeHead.n, ScopeHead.xor)
    return select(*columns, col(ScopeHead.counted)).where(visible(principal, col(ScopeHead.scope)))


def hash_at(session: Session, scope: str, seq: int) -> bytes:
    """The hash of a log up to `seq`; empty where there is no such entry."""
    where = (col(LogEntry.scope) == scope, col(LogEntry.seq) == seq)
    return session.execute(select(col(LogEntry.entry_hash)).where(*where)).scalar_one_or_none() or b""


def changes(
    session: Session, scope: str, after: int, limit: int, max_bytes: int, types: Collection[str] | None
) -> Iterator[Change]:
    """At most `limit` changes after the seq `after`, in order.

    Read in steps, each about what is still wanted of `max_bytes`: memory follows the page, not the feed.
    """
    step, read, size = min(limit, FIRST), 0, 0
    while step:
        asked = {"scope": scope, "after": after, "n": step}
        records, lefts = (session.execute(query, asked).all() for query in feed())
        rows = sorted([*records, *lefts], key=itemgetter(0))[:step] if lefts else records
        for row in rows:
            change = _change(scope, types, *row)
            size += change.size
            yield change
        read += len(rows)
        if len(rows) < step:
            return
        after = rows[-1][0]
        wanted = max(SMALLEST, (max_bytes - size) * read // size + 1)
        step = min(limit - read, wanted)


def _change(
    scope: str, types: Collection[str] | None, seq: int, record_id: str, ver: int, kind: str, deleted: bool, doc: str
) -> Change:
    if doc is None:
        return Change(scope, seq, record_id, ver, None)
    if types is not None and kind not in types:
        return Change(scope, seq, record_id, ver, None, kind, bool(deleted), stub=True)
    return Change(scope, seq, record_id, ver, doc.encode())


@cache
def feed() -> tuple[Select[Any], Select[Any]]:
    """Rows of `record` and of `left_record` of `:scope` after `:after`, the first `:n` of each by seq.

    Two queries, each along its index: PostgreSQL sorts the whole scope for one query over both.
    """
    record: tuple[Any, ...] = (Record.id, Record.ver, Record.type, Record.deleted, Record.doc)
    left: tuple[Any, ...] = (LeftRecord.record_id, LeftRecord.ver, null(), false(), null())
    return _after(Record, record), _after(LeftRecord, left)


def _after(table: type[Record] | type[LeftRecord], columns: tuple[Any, ...]) -> Select[Any]:
    scope: Any = bindparam("scope")
    after: Any = bindparam("after")
    where = (col(table.scope) == scope, col(table.seq) > after)
    return select(col(table.seq), *columns).where(*where).order_by(col(table.seq)).limit(bindparam("n", type_=Integer))
