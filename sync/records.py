"""Reading single records: the current one, an earlier version, its history. Visibility is asked here, once."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, select, tuple_
from sqlmodel import Session, col

from auth.principal import Principal
from sync.errors import RecordUnknown
from sync.models import LogEntry, Record, Revision
from sync.visibility import visible


@dataclass(frozen=True, slots=True)
class Shown:
    """One version of a record; `doc` is its JSON text."""

    id: str
    type: str
    scope: str
    ver: int
    content_digest: str
    doc: str


# The columns of `Shown`, in its order.
SHOWN: tuple[Any, ...] = tuple(
    col(c) for c in (Record.id, Record.type, Record.scope, Record.ver, Record.content_digest, Record.doc)
)


def readable(session: Session, principal: Principal, record_id: str) -> Shown:
    """The current version. Raises RecordUnknown when there is none that the caller may see."""
    row = session.execute(
        select(*SHOWN).where(col(Record.id) == record_id, visible(principal, col(Record.scope)))
    ).one_or_none()
    if row is None:
        raise RecordUnknown
    return Shown(*row)


def version(session: Session, shown: Shown, ver: int) -> Shown:
    """An earlier version of a record that the caller may read. Raises RecordUnknown when there is no such version."""
    if ver == shown.ver:
        return shown
    where = (col(Revision.record_id) == shown.id, col(Revision.ver) == ver)
    row = session.execute(select(col(Revision.content_digest), col(Revision.doc)).where(*where)).one_or_none()
    if row is None:
        raise RecordUnknown
    return Shown(shown.id, shown.type, shown.scope, ver, row[0], row[1])


def history(session: Session, shown: Shown) -> Sequence[LogEntry]:
    """The log entries of a record, oldest first."""
    where = (col(LogEntry.record_id) == shown.id, col(LogEntry.ver) <= shown.ver)
    return session.scalars(select(LogEntry).where(*where).order_by(col(LogEntry.ver), col(LogEntry.kind))).all()


def current(session: Session, record_ids: list[str]) -> dict[str, Shown]:
    """Records by id, for the service itself; nobody's view."""
    rows = session.execute(select(*SHOWN).where(col(Record.id).in_(record_ids)))
    return {row[0]: Shown(*row) for row in rows}


def held_in(session: Session, scope: str, types: Sequence[str], states: Sequence[str]) -> Iterator[Shown]:
    """All records of a scope in these types and states, in the order of change; for the service itself."""
    return (Shown(*row) for row in session.execute(held_query(scope, types, states)).all())


def held_query(scope: str, types: Sequence[str], states: Sequence[str]) -> Select[Any]:
    """The statement behind `held_in`."""
    where = (col(Record.scope) == scope, col(Record.type).in_(types), col(Record.state).in_(states))
    return select(*SHOWN).where(*where).order_by(col(Record.seq))


def all_in(session: Session, scope: str) -> Iterator[str]:
    """The JSON of every record of a scope, tombstones too, in the order of change; for an operator."""
    return session.scalars(select(col(Record.doc)).where(col(Record.scope) == scope).order_by(col(Record.seq)))


def lock(session: Session, *record_ids: str) -> None:
    """Holds records still until the commit, locked in the order of their ids; no word on whether there are any."""
    query = select(col(Record.id)).where(col(Record.id).in_(record_ids)).order_by(col(Record.id))
    session.execute(query.with_for_update()).all()


def listed(
    session: Session,
    principal: Principal,
    *,
    scopes: Sequence[str] | None,
    types: Sequence[str] | None,
    states: Sequence[str] | None,
    after: tuple[str, int] | None,
    limit: int,
) -> list[tuple[int, Shown]]:
    """Readable records by scope and seq, after a place `(scope, seq)`; each with its seq."""
    statement = select(col(Record.seq), *SHOWN).where(visible(principal, col(Record.scope)))
    for column, wanted in ((Record.scope, scopes), (Record.type, types), (Record.state, states)):
        if wanted is not None:
            statement = statement.where(col(column).in_(wanted))
    if after:
        statement = statement.where(tuple_(col(Record.scope), col(Record.seq)) > tuple_(*after))
    statement = statement.order_by(col(Record.scope), col(Record.seq)).limit(limit)
    return [(seq, Shown(*rest)) for seq, *rest in session.execute(statement)]
