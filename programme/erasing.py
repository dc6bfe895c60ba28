"""Erasing by law, as the programme does it: the engine's redaction, and reviewers' words beside it (domain L19)."""

from collections.abc import Collection

from sqlalchemy import update
from sqlmodel import Session, col

from auth.principal import Permission, Principal
from programme.models import Review
from sync.records import readable
from sync.redaction import Redacted
from sync.redaction import redact as engine_redact
from sync.types import Registry


def redact(
    session: Session, registry: Registry, principal: Principal, record_id: str, fields: Collection[str] | None,
    *, redaction_id: str, reason: str, basis: str, now: int,
) -> Redacted:  # fmt: skip
    """Erases on the word of whoever protects personal data there; see `sync.redaction.redact`.

    Raises RecordUnknown, NotPermitted, NotRedactable.
    """
    principal.require(Permission.PROTECT, readable(session, principal, record_id).scope)
    who = {"redaction_id": redaction_id, "actor": principal.account_id}
    done = engine_redact(session, registry, record_id, fields, reason=reason, basis=basis, now=now, **who)
    if fields is None:
        session.execute(update(Review).where(col(Review.record_id) == record_id).values(comment=None))
    return done
