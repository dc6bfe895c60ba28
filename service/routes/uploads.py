"""Resumable uploads by tus 1.0.0. Bytes arrive in `create` and `append`, the coroutines of the service.

They work in three steps: a short transaction that takes the lease; no session while bytes arrive and become durable
piece by piece; and when the last byte is here, the hash and a short transaction that judges it.
"""

from contextlib import aclosing
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response, status
from starlette.concurrency import run_in_threadpool

from service import tus
from service.deps import CALLER_CODES, Caller, Config, Db, Store
from service.problems import responses
from storage.errors import OffsetMismatch
from sync import media, uploads
from sync.uploads import UploadSuperseded, UploadTooLarge, UploadView

HOUR = 3_600_000
COMMON = (*CALLER_CODES, "tus_version", "storage_unavailable")
ONE = (*COMMON, "upload_unknown", "upload_gone")
BYTES = ("upload_header_invalid", "upload_length_invalid", "upload_too_large", "checksum_mismatch", "upload_superseded")

# `max_body_size` lifts the limit of JSON bodies; how much an upload may hold is checked below, in the words of tus.
router = APIRouter(tags=["uploads"], route_class=tus.TusRoute, max_body_size=2**60)


@dataclass(frozen=True, slots=True)
class Desk:
    """What one request works with; nothing of it keeps a connection open."""

    request: Request
    caller: Caller
    db: Db
    store: Store
    config: Config

    @property
    def now(self) -> int:
        """Read anew each time: a body may take an hour, and a file has arrived when its last byte has."""
        now: int = self.request.app.state.clock.now()
        return now

    @property
    def ttl(self) -> int:
        return self.config.upload_ttl_hours * HOUR


AtDesk = Annotated[Desk, Depends()]


def _documented(*names: str, body: bool = False) -> dict[str, Any]:
    """OpenAPI of what `service.tus` reads itself; names that end in `!` are required."""
    headers = [
        {"name": n.rstrip("!"), "in": "header", "required": n.endswith("!"), "schema": tus.HEADERS[n.rstrip("!")]}
        for n in ("Tus-Resumable!", *names)
    ]
    content = {tus.OFFSET_TYPE: {"schema": {"type": "string", "format": "binary"}}}
    return {"parameters": headers, **({"requestBody": {"content": content}} if body else {})}


@router.options("/v1/uploads", operation_id="uploadAbilities", status_code=status.HTTP_204_NO_CONTENT)
@router.options("/v1/uploads/{upload_id}", include_in_schema=False, status_code=status.HTTP_204_NO_CONTENT)
def abilities(config: Config) -> Response:
    """What of tus is spoken here, and the largest file."""
    headers = {
        "Tus-Version": tus.VERSION,
        "Tus-Extension": tus.EXTENSIONS,
        "Tus-Max-Size": str(config.upload_max_bytes),
        "Tus-Checksum-Algorithm": ",".join(tus.CHECKSUMS),
    }
    return Response(status_code=status.HTTP_204_NO_CONTENT, headers=headers)


@router.post(
    "/v1/uploads",
    operation_id="createUpload",
    status_code=status.HTTP_201_CREATED,
    response_class=Response,
    responses=responses(*COMMON, *BYTES),
    openapi_extra=_documented("Upload-Length", "Upload-Defer-Length", "Upload-Metadata", "Upload-Checksum", body=True),
)
async def create(desk: AtDesk) -> Response:
    """Begins an upload, or finds the unfinished one that this client began for the same file; may bring first bytes.

    `Upload-Metadata`: `filename`, `filetype`, `sha256` (hex, of the whole file), `record` (id of a record it is for).
    """
    headers = desk.request.headers
    announced, checksum = tus.announced(headers, desk.config.upload_max_bytes), tus.checksum(headers)
    upload, at = await run_in_threadpool(_begin, desk, announced)
    whole = True
    if at == 0 and tus.carries_bytes(headers):
        at, whole = await _receive(desk, upload, at, checksum)
    upload = await run_in_threadpool(_settle, desk, upload, at)
    location = f"{desk.config.public_url.rstrip('/')}/v1/uploads/{upload.id}"  # absolute: some clients need it so
    return _answer(status.HTTP_201_CREATED, upload, at, whole=whole, headers={"Location": location})


@router.head(
    "/v1/uploads/{upload_id}",
    operation_id="getUploadOffset",
    response_class=Response,
    responses=responses(*ONE),
    openapi_extra=_documented(),
)
def offset(upload_id: str, desk: AtDesk) -> Response:
    """How many bytes are durable, and in `Upload-State` whether the whole file was `verified`."""
    upload = desk.db.read(uploads.find, desk.caller, upload_id, desk.now)
    at = uploads.offset(desk.store, upload)
    upload = _settle(desk, upload, at)
    return _answer(status.HTTP_200_OK, upload, at, headers=tus.shown_metadata(upload))


@router.patch(
    "/v1/uploads/{upload_id}",
    operation_id="appendToUpload",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=responses(*ONE, *BYTES, "offset_mismatch", "hash_mismatch", "unsupported_media_type"),
    openapi_extra=_documented("Upload-Offset!", "Upload-Length", "Upload-Checksum", body=True),
)
async def append(upload_id: str, desk: AtDesk) -> Response:
    """Adds bytes at `Upload-Offset`. If the connection breaks, what arrived is kept, unless it came with a checksum."""
    headers = desk.request.headers
    if not tus.carries_bytes(headers):
        raise tus.ContentType
    checksum = tus.checksum(headers)
    upload, at = await run_in_threadpool(_go_on, desk, upload_id)
    at, whole = await _receive(desk, upload, at, checksum)
    upload = await run_in_threadpool(_settle, desk, upload, at)
    return _answer(status.HTTP_204_NO_CONTENT, upload, at, whole=whole)


@router.delete(
    "/v1/uploads/{upload_id}",
    operation_id="terminateUpload",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=responses(*COMMON, "upload_unknown"),
    openapi_extra=_documented(),
)
def terminate(upload_id: str, desk: AtDesk) -> Response:
    """Gives an upload up. A file that was verified stays with its records."""
    desk.db.write(uploads.terminate, desk.caller, upload_id)
    desk.store.discard(upload_id)
    return Response(status_code=status.HTTP_204_NO_CONTENT)


@router.post("/v1/uploads/{upload_id}", include_in_schema=False)
async def override(upload_id: str, desk: AtDesk) -> Response:
    """PATCH and DELETE for clients whose network lets neither through (tus: X-HTTP-Method-Override)."""
    match desk.request.headers.get("x-http-method-override", "").upper():
        case "PATCH":
            return await append(upload_id, desk)
        case "DELETE":
            return await run_in_threadpool(terminate, upload_id, desk)
    raise tus.MethodNotAllowed(headers={"Allow": "HEAD, PATCH, DELETE, OPTIONS"})


def _begin(desk: Desk, announced: uploads.Announced) -> tuple[UploadView, int]:
    upload = desk.db.write(uploads.create, desk.caller, announced, desk.now, desk.ttl)
    return upload, uploads.offset(desk.store, upload)


def _go_on(desk: Desk, upload_id: str) -> tuple[UploadView, int]:
    """Compares the offset, and only then takes the lease."""
    at, size = (tus.number(desk.request.headers, name) for name in ("Upload-Offset", "Upload-Length"))
    if at is None:
        raise tus.UploadHeaderInvalid(header="Upload-Offset")
    if size is not None and size > desk.config.upload_max_bytes:
        raise UploadTooLarge(max_bytes=desk.config.upload_max_bytes)
    upload = desk.db.read(uploads.find, desk.caller, upload_id, desk.now)
    durable = uploads.offset(desk.store, upload)
    if durable != at:
        raise OffsetMismatch(offset=durable)
    upload = desk.db.write(uploads.open_for_append, desk.caller, upload_id, desk.now, ttl=desk.ttl, at=at, size=size)
    return upload, at


async def _receive(desk: Desk, upload: UploadView, at: int, checksum: tus.Checksum | None) -> tuple[int, bool]:
    """Appends the body from offset `at`; returns the durable offset, and whether the body came to its end."""
    limit = (desk.config.upload_max_bytes if upload.size is None else upload.size) - at
    if (tus.number(desk.request.headers, "Content-Length") or 0) > limit:
        raise UploadTooLarge(max_bytes=limit)
    body = tus.pieces(desk.request, desk.store.append_size, limit, desk.config.upload_idle_seconds)
    try:
        async with aclosing(tus.checked(body, checksum) if checksum else body) as good:
            async for piece in good:
                at = await run_in_threadpool(_append, desk, upload, at, piece)
    except tus.Interrupted:
        return await run_in_threadpool(desk.store.size, upload.id), False
    if at != upload.size:  # a file that is complete becomes durable when it is sealed
        at = await run_in_threadpool(desk.store.size, upload.id)
    return at, True


def _append(desk: Desk, upload: UploadView, at: int, piece: bytes) -> int:
    """One piece, unless a newer append has taken over: a connection that hangs never locks its phone out."""
    if not desk.db.read(uploads.holds_lease, upload):
        raise UploadSuperseded
    return desk.store.append(upload.id, at, piece)


def _settle(desk: Desk, upload: UploadView, at: int) -> UploadView:
    """Judges an upload whose last byte is here. Any request that finds it so may: harmless again, and after a crash."""
    if upload.state != uploads.OPEN or at != upload.size:
        return upload
    try:
        measured = media.measure(desk.store, upload)
        media.seal(desk.store, upload, measured)
    except OffsetMismatch:  # another request judged it meanwhile, and its bytes are no longer incoming
        return desk.db.read(uploads.find, desk.caller, upload.id, desk.now)
    arrived: media.Arrived = desk.request.app.state.media_arrived
    judged = desk.db.write(media.finish, desk.caller, upload.id, measured, now=desk.now, arrived=arrived)
    if judged.state == uploads.VERIFIED:
        desk.store.discard(upload.id)
    return judged


def _answer(
    code: int, upload: UploadView, at: int, *, whole: bool = True, headers: dict[str, str] | None = None
) -> Response:
    """`whole` False ends the connection: what may still come on it is not wanted."""
    ending = {} if whole else {"Connection": "close"}
    return Response(status_code=code, headers={**tus.shown(upload, at), **ending, **(headers or {})})
