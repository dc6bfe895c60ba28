"""The feed of a scope as the tables hold it: where it ends, and what stands in it after a place (protocol P8)."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from operator import itemgetter
from typing import Any, NamedTuple, Self

from sqlalchemy import ColumnElement, Integer, Select, bindparam, false, null, select
from sqlmodel import Session

from auth.principal import Principal
from sync import bulk
from sync.models import LeftRecord, LogEntry, Record, ScopeHead
from sync.raw import raw
from sync.tally import NOTHING, Tally
from sync.visibility import visible

_HEAD, _LOG = bulk.table(ScopeHead).c, bulk.table(LogEntry).c
HASH = select(_LOG.entry_hash).where(_LOG.scope == bindparam("scope"), _LOG.seq == bindparam("seq"))
FIRST, SMALLEST = 100, 16  # rows of the first read and the fewest of a later one


@dataclass(frozen=True, slots=True)
class Head:
    """Where a log ends. `tally`: what the scope holds there; None where an older release wrote last."""

    seq: int
    hash: bytes
    tally: Tally | None

    @classmethod
    def of(cls, seq: int, entry_hash: bytes, n: int, xor: bytes | None, counted: int) -> Self:
        return cls(seq, entry_hash, Tally(n, xor or NOTHING) if counted == seq else None)


class Change(NamedTuple):
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


@lru_cache(2048)  # the devices that come again and again; the database is asked each time
def heads_query(principal: Principal) -> Select[Any]:
    """Rows of `scope_head` that the caller may read, by ranges of its key."""
    return select(_HEAD.scope, _HEAD.seq, _HEAD.hash, _HEAD.n, _HEAD.xor, _HEAD.counted).where(
        visible(principal, _HEAD.scope)
    )


def hash_at(session: Session, scope: str, seq: int) -> bytes:
    """The hash of a log up to `seq`; empty where there is no such entry."""
    return session.execute(HASH, {"scope": scope, "seq": seq}).scalar_one_or_none() or b""


def changes(
    session: Session, scope: str, after: int, limit: int, max_bytes: int, types: Collection[str] | None
) -> Iterator[Change]:
    """At most `limit` changes after the seq `after`, in order.

    Read in steps, each about what is still wanted of `max_bytes`: memory follows the page, not the feed.
    """
    records, left = feed()
    lefts = session.execute(left, {"scope": scope, "after": after, "n": limit}).all()  # hardly ever any, and small
    step, read, size = min(limit, FIRST), 0, 0
    while step:
        rows = session.execute(records, {"scope": scope, "after": after, "n": step}).all()
        if lefts:
            rows = sorted([*rows, *(row for row in lefts if row[0] > after)], key=itemgetter(0))[:step]
        for seq, record_id, ver, kind, deleted, doc in rows:
            if doc is None:
                change = Change(scope, seq, record_id, ver, None)
            elif types is not None and kind not in types:
                change = Change(scope, seq, record_id, ver, None, kind, bool(deleted), stub=True)
            else:
                change = Change(scope, seq, record_id, ver, doc)
            size += change.size
            yield change
        read += len(rows)
        if len(rows) < step:
            return
        after = rows[-1][0]
        wanted = max(SMALLEST, (max_bytes - size) * read // size + 1)
        step = min(limit - read, wanted)


@cache
def feed() -> tuple[Select[Any], Select[Any]]:
    """Rows of `record` and of `left_record` of `:scope` after `:after`, the first `:n` of each by seq.

    Two queries, each along its index: PostgreSQL sorts the whole scope for one query over both.
    """
    record, left = bulk.table(Record).c, bulk.table(LeftRecord).c
    return (
        _after(record, record.id, record.ver, record.type, record.deleted, raw(record.doc)),
        _after(left, left.record_id, left.ver, null(), false(), null()),
    )


def _after(table: Any, *columns: ColumnElement[Any]) -> Select[Any]:
    where = (table.scope == bindparam("scope"), table.seq > bindparam("after"))
    return select(table.seq, *columns).where(*where).order_by(table.seq).limit(bindparam("n", type_=Integer))
