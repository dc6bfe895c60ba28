"""Resumable uploads by tus 1.0.0. Bytes arrive in `create` and `append`, the coroutines of the service.

They work in three steps: a short transaction that takes the lease; no session while bytes arrive and become durable
piece by piece; and when the last byte is here, the hash and a short transaction that judges it.
"""

from typing import Any

from fastapi import APIRouter, Response, status
from starlette.concurrency import run_in_threadpool

from service import tus
from service.deps import CALLER_CODES, Config
from service.problems import responses
from service.receiving import AtDesk, begin, go_on, receive, receive_small, settled, standing
from service.traces import current
from sync import uploads
from sync.uploads import UploadView

COMMON = (*CALLER_CODES, "tus_version", "storage_unavailable")
ONE = (*COMMON, "upload_unknown", "upload_gone")
BYTES = ("upload_header_invalid", "upload_length_invalid", "upload_too_large", "checksum_mismatch", "upload_superseded")

# `max_body_size` lifts the limit of JSON bodies; how much an upload may hold is checked below, in the words of tus.
router = APIRouter(tags=["uploads"], route_class=tus.TusRoute, max_body_size=2**60)


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
    responses=responses(*COMMON, *BYTES, "secret_refused"),
    openapi_extra=_documented("Upload-Length", "Upload-Defer-Length", "Upload-Metadata", "Upload-Checksum", body=True),
)
async def create(desk: AtDesk) -> Response:
    """Begins an upload, or finds the unfinished one that this client began for the same file; may bring first bytes.

    `Upload-Metadata`: `filename`, `filetype`, `sha256` (hex, of the whole file), `record` (id of a record it is for),
    `marked_secret` (`yes`: the paper bears a mark of secrecy; refused before a byte is read).
    """
    headers = desk.request.headers
    announced, checksum = tus.announced(headers, desk.config.upload_max_bytes), tus.checksum(headers)
    if tus.carries_bytes(headers) and 0 < (announced.size or 0) <= desk.store.append_size:
        upload, at, whole = await receive_small(desk, announced, checksum)
    else:
        upload, at, whole = *await run_in_threadpool(begin, desk, announced), True
        if at == 0 and tus.carries_bytes(headers):
            at, whole = await receive(desk, upload, at, checksum)
    upload = await settled(desk, upload, at)
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
    upload, at = standing(desk, upload_id)
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
    upload, at = await run_in_threadpool(go_on, desk, upload_id)
    at, whole = await receive(desk, upload, at, checksum)
    upload = await settled(desk, upload, at)
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


def _answer(
    code: int, upload: UploadView, at: int, *, whole: bool = True, headers: dict[str, str] | None = None
) -> Response:
    """`whole` False ends the connection: what may still come on it is not wanted."""
    current().tell(bytes=at)
    ending = {} if whole else {"Connection": "close"}
    return Response(status_code=code, headers={**tus.shown(upload, at), **ending, **(headers or {})})
