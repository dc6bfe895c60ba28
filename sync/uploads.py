"""Rules of uploads (protocol C.8): who may begin one and go on with it, and when it ends without its file.

The offset is the store's; a row says whose the upload is, what it should become, and which append may write.
What a complete upload changes is in `media.py`.
"""

from collections.abc import Collection
from dataclasses import dataclass
from uuid import uuid4

from sqlalchemy import delete, select
from sqlmodel import Session, col

from auth.principal import Principal
from storage import keys
from storage.errors import UploadGone
from storage.store import BlobStore
from sync.errors import SyncError
from sync.models import Upload

OPEN, VERIFIED, MISMATCHED = "open", "verified", "hash_mismatch"
DEFERRED = -1  # `upload.size` until the client has told the length


class UploadUnknown(SyncError):
    code = "upload_unknown"


class UploadSuperseded(SyncError):
    """A newer append of the same account has taken this upload over."""

    code = "upload_superseded"


class UploadTooLarge(SyncError):
    """`max_bytes`: what the service, or the length that was declared, allows."""

    code = "upload_too_large"


class UploadLengthInvalid(SyncError):
    code = "upload_length_invalid"


class HashMismatch(SyncError):
    """All bytes came and were not the declared ones; they stay apart until the upload expires."""

    code = "hash_mismatch"


@dataclass(frozen=True, slots=True)
class Announced:
    """What a client says of a file before its bytes; `size` None: told later. Name and type are display text."""

    size: int | None
    name: str
    mime: str
    sha256: str | None = None
    record_id: str | None = None


@dataclass(frozen=True, slots=True)
class UploadView:
    """An upload as routes see it; `lease` is the number that an append has to hold."""

    id: str
    size: int | None
    name: str
    mime: str
    sha256: str | None
    record_id: str | None
    state: str
    expires_at: int
    lease: int


def create(session: Session, principal: Principal, announced: Announced, now: int, ttl: int) -> UploadView:
    """A new upload that lives `ttl` ms after its last append, or the unfinished one of this client for the same file.

    A phone whose answer was lost asks again with the same digest, and goes on where the bytes end.
    """
    upload = _unfinished(session, principal, announced, now) or Upload(
        id=str(uuid4()),
        account_id=principal.account_id,
        client_id=principal.client_id,
        record_id=announced.record_id,
        size=DEFERRED if announced.size is None else announced.size,
        sha256=announced.sha256,
        name=announced.name,
        mime=announced.mime,
        state=OPEN,
        created_at=now,
        expires_at=now,
    )
    upload.lease += 1
    upload.expires_at = now + ttl
    session.add(upload)
    return view(upload)


def _unfinished(session: Session, principal: Principal, announced: Announced, now: int) -> Upload | None:
    if announced.sha256 is None:
        return None
    same = select(Upload).where(
        col(Upload.client_id) == principal.client_id,
        col(Upload.account_id) == principal.account_id,
        col(Upload.sha256) == announced.sha256,
        col(Upload.size) == (DEFERRED if announced.size is None else announced.size),
        col(Upload.record_id).is_not_distinct_from(announced.record_id),
        col(Upload.state) == OPEN,
        col(Upload.expires_at) > now,
    )
    return session.scalars(same.with_for_update().order_by(col(Upload.created_at)).limit(1)).first()


def find(session: Session, principal: Principal, upload_id: str, now: int) -> UploadView:
    """The caller's own upload. Raises UploadUnknown, also for other accounts; UploadGone after its expiry."""
    return view(own(session, principal, upload_id, now, lock=False))


def open_for_append(
    session: Session, principal: Principal, upload_id: str, now: int, *, ttl: int, at: int, size: int | None = None
) -> UploadView:
    """Takes the lease from any older append, puts the expiry off, and fixes a deferred length when `size` tells it.

    Raises UploadUnknown, UploadGone, UploadLengthInvalid, and HashMismatch where only a new upload can help. The
    caller has found `at` to be the offset, so that an append at a wrong place never stops one at the right place.
    """
    upload = own(session, principal, upload_id, now)
    if upload.state == MISMATCHED:
        raise HashMismatch
    if size is not None:
        if upload.size not in (DEFERRED, size) or size < at:
            raise UploadLengthInvalid
        upload.size = size
    if upload.state == OPEN:
        upload.lease += 1
        upload.expires_at = now + ttl
    session.add(upload)
    return view(upload)


def holds_lease(session: Session, upload: UploadView) -> bool:
    """Whether no newer append, nor the end of the upload, has come since `upload` was read."""
    lease = session.scalar(select(col(Upload.lease)).where(col(Upload.id) == upload.id, col(Upload.state) == OPEN))
    return lease == upload.lease


def offset(store: BlobStore, upload: UploadView) -> int:
    """How many bytes are durable."""
    if upload.state != OPEN and upload.size is not None:
        return upload.size
    return store.size(upload.id)


def terminate(session: Session, principal: Principal, upload_id: str) -> None:
    """Forgets an upload; the caller discards its bytes after the commit. A file that was verified stays a file."""
    session.delete(own(session, principal, upload_id))


def expire(session: Session, now: int) -> int:
    """Forgets uploads past their expiry; returns how many. Their bytes are `unowned` from then on."""
    gone = session.execute(delete(Upload).where(col(Upload.expires_at) <= now).returning(col(Upload.id))).all()
    return len(gone)


def unowned(session: Session, upload_ids: Collection[str]) -> set[str]:
    """Those of the ids whose bytes no upload needs any more. An upload has its row before it has bytes."""
    states = {row[0]: row[1] for row in session.execute(select(col(Upload.id), col(Upload.state)))}
    return {upload_id for upload_id in upload_ids if states.get(upload_id, VERIFIED) == VERIFIED}


def own(session: Session, principal: Principal, upload_id: str, now: int | None = None, *, lock: bool = True) -> Upload:
    """The row; for `sync` only. With `now`, raises UploadGone past the expiry; without a lock it is for reading."""
    upload = session.get(Upload, upload_id, with_for_update=lock) if keys.is_upload_id(upload_id) else None
    if upload is None or upload.account_id != principal.account_id:
        raise UploadUnknown
    if now is not None and upload.expires_at <= now:
        raise UploadGone
    return upload


def view(upload: Upload) -> UploadView:
    """The row as routes see it."""
    return UploadView(
        id=upload.id,
        size=None if upload.size == DEFERRED else upload.size,
        name=upload.name,
        mime=upload.mime,
        sha256=upload.sha256,
        record_id=upload.record_id,
        state=upload.state,
        expires_at=upload.expires_at,
        lease=upload.lease,
    )
