"""Work to be done after the answer: rows written in the transaction that caused it, claimed with a lease."""

from dataclasses import dataclass

from sqlalchemy import select, update
from sqlmodel import Session, col

from sync.models import Job

INSPECT = "inspect"  # payload: sha256 of a blob
LEASE_MS = 120_000
MAX_ATTEMPTS = 8


@dataclass(frozen=True, slots=True)
class Claimed:
    """A job that this worker holds until its lease ends."""

    id: int
    kind: str
    payload: str


def add(session: Session, kind: str, payload: str, now: int) -> None:
    session.add(Job(kind=kind, payload=payload, run_at=now))


def claim(session: Session, now: int) -> Claimed | None:
    """The next due job, leased: should this worker die, the job is due again after the lease. None: nothing is due."""
    due = (
        select(col(Job.id), col(Job.kind), col(Job.payload))
        .where(col(Job.done).is_(False), col(Job.run_at) <= now, col(Job.attempts) < MAX_ATTEMPTS)
        .order_by(col(Job.run_at), col(Job.id))
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    row = session.execute(due).one_or_none()
    if row is None:
        return None
    values = {"run_at": now + LEASE_MS, "attempts": Job.attempts + 1}
    session.execute(update(Job).where(col(Job.id) == row[0]).values(**values))
    return Claimed(*row)


def release(session: Session, now: int) -> None:
    """Makes every unfinished job due again; for a service that is alone and starts, whose claims died with it."""
    unfinished = (col(Job.done).is_(False), col(Job.run_at) > now)
    session.execute(update(Job).where(*unfinished).values(run_at=now))


def finish(session: Session, job: Claimed) -> None:
    session.execute(update(Job).where(col(Job.id) == job.id).values(done=True))
