"""Counting what somebody may read, scope by scope, and where they wrote."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import case, func, select
from sqlmodel import Session, col

from auth.principal import Principal
from sync.models import Attachment, LogEntry, Record
from sync.visibility import visible


@dataclass(frozen=True, slots=True)
class Tally:
    """Records of one scope, and how many of them name files."""

    scope: str
    records: int
    with_files: int


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


def written_by(session: Session, account_id: str) -> list[str]:
    """Records in which an account wrote, whether or not it may read them still."""
    query = select(col(LogEntry.record_id)).where(col(LogEntry.actor) == account_id).distinct()
    return sorted(session.scalars(query))


def writers(session: Session, scopes: Sequence[str]) -> list[str]:
    """Accounts that wrote in these scopes."""
    found: set[str] = set()
    for start in range(0, len(scopes), 500):
        some = col(LogEntry.scope).in_(scopes[start : start + 500])
        found |= set(session.scalars(select(col(LogEntry.actor)).where(some, col(LogEntry.actor) != "").distinct()))
    return sorted(found)
