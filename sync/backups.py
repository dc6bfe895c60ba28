"""What backups hold, and so what a phone may forget (protocol C.5, row D9).

A backup counts once it was read back and held. A file is in it when every byte is; the records that name it are told.
"""

from dataclasses import dataclass

from sqlalchemy import Integer, bindparam, func, select
from sqlmodel import Session, col

from auth.principal import Principal
from sync import bulk
from sync.kept_models import Backup, BackupHead
from sync.visibility import visible

_BACKUP = bulk.table(Backup).c
NEWEST = select(_BACKUP.name).order_by(_BACKUP.taken_at.desc(), _BACKUP.name).limit(bindparam("copies", type_=Integer))


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
    if copies < 1:
        return {}
    names = session.scalars(NEWEST, {"copies": copies}).all()
    if len(names) < copies:
        return {}
    rows = session.execute(
        select(col(BackupHead.scope), func.min(col(BackupHead.seq)))
        .where(col(BackupHead.backup).in_(names), visible(principal, col(BackupHead.scope)))
        .group_by(col(BackupHead.scope))
        .having(func.count() == copies)
    )
    return dict(map(tuple, rows))


def before(session: Session, at: int) -> list[tuple[str, int]]:
    """Name and time of the backups whose snapshot is not later than `at`, oldest first."""
    rows = session.execute(
        select(col(Backup.name), col(Backup.taken_at)).where(col(Backup.taken_at) <= at).order_by(col(Backup.taken_at))
    )
    return [(name, taken_at) for name, taken_at in rows]
