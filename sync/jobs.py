"""Work to be done after the answer: rows written in the transaction that caused it, claimed with a lease.

Beside the jobs stand duties, which come round: a row says when each is due next.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select, update
from sqlmodel import Session, col

from sync.models import DutyRound, Job

INSPECT = "inspect"  # payload: sha256 of a blob
SEAL = "seal"  # payload: id of a record whose files may be shown to nobody
ERASE = "erase"  # payload: sha256 of a blob that no record has any more
LEASE_MS = 120_000
MAX_ATTEMPTS = 8


@dataclass(frozen=True, slots=True)
class Claimed:
    """A job that this worker holds until its lease ends."""

    id: int
    kind: str
    payload: str
    attempt: int  # from 1


def add(session: Session, kind: str, payload: str, now: int) -> None:
    session.add(Job(kind=kind, payload=payload, run_at=now))


def claim(session: Session, now: int) -> Claimed | None:
    """The next due job, leased: should this worker die, the job is due again after the lease. None: nothing is due."""
    due = (
        select(col(Job.id), col(Job.kind), col(Job.payload), col(Job.attempts) + 1)
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


def later(session: Session, job: Claimed, run_at: int) -> None:
    """Puts a job that did not succeed off to `run_at` (ms)."""
    session.execute(update(Job).where(col(Job.id) == job.id).values(run_at=run_at))


def give_back(session: Session, job: Claimed, run_at: int) -> None:
    """Puts off a job that could not be tried, as what it needs was away: that says nothing of the job."""
    values = {"run_at": run_at, "attempts": job.attempt - 1}
    session.execute(update(Job).where(col(Job.id) == job.id).values(**values))


def finish(session: Session, job: Claimed) -> None:
    session.execute(update(Job).where(col(Job.id) == job.id).values(done=True))


def due(session: Session, names: Sequence[str], now: int) -> list[str]:
    """Which of these duties have come round; one that was never done is due at once."""
    later = set(session.scalars(select(col(DutyRound.name)).where(col(DutyRound.due_at) > now)))
    return [name for name in names if name not in later]


def take(session: Session, name: str, now: int, every: int) -> bool:
    """Takes a round of a duty, next due in `every` ms; False where another worker has it."""
    found = session.get(DutyRound, name, with_for_update=True)
    if found is not None and found.due_at > now:
        return False
    session.merge(DutyRound(name=name, due_at=now + every))
    return True


def put_off(session: Session, name: str, due_at: int) -> None:
    """Sets when a duty is due again (ms)."""
    session.merge(DutyRound(name=name, due_at=due_at))
