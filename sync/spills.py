"""The register of spills: bytes that were destroyed and may never be kept again (domain L8)."""

from sqlalchemy import ColumnElement, select
from sqlmodel import Session, col

from sync.media_models import Quarantine

DESTROY = "destroy"  # job; payload: a digest, and the id of the upload that brought the bytes again, if one did


def is_destroyed(session: Session, sha256: str) -> bool:
    """Whether these bytes may not be kept again."""
    return session.scalar(select(col(Quarantine.sha256)).where(col(Quarantine.sha256) == sha256, _gone())) is not None


def destroyed(session: Session) -> set[str]:
    """Digests of all bytes that no store, copy or backup may hold."""
    return set(session.scalars(select(col(Quarantine.sha256)).where(_gone())))


def _gone() -> ColumnElement[bool]:
    return col(Quarantine.destroyed_at).is_not(None)
