"""Files that are kept apart: bytes stay, nobody is served, every record that names them says so (domain L7, L8).

The service keeps apart what its inspection refuses; people, what they see. Spilled bytes are destroyed when a second
person confirms it and names the security officer who was told. The log of each scope keeps the fact, never the content.
"""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import delete, select, tuple_, update
from sqlmodel import Session, col

from auth.principal import Permission, Principal
from sync import files, jobs, spills
from sync.bulk import among, upsert
from sync.errors import SyncError
from sync.locks import hold
from sync.media import MediaUnknown
from sync.media_models import Finding, HashBucket, Quarantine
from sync.models import Attachment, Blob, Holding, Record
from sync.records import readable
from sync.types import Registry
from sync.visibility import permitted


class NotQuarantined(SyncError):
    """The file is not kept apart, or no more."""

    code = "not_quarantined"


class SecondPersonNeeded(SyncError):
    """Whoever quarantined a file does not confirm its destruction."""

    code = "second_person_needed"


@dataclass(frozen=True, slots=True)
class Kept:
    """A file that is kept apart; `by` is an account, or empty where the service did it; times are ms."""

    sha256: str
    code: str
    note: str | None
    by: str
    at: int
    destroyed_at: int | None = None


def keep_apart(session: Session, sha256: str, code: str, now: int, by: str = "", note: str | None = None) -> None:
    """Quarantines a file. The service's own word yields to that of people: what they released stays released."""
    hold(session, [sha256])
    known = session.get(Quarantine, sha256)
    if by == "" and known is not None and (known.by or known.released_at):
        return
    fresh = {"sha256": sha256, "code": code, "note": note, "by": by, "at": now}
    fresh |= dict.fromkeys(("released_by", "released_at", "destroyed_by", "destroyed_at", "officer"))
    upsert(session, Quarantine, [fresh])
    session.execute(update(Blob).where(col(Blob.sha256) == sha256).values(held=code))


def quarantine(
    session: Session, registry: Registry, principal: Principal, record_id: str, sha256: str,
    *, code: str, note: str | None, now: int,
) -> Kept:  # fmt: skip
    """A person keeps a file of a record apart, everywhere. Raises RecordUnknown, NotPermitted, MediaUnknown."""
    _allowed(session, principal, record_id, sha256)
    keep_apart(session, sha256, code, now, principal.account_id, note)
    _tell(session, registry, sha256, now, principal.account_id)
    return _kept(session, sha256)


def kept_apart(session: Session, digests: Collection[str]) -> set[str]:
    """Those of `digests` that are quarantined."""
    held = select(col(Blob.sha256)).where(among(col(Blob.sha256), digests), col(Blob.held).is_not(None))
    return set(session.scalars(held))


def seal(session: Session, registry: Registry, record_id: str, code: str, now: int) -> None:
    """The service keeps apart every file of a record that is not; one that a person let out again stays out."""
    named = (col(Attachment.record_id) == record_id, col(Attachment.named), col(Blob.held).is_(None))
    released = select(col(Quarantine.sha256)).where(col(Quarantine.released_at).is_not(None))
    here = select(col(Blob.sha256)).join(Attachment, col(Attachment.sha256) == col(Blob.sha256))
    for sha256 in session.scalars(
        here.where(*named, col(Blob.sha256).not_in(released)).order_by(col(Blob.sha256))
    ).all():
        keep_apart(session, sha256, code, now)
        _tell(session, registry, sha256, now, "")


def release(session: Session, registry: Registry, principal: Principal, record_id: str, sha256: str, now: int) -> None:
    """Serves a file again. Raises RecordUnknown, NotPermitted, MediaUnknown, NotQuarantined."""
    _allowed_everywhere(session, principal, record_id, sha256)
    known = _open(session, sha256)
    known.released_by, known.released_at = principal.account_id, now
    session.add(known)
    session.execute(update(Blob).where(col(Blob.sha256) == sha256).values(held=None, previews="pending"))
    jobs.add(session, jobs.INSPECT, sha256, now)
    _tell(session, registry, sha256, now, principal.account_id)


def destroy(
    session: Session, registry: Registry, principal: Principal, record_id: str, sha256: str, officer: str, now: int
) -> Kept:
    """Confirms that the bytes of a quarantined file go, for good; a job takes them from the store after the commit.

    Raises RecordUnknown, NotPermitted, MediaUnknown, NotQuarantined, SecondPersonNeeded.
    """
    _allowed_everywhere(session, principal, record_id, sha256)
    known = _open(session, sha256)
    if known.by == principal.account_id:
        raise SecondPersonNeeded
    known.destroyed_by, known.destroyed_at, known.officer = principal.account_id, now, officer
    session.add(known)
    session.flush()
    waiting = files.named_by(session, sha256)
    session.execute(delete(Holding).where(col(Holding.sha256) == sha256))
    session.execute(delete(Finding).where(col(Finding.sha256) == sha256))
    session.execute(delete(HashBucket).where(col(HashBucket.sha256) == sha256))
    session.execute(delete(Blob).where(col(Blob.sha256) == sha256))
    session.execute(update(Attachment).where(col(Attachment.sha256) == sha256).values(state=files.DESTROYED))
    jobs.add(session, spills.DESTROY, sha256, now)
    files.arrived(session, registry, waiting, now, principal.account_id)
    return _kept(session, sha256)


def listed(session: Session, principal: Principal, after: tuple[int, str] | None, limit: int) -> list[tuple[str, Kept]]:
    """Files that are kept apart or destroyed, with a record that names each, where the caller may keep files apart.

    The longest ago first; `after`: time and `<sha256> <record id>` of the last one seen.
    """
    place = col(Quarantine.sha256) + " " + col(Attachment.record_id)
    columns = (Quarantine.sha256, Quarantine.code, Quarantine.note, Quarantine.by, Quarantine.at)
    found = (
        select(col(Attachment.record_id), *map(col, columns), col(Quarantine.destroyed_at))
        .join(Attachment, col(Attachment.sha256) == col(Quarantine.sha256))
        .join(Record, col(Record.id) == col(Attachment.record_id))
        .where(col(Quarantine.released_at).is_(None), permitted(principal, Permission.QUARANTINE, col(Record.scope)))
        .order_by(col(Quarantine.at), place)
        .limit(limit)
    )
    if after:
        found = found.where(tuple_(col(Quarantine.at), place) > tuple_(*after))
    return [(record_id, Kept(*kept)) for record_id, *kept in session.execute(found)]


def _open(session: Session, sha256: str) -> Quarantine:
    known = session.get(Quarantine, sha256, with_for_update=True)
    if known is None or known.released_at or known.destroyed_at:
        raise NotQuarantined
    return known


def _kept(session: Session, sha256: str) -> Kept:
    columns = (Quarantine.sha256, Quarantine.code, Quarantine.note, Quarantine.by, Quarantine.at)
    row = session.execute(
        select(*map(col, columns), col(Quarantine.destroyed_at)).where(col(Quarantine.sha256) == sha256)
    ).one()
    return Kept(*row)


def _allowed(session: Session, principal: Principal, record_id: str, sha256: str) -> None:
    """Keeping apart is allowed to whoever may do so where they found the file."""
    principal.require(Permission.QUARANTINE, readable(session, principal, record_id).scope)
    hold(session, [sha256])
    if session.get(Attachment, (record_id, sha256)) is None:
        raise MediaUnknown


def _allowed_everywhere(session: Session, principal: Principal, record_id: str, sha256: str) -> None:
    """What cannot be taken back, or lets a file out again, takes the permission in every scope that uses it."""
    _allowed(session, principal, record_id, sha256)
    scopes = select(col(Record.scope)).join(Attachment, col(Attachment.record_id) == col(Record.id)).distinct()
    for scope in session.scalars(scopes.where(col(Attachment.sha256) == sha256)).all():
        principal.require(Permission.QUARANTINE, scope)


def _tell(session: Session, registry: Registry, sha256: str, now: int, actor: str) -> None:
    files.arrived(session, registry, files.named_by(session, sha256), now, actor)
