"""Files: judged when their last byte is here, and read through a record (protocol C.8, P41, P44).

`measure` and `seal` move bytes and take no Session; they run between two transactions, so that none is open while a
disk is slow. Killed anywhere on the way from `measure` to `finish`, the service can begin again with `measure`.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import filetype
import orjson
from sqlalchemy import insert, or_, select, update
from sqlmodel import Session, col

from auth.principal import Permission, Principal
from storage.errors import OffsetMismatch
from storage.store import BlobStore
from sync import fresh, jobs, spills
from sync.errors import SyncError
from sync.locks import hold
from sync.models import Attachment, Blob, Holding, Record, Upload
from sync.records import Shown
from sync.uploads import MISMATCHED, OPEN, VERIFIED, Announced, UploadView, create, own, view

UNKNOWN_MIME = "application/octet-stream"
DESTROYED = "destroyed"  # an upload that brought bytes which may not be kept (`spills.py`)

Arrived = Callable[[Session, list[str], int], None]
"""Told, inside the transaction, which records a file has just become present for, and when (ms)."""


class MediaUnknown(SyncError):
    """The record names no such file."""

    code = "media_unknown"


class MediaMissing(SyncError):
    """The record names the file; its bytes are not here."""

    code = "media_missing"


class SweptAway(Exception):
    """A sweep took the old bytes of this digest just after they were sealed anew: seal again, and finish again."""


class MediaQuarantined(SyncError):
    """The file is kept apart, or its bytes were destroyed. Its code says why, its text what to do."""

    code = "media_quarantined"

    def __init__(self, code: str) -> None:
        super().__init__()
        self.code = code  # type: ignore[misc]  # one class, as many codes as there are reasons


@dataclass(frozen=True, slots=True)
class Measured:
    """What the bytes in the store are: digest in hex, size, and the type that their first bytes show."""

    sha256: str
    size: int
    mime: str


@dataclass(frozen=True, slots=True)
class Media:
    """A file as a record shows it; `name` is display text, as it was sent."""

    sha256: str
    mime: str
    name: str
    previews: str


def measure(store: BlobStore, upload: UploadView) -> Measured:
    """Reads all bytes of a complete upload. Raises OffsetMismatch where they are fewer, or gone."""
    digest, size, head = hashlib.sha256(), 0, b""
    for piece in store.incoming(upload.id):
        head = head or piece[:8192]
        digest.update(piece)
        size += len(piece)
    if size != upload.size:
        raise OffsetMismatch(offset=size)
    return Measured(digest.hexdigest(), size, mime_of(head))


def measured(data: bytes) -> Measured:
    """A file that is small enough to be held."""
    return Measured(hashlib.sha256(data).hexdigest(), len(data), mime_of(data[:8192]))


def take_in(
    session: Session,
    principal: Principal,
    announced: Announced,
    measured: Measured,
    ttl: int,
    *,
    now: int,
    arrived: Arrived,
    here: Callable[[str], bool],
) -> UploadView:
    """A small file that came whole with its creation and is an object already: both steps in one transaction.

    Raises SweptAway as `finish` does.
    """
    hold(session, [measured.sha256])
    if not fresh.is_met(session, principal, measured.sha256):
        if not here(measured.sha256):
            raise SweptAway
        return fresh.keep(session, principal, announced, _blob(measured, now), now, ttl)
    upload = create(session, principal, announced, now, ttl)
    return finish(session, principal, upload.id, measured, now=now, arrived=arrived, here=here)


def mime_of(head: bytes) -> str:
    """The type that the first bytes of a file show."""
    return filetype.guess_mime(head) or UNKNOWN_MIME


def seal(store: BlobStore, upload: UploadView, measured: Measured) -> None:
    """Makes the bytes an object where they are the declared ones; else they stay apart. Comes before `finish`."""
    if upload.sha256 in (None, measured.sha256):
        store.seal(upload.id, measured.sha256, measured.size)


def finish(
    session: Session,
    principal: Principal,
    upload_id: str,
    measured: Measured,
    *,
    now: int,
    arrived: Arrived,
    here: Callable[[str], bool],
) -> UploadView:
    """Judges a complete upload and lets the records that wait for its file know. Finishing again changes nothing.

    `here` looks for the object of a digest; raises SweptAway where it has gone since `seal`.

    A file counts for the records to which this account attached it, and for the record that the upload named if the
    caller may capture there; never for others, whoever has the same bytes (protocol P44).
    """
    hold(session, [measured.sha256])
    upload = own(session, principal, upload_id)
    if upload.state != OPEN:
        return view(upload)
    upload.state = VERIFIED if upload.sha256 in (None, measured.sha256) else MISMATCHED
    session.add(upload)
    if upload.state == VERIFIED:
        upload.sha256 = measured.sha256
        if spills.is_destroyed(session, measured.sha256):
            upload.state = DESTROYED
            jobs.add(session, spills.DESTROY, f"{measured.sha256} {upload.id}", now)
        elif session.get(Blob, measured.sha256) is None and not here(measured.sha256):
            raise SweptAway
        else:
            _keep(session, measured, principal.account_id, now)
        records = _attach(session, principal, upload)
        if records:
            arrived(session, records, now)
    return view(upload)


def _keep(session: Session, measured: Measured, account_id: str, now: int) -> None:
    sha256 = measured.sha256
    if session.scalar(select(col(Blob.sha256)).where(col(Blob.sha256) == sha256)) is None:
        session.execute(insert(Blob).values(_blob(measured, now)))
        jobs.add(session, jobs.INSPECT, sha256, now)
    else:
        session.execute(update(Blob).where(col(Blob.sha256) == sha256).values(created_at=now))
    if not holds(session, account_id, sha256):
        session.execute(insert(Holding).values(sha256=sha256, account_id=account_id))


def _blob(measured: Measured, now: int) -> dict[str, Any]:
    """The row of a file that nothing is known of yet."""
    blob = {"sha256": measured.sha256, "size": measured.size, "mime": measured.mime, "created_at": now}
    return {**blob, "check": "pending", "previews": "pending", "scan": "not_scanned"}


def holds(session: Session, account_id: str, sha256: str) -> bool:
    """Whether an account has sent every byte of a file."""
    where = (col(Holding.sha256) == sha256, col(Holding.account_id) == account_id)
    return session.scalar(select(col(Holding.sha256)).where(*where)) is not None


def _attach(session: Session, principal: Principal, upload: Upload) -> list[str]:
    """Marks what the file is now present for; returns the ids of those records, sorted."""
    of_file = col(Attachment.sha256) == upload.sha256
    mine = col(Attachment.account_id) == principal.account_id
    waiting = (
        select(col(Attachment.record_id), col(Attachment.account_id))
        .where(of_file, col(Attachment.state) == "missing")
        .where(or_(mine, col(Attachment.record_id) == upload.record_id))
        .order_by(col(Attachment.record_id))
        .with_for_update()
    )
    found = [
        record_id
        for record_id, account_id in session.execute(waiting).all()
        if account_id == principal.account_id or _may_capture(session, principal, record_id)
    ]
    if found:
        session.execute(
            update(Attachment).where(of_file, col(Attachment.record_id).in_(found)).values(state=upload.state)
        )
    return found


def _may_capture(session: Session, principal: Principal, record_id: str) -> bool:
    record = session.get(Record, record_id)
    return record is not None and principal.may(Permission.CAPTURE, record.scope)


def find(session: Session, shown: Shown, sha256: str) -> Media:
    """A file that a version of a record names; the caller may read that version.

    Raises MediaUnknown, MediaMissing, MediaQuarantined.

    Bytes that another account brought do not count until they have come for this record.
    """
    doc = orjson.loads(shown.doc)
    named = next((m for m in doc["data"].get("media", ()) if m["sha256"] == sha256), None)
    attachment = session.get(Attachment, (shown.id, sha256))
    if named is None or attachment is None:
        raise MediaUnknown
    blob = session.get(Blob, sha256)
    if attachment.state == DESTROYED:
        raise MediaQuarantined("file_destroyed")
    if attachment.state != VERIFIED or blob is None:
        raise MediaMissing
    if blob.held:
        raise MediaQuarantined(blob.held)
    return Media(sha256, blob.mime, named.get("name") or sha256, blob.previews)
