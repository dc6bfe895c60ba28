"""Reading single records: the current one, an earlier version, its history. Visibility is asked here, once."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
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


def readable(session: Session, principal: Principal, record_id: str) -> Shown:
    """The current version. Raises RecordUnknown when there is none that the caller may see."""
    row = session.execute(
        select(
            col(Record.id), col(Record.type), col(Record.scope), col(Record.ver), col(Record.content_digest), col(Record.doc)
        ).where(col(Record.id) == record_id, visible(principal, col(Record.scope)))
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
    return session.exec(select(LogEntry).where(*where).order_by(col(LogEntry.ver))).scalars().all()
