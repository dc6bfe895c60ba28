"""Taking an upload in: what the routes of tus do behind their headers.

Three steps: a short transaction that takes the lease; no session while bytes arrive and become durable piece by piece;
and when the last byte is here, the hash and a short transaction that judges it. A small file that comes whole with its
creation is hashed in memory, stored once under its digest, and told in one transaction.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import aclosing, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from typing import Annotated

from fastapi import Depends, Request
from starlette.concurrency import run_in_threadpool

from service import tus
from service.db import Database
from service.deps import Depositor
from service.settings import Settings
from storage import keys
from storage.errors import OffsetMismatch, StoreUnavailable
from storage.store import BlobStore
from sync import media, uploads
from sync.uploads import UploadSuperseded, UploadTooLarge, UploadView

HOUR = 3_600_000
PATIENCE = 2.0  # seconds


@dataclass(frozen=True, slots=True)
class Desk:
    """What one request works with; nothing of it keeps a connection open."""

    request: Request
    caller: Depositor

    @property
    def db(self) -> Database:
        database: Database = self.request.app.state.database
        return database

    @property
    def store(self) -> BlobStore:
        store: BlobStore = self.request.app.state.store
        return store

    @property
    def config(self) -> Settings:
        settings: Settings = self.request.app.state.settings
        return settings

    @property
    def endings(self) -> dict[str, threading.Event]:
        """Uploads of this process whose last bytes are being stored or judged; set when that is over."""
        endings: dict[str, threading.Event] = self.request.app.state.endings
        return endings

    @property
    def now(self) -> int:
        """Read anew each time: a body may take an hour, and a file has arrived when its last byte has."""
        now: int = self.request.app.state.clock.now()
        return now

    @property
    def ttl(self) -> int:
        return self.config.upload_ttl_hours * HOUR


AtDesk = Annotated[Desk, Depends()]


def begin(desk: Desk, announced: uploads.Announced) -> tuple[UploadView, int]:
    upload = desk.db.write(uploads.create, desk.caller, announced, desk.now, desk.ttl)
    return upload, uploads.offset(desk.store, upload)


def go_on(desk: Desk, upload_id: str) -> tuple[UploadView, int]:
    """Goes on where the headers say."""
    at, size = (tus.number(desk.request.headers, name) for name in ("Upload-Offset", "Upload-Length"))
    if at is None:
        raise tus.UploadHeaderInvalid(header="Upload-Offset")
    if size is not None and size > desk.config.upload_max_bytes:
        raise UploadTooLarge(max_bytes=desk.config.upload_max_bytes)
    return take_up(desk, upload_id, at, size), at


def take_up(desk: Desk, upload_id: str, at: int, size: int | None = None) -> UploadView:
    """The upload, with a new lease, where `at` is its offset; raises OffsetMismatch where it is not."""
    upload = desk.db.read(uploads.find, desk.caller, upload_id, desk.now)
    durable = uploads.offset(desk.store, upload)
    if durable != at:
        raise OffsetMismatch(offset=durable, headers={"Upload-Offset": str(durable)})
    return desk.db.write(uploads.open_for_append, desk.caller, upload_id, desk.now, ttl=desk.ttl, at=at, size=size)


def standing(desk: Desk, upload_id: str) -> tuple[UploadView, int]:
    """An upload of the caller and its offset, judged where that is due.

    An append whose body has ended, or whose connection broke, first stores what it still holds. Where that, or judging
    the whole file, takes longer than `PATIENCE`, nobody else begins to judge it.
    """
    upload = desk.db.read(uploads.find, desk.caller, upload_id, desk.now)
    if ending := desk.endings.get(upload_id):
        ending.wait(PATIENCE)
        upload = desk.db.read(uploads.find, desk.caller, upload_id, desk.now)
    at = uploads.offset(desk.store, upload)
    return upload if upload_id in desk.endings else settle(desk, upload, at), at


@contextmanager
def _ending(desk: Desk, upload_id: str) -> Iterator[Callable[[], None]]:
    """Gives what is called when no more of a body comes; from then to the end of the block `standing` waits."""
    over = threading.Event()

    def ends() -> None:
        desk.endings[upload_id] = over

    try:
        yield ends
    finally:
        over.set()
        if desk.endings.get(upload_id) is over:
            del desk.endings[upload_id]


async def receive_small(
    desk: Desk, announced: uploads.Announced, checksum: tus.Checksum | None
) -> tuple[UploadView, int, bool]:
    """A creation that brings a file of one piece: when all of it came, it is stored once and told in one transaction.

    If the connection breaks, an upload begins with what arrived.
    """
    size, gathered, whole = announced.size or 0, b"", True
    if (tus.number(desk.request.headers, "Content-Length") or 0) > size:
        raise UploadTooLarge(max_bytes=size)
    body = tus.pieces(desk.request, desk.store.append_size, size, desk.config.upload_idle_seconds)
    try:
        async with aclosing(tus.checked(body, checksum) if checksum else body) as good:
            async for piece in good:
                gathered += piece
    except tus.Interrupted:
        whole = False
    taken = await run_in_threadpool(_take_in, desk, announced, gathered) if len(gathered) == size else None
    if taken:
        return taken, size, whole
    upload, at = await run_in_threadpool(begin, desk, announced)
    if at == 0 and gathered:
        at = await run_in_threadpool(_append, desk, upload, at, gathered)
    return upload, at, whole


def _take_in(desk: Desk, announced: uploads.Announced, data: bytes) -> UploadView | None:
    """Stores a whole small file under its digest; None where that is not the declared one."""
    measured = media.measured(data)
    if announced.sha256 not in (None, measured.sha256):
        return None
    judge = partial(media.take_in, principal=desk.caller, announced=announced, measured=measured, ttl=desk.ttl)
    return _judged(desk, lambda: desk.store.put(keys.of_digest(measured.sha256), data), judge)


async def receive(desk: Desk, upload: UploadView, at: int, checksum: tus.Checksum | None) -> tuple[int, bool]:
    """Appends the body from offset `at`; returns the durable offset, and whether the body came to its end."""
    limit = (desk.config.upload_max_bytes if upload.size is None else upload.size) - at
    if (tus.number(desk.request.headers, "Content-Length") or 0) > limit:
        raise UploadTooLarge(max_bytes=limit)
    try:
        with _ending(desk, upload.id) as ends:
            body = tus.pieces(desk.request, desk.store.append_size, limit, desk.config.upload_idle_seconds, ends)
            good = tus.checked(body, checksum) if checksum else body
            async with aclosing(good), aclosing(tus.ahead(good)) as arriving:
                async for piece in arriving:
                    at = await run_in_threadpool(_append, desk, upload, at, piece)
    except tus.Interrupted:
        return at, False
    return at, True


def _append(desk: Desk, upload: UploadView, at: int, piece: bytes) -> int:
    """Stores one piece and returns the durable offset, while the next one arrives.

    Unless a newer append has taken over: a connection that hangs never locks its phone out.
    """
    if not desk.db.read(uploads.holds_lease, upload):
        raise UploadSuperseded
    desk.store.append(upload.id, at, piece)
    return desk.store.size(upload.id)


async def settled(desk: Desk, upload: UploadView, at: int) -> UploadView:
    """`settle` for coroutines, in a thread where there is something to judge."""
    if not _is_due(upload, at):
        return upload
    with _ending(desk, upload.id) as ends:
        ends()
        return await run_in_threadpool(settle, desk, upload, at)


def _is_due(upload: UploadView, at: int) -> bool:
    return upload.state == uploads.OPEN and at == upload.size


def settle(desk: Desk, upload: UploadView, at: int) -> UploadView:
    """Judges an upload whose last byte is here. Any request that finds it so may: harmless again, and after a crash."""
    if not _is_due(upload, at):
        return upload
    try:
        measured = media.measure(desk.store, upload)
        judge = partial(media.finish, principal=desk.caller, upload_id=upload.id, measured=measured)
        judged = _judged(desk, lambda: media.seal(desk.store, upload, measured), judge)
    except (OffsetMismatch, StoreUnavailable):
        found = desk.db.read(uploads.find, desk.caller, upload.id, desk.now)
        if found.state == uploads.OPEN:
            raise
        return found  # another request judged it meanwhile, and its bytes are no longer incoming
    if judged.state == uploads.VERIFIED:
        desk.store.discard(upload.id)
    return judged


def _judged(desk: Desk, place: Callable[[], None], judge: Callable[..., UploadView]) -> UploadView:
    """Places the bytes, then judges in a transaction; both again should a sweep of old bytes have come between."""
    arrived: media.Arrived = desk.request.app.state.media_arrived
    while True:
        place()
        with suppress(media.SweptAway):
            return desk.db.write(judge, now=desk.now, arrived=arrived, here=_here(desk))


def _here(desk: Desk) -> Callable[[str], bool]:
    return lambda sha256: desk.store.exists(keys.of_digest(sha256))
