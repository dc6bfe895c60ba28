"""What backups hold, and so what a phone may forget (protocol C.5, row D9).

A backup counts once it was read back and held. A file is in it when every byte is; the records that name it are told.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import Integer, Select, bindparam, func, select
from sqlmodel import Session, col

from auth.principal import Principal
from sync import bulk
from sync.kept_models import Backup, BackupHead
from sync.visibility import visible

_BACKUP, _HEAD = bulk.table(Backup).c, bulk.table(BackupHead).c
_COPIES = bindparam("copies", type_=Integer)
NEWEST = select(_BACKUP.name).order_by(_BACKUP.taken_at.desc(), _BACKUP.name).limit(_COPIES)


@dataclass(frozen=True, slots=True)
class Taken:
    """A backup that was verified. `heads`: scope -> seq in its snapshot."""

    name: str
    taken_at: int
    epoch: str
    place: str
    heads: dict[str, int]


def record(session: Session, taken: Taken, now: int) -> None:
    """Notes a verified backup; noting one again changes nothing."""
    if session.get(Backup, taken.name) is not None:
        return
    session.add(Backup(**{n: getattr(taken, n) for n in ("name", "taken_at", "epoch", "place")}, verified_at=now))
    session.flush()
    heads = [{"backup": taken.name, "scope": scope, "seq": seq} for scope, seq in taken.heads.items()]
    bulk.insert(session, BackupHead, heads)


def safe_to_delete(session: Session, principal: Principal, copies: int) -> dict[str, int]:
    """Per visible scope, the last `seq` that the `copies` newest backups all hold; 0 copies: nothing is ever safe."""
    return dict(map(tuple, session.execute(safe_query(principal), {"copies": copies})))


@lru_cache(2048)
def safe_query(principal: Principal) -> Select[Any]:
    """Rows of what `safe_to_delete` tells; none where there are fewer than `:copies` backups."""
    return (
        select(_HEAD.scope, func.min(_HEAD.seq).label("seq"))
        .where(_HEAD.backup.in_(NEWEST), visible(principal, _HEAD.scope))
        .group_by(_HEAD.scope)
        .having(func.count() == _COPIES)
    )


def before(session: Session, at: int) -> list[tuple[str, int]]:
    """Name and time of the backups whose snapshot is not later than `at`, oldest first."""
    rows = session.execute(
        select(col(Backup.name), col(Backup.taken_at)).where(col(Backup.taken_at) <= at).order_by(col(Backup.taken_at))
    )
    return [(name, taken_at) for name, taken_at in rows]
