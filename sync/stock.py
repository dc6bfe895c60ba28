"""How much waits where, for whoever runs the service: one look at small tables and at indexes of open work."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Select, func, select
from sqlmodel import Session, col

from sync.jobs import MAX_ATTEMPTS
from sync.kept_models import Backup
from sync.models import Blob, Job, Op, Record, Replica, ScopeHead, Upload
from sync.uploads import MISMATCHED, OPEN, VERIFIED

OPEN_OPS = ("held", "rejected")
UPLOADS = (OPEN, VERIFIED, MISMATCHED)


@dataclass(frozen=True, slots=True)
class Stock:
    """Counts; times are ms, None where there is nothing that could have one.

    `ops`, `records`, `uploads`: by status and by state; uploads until they expire. `devices_waiting` said in their last
    push that `ops_waiting` are still on them. `jobs_given_up` failed too often to be tried again.
    """

    ops: dict[str, int]
    records: dict[str, int]
    uploads: dict[str, int]
    scopes: int
    changes: int
    devices: int
    devices_waiting: int
    ops_waiting: int
    jobs_due: int
    oldest_job: int | None
    jobs_given_up: int
    backup_taken: int | None
    files_without_copy: int


def take(session: Session, states: Sequence[str], now: int) -> Stock:
    """What stands in the database at `now`; of records those in one of `states`, in which somebody has to act."""
    open_ops = select(col(Op.status), func.count()).where(col(Op.status).in_(OPEN_OPS)).group_by(col(Op.status))
    in_hand = select(col(Record.state), func.count()).where(col(Record.state).in_(states)).group_by(col(Record.state))
    uploads = select(col(Upload.state), func.count()).group_by(col(Upload.state))
    scopes, changes = session.execute(select(func.count(), func.sum(col(ScopeHead.seq)))).one()
    waiting = func.count().filter(col(Replica.pending) > 0)
    devices, devices_waiting, ops_waiting = session.execute(
        select(func.count(), waiting, func.sum(col(Replica.pending))).select_from(Replica)
    ).one()
    undone = select(func.count(), func.min(col(Job.run_at))).where(col(Job.done).is_(False))
    due, oldest = session.execute(undone.where(col(Job.run_at) <= now, col(Job.attempts) < MAX_ATTEMPTS)).one()
    given_up, _ = session.execute(undone.where(col(Job.attempts) >= MAX_ATTEMPTS)).one()
    lacking = select(func.count()).select_from(Blob).where(col(Blob.backed_up_at).is_(None))
    return Stock(
        ops=_counted(session, open_ops, OPEN_OPS),
        records=_counted(session, in_hand, states),
        uploads=_counted(session, uploads, UPLOADS),
        scopes=scopes,
        changes=int(changes or 0),
        devices=devices,
        devices_waiting=devices_waiting,
        ops_waiting=int(ops_waiting or 0),
        jobs_due=due,
        oldest_job=oldest,
        jobs_given_up=given_up,
        backup_taken=session.scalar(select(func.max(col(Backup.taken_at)))),
        files_without_copy=session.scalar(lacking) or 0,
    )


def _counted(session: Session, statement: Select[str, int], names: Sequence[str]) -> dict[str, int]:
    """Counts by name; a name that nothing has counts 0, so that a figure never goes missing."""
    return {**dict.fromkeys(names, 0), **dict(map(tuple, session.execute(statement)))}
