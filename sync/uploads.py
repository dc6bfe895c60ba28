"""Rules of uploads (protocol C.8): who may go on with one, when it is complete, and what its arrival changes.

The offset is the store's. No function that takes a Session moves file bytes: `measure` and `seal` run between two
transactions, so that none is open while a disk or a phone is slow.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from uuid import uuid4

import filetype
from sqlalchemy import or_, select
from sqlmodel import Session, col

from auth.principal import Permission, Principal
from storage import keys
from storage.errors import OffsetMismatch, UploadGone
from storage.store import BlobStore
from sync.errors import SyncError
from sync.models import Attachment, Blob, Holding, Record, Upload

OPEN, VERIFIED, MISMATCHED = "open", "verified", "hash_mismatch"
DEFERRED = -1  # `upload.size` until the client has told the length
UNKNOWN_MIME = "application/octet-stream"

Arrived = Callable[[Session, list[str], int], None]
"""Told, inside the transaction, which records a file has just become present for, and when (ms)."""


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
    """What a client says of a file before its bytes; `size` None: told later. All of it is display text but the digest."""

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


@dataclass(frozen=True, slots=True)
class Measured:
    """What the bytes in the store are: digest in hex, size, and the type that their first bytes show."""

    sha256: str
    size: int
    mime: str


def create(session: Session, principal: Principal, announced: Announced, now: int, ttl: int) -> UploadView:
    """A new upload that lives `ttl` ms after its last append, or the unfinished one that this client began for the file.

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
    return _view(upload)


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
    return _view(_own(session, principal, upload_id, now))


def open_for_append(
    session: Session, principal: Principal, upload_id: str, now: int, *, ttl: int, size: int | None
) -> UploadView:
    """Takes the lease from any older append, puts the expiry off, and fixes a deferred length when `size` tells it.

    Raises UploadUnknown, UploadGone, UploadLengthInvalid, and HashMismatch where only a new upload can help. The
    caller has compared the offset before, so that an append at a wrong place does not stop one at the right place.
    """
    upload = _own(session, principal, upload_id, now)
    if upload.state == MISMATCHED:
        raise HashMismatch
    if size is not None:
        if upload.size not in (DEFERRED, size):
            raise UploadLengthInvalid
        upload.size = size
    if upload.state == OPEN:
        upload.lease += 1
        upload.expires_at = now + ttl
    session.add(upload)
    return _view(upload)


def holds_lease(session: Session, upload: UploadView) -> bool:
    """Whether no newer append, nor the end of the upload, has come since `upload` was read."""
    lease = session.scalar(select(col(Upload.lease)).where(col(Upload.id) == upload.id, col(Upload.state) == OPEN))
    return lease == upload.lease


def offset(store: BlobStore, upload: UploadView) -> int:
    """How many bytes are durable."""
    if upload.state != OPEN and upload.size is not None:
        return upload.size
    return store.size(upload.id)


def measure(store: BlobStore, upload: UploadView) -> Measured:
    """Reads all bytes of a complete upload. Raises OffsetMismatch where they are fewer or gone."""
    digest, size, head = hashlib.sha256(), 0, b""
    for piece in store.incoming(upload.id):
        head = head or piece[:8192]
        digest.update(piece)
        size += len(piece)
    if size != upload.size:
        raise OffsetMismatch(offset=size)
    return Measured(digest.hexdigest(), size, filetype.guess_mime(head) or UNKNOWN_MIME)


def seal(store: BlobStore, upload: UploadView, measured: Measured) -> None:
    """Makes the bytes an object where they are the declared ones; else they stay apart. Comes before `finish`."""
    if upload.sha256 in (None, measured.sha256):
        store.seal(upload.id, measured.sha256, measured.size)


def finish(
    session: Session, principal: Principal, upload_id: str, measured: Measured, now: int, arrived: Arrived
) -> UploadView:
    """Judges a complete upload and lets the records that wait for its file know. Finishing again changes nothing.

    A file counts for the records to which this account attached it, and for the record that the upload named if the
    caller may capture there; never for others, whoever has the same bytes (protocol P44).
    """
    upload = _own(session, principal, upload_id)
    if upload.state != OPEN:
        return _view(upload)
    upload.state = VERIFIED if upload.sha256 in (None, measured.sha256) else MISMATCHED
    session.add(upload)
    if upload.state == VERIFIED:
        upload.sha256 = measured.sha256
        _keep(session, measured, principal.account_id, now)
        records = _attach(session, principal, upload)
        if records:
            arrived(session, records, now)
    return _view(upload)


def _keep(session: Session, measured: Measured, account_id: str, now: int) -> None:
    if session.get(Blob, measured.sha256) is None:
        session.add(
            Blob(sha256=measured.sha256, size=measured.size, mime=measured.mime, check="pending", created_at=now)
        )
    if session.get(Holding, (measured.sha256, account_id)) is None:
        session.add(Holding(sha256=measured.sha256, account_id=account_id))


def _attach(session: Session, principal: Principal, upload: Upload) -> list[str]:
    """Marks what the file is now present for; returns the ids of those records, sorted."""
    waiting = select(Attachment).where(
        col(Attachment.sha256) == upload.sha256,
        col(Attachment.state) == "missing",
        or_(
            col(Attachment.account_id) == principal.account_id,
            col(Attachment.record_id) == upload.record_id,
        ),
    )
    found = []
    for attachment in session.scalars(waiting.order_by(col(Attachment.record_id)).with_for_update()):
        if attachment.account_id == principal.account_id or _may_capture(session, principal, attachment.record_id):
            attachment.state = VERIFIED
            session.add(attachment)
            found.append(attachment.record_id)
    return found


def _may_capture(session: Session, principal: Principal, record_id: str) -> bool:
    record = session.get(Record, record_id)
    return record is not None and principal.may(Permission.CAPTURE, record.scope)


def terminate(session: Session, principal: Principal, upload_id: str) -> None:
    """Forgets an upload; the caller discards its bytes after the commit. A file that was verified stays a file."""
    session.delete(_own(session, principal, upload_id))


def expire(session: Session, store: BlobStore, now: int) -> int:
    """Forgets uploads past their expiry, and bytes that no unfinished upload owns; returns how many uploads went."""
    expired = session.scalars(select(Upload).where(col(Upload.expires_at) <= now)).all()
    for upload in expired:
        session.delete(upload)
    session.flush()
    for upload_id in store.incoming_ids():
        kept = session.get(Upload, upload_id)
        if kept is None or kept.state == VERIFIED:
            store.discard(upload_id)
    return len(expired)


def _own(session: Session, principal: Principal, upload_id: str, now: int | None = None) -> Upload:
    upload = session.get(Upload, upload_id, with_for_update=True) if keys.is_upload_id(upload_id) else None
    if upload is None or upload.account_id != principal.account_id:
        raise UploadUnknown
    if now is not None and upload.expires_at <= now:
        raise UploadGone
    return upload


def _view(upload: Upload) -> UploadView:
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
