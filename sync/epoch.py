"""The lineage of the database (protocol P14): one active epoch; a restore opens the next."""

import uuid

from sqlalchemy import select, update
from sqlmodel import Session, col

from sync.models import SyncEpoch


def current_epoch(session: Session) -> str:
    """UUID of the active epoch."""
    epoch: str = session.execute(select(col(SyncEpoch.epoch)).where(col(SyncEpoch.active))).scalar_one()
    return epoch


def open_epoch(session: Session, reason: str, now: int) -> str:
    """Closes the active epoch and opens a new one."""
    session.execute(update(SyncEpoch).values(active=False))
    epoch = SyncEpoch(epoch=str(uuid.uuid4()), started_at=now, reason=reason)
    session.add(epoch)
    session.flush()
    return epoch.epoch


def ensure_epoch(session: Session, now: int) -> str:
    """The active epoch; a fresh database gets its first one."""
    found = session.execute(select(col(SyncEpoch.epoch)).where(col(SyncEpoch.active))).scalar_one_or_none()
    return found or open_epoch(session, "first start", now)
