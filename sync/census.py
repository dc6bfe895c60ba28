"""Counting what somebody may read, scope by scope, and what a device said of itself when it last pushed."""

from dataclasses import dataclass

from sqlalchemy import case, func, select
from sqlmodel import Session, col

from auth.principal import Principal
from sync.models import Attachment, Record, Replica
from sync.visibility import visible


@dataclass(frozen=True, slots=True)
class Tally:
    """Records of one scope, and how many of them name files."""

    scope: str
    records: int
    with_files: int


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a client's ops have come, and what it said waits; `seen_at` is ms."""

    last_dev_seq: int
    pending: int
    seen_at: int


def readable_by(session: Session, principal: Principal) -> list[Tally]:
    """Records that `principal` may read, by scope; reference data, which everybody has, is left out."""
    files = select(col(Attachment.record_id)).where(col(Attachment.record_id) == col(Record.id)).exists()
    with_files = func.sum(case((files, 1), else_=0))
    statement = (
        select(col(Record.scope), func.count(), with_files)
        .where(visible(principal, col(Record.scope)), ~col(Record.scope).startswith("programme/"))
        .group_by(col(Record.scope))
        .order_by(col(Record.scope))
    )
    return [Tally(scope, records, int(named)) for scope, records, named in session.execute(statement)]


def replica(session: Session, client_id: str) -> Progress | None:
    """None for a client that has never pushed."""
    row = session.get(Replica, client_id)
    return Progress(row.last_dev_seq, row.pending, row.seen_at) if row else None
