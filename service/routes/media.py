"""Files of records: the original bytes for those who may read the record. No hash alone opens a file."""

import base64
import re
from typing import Annotated, Literal

from fastapi import APIRouter, Request, Response, status
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, Field, StringConstraints

from auth.tokens import sign
from programme.reading import original
from service.answers import disposition
from service.deps import CALLER_CODES, Caller, Config, Db, Keys, Now, Store, Witnessed
from service.fields import RECORD_ID, SHA256, Answer, AsOf, Body, Digest, RecordId, Version
from service.file_codes import FILE_CODES
from service.problems import responses
from storage import keys
from storage.errors import ObjectUnknown
from storage.store import BlobStore
from sync import files, media
from sync.errors import SyncError
from sync.receipt import MEDIA_TYP, media_receipt

CODES = (*CALLER_CODES, "record_unknown", *FILE_CODES, "original_restricted", "range_invalid", "storage_unavailable")
RANGE = re.compile(r"bytes=([0-9]{0,15})-([0-9]{0,15})")
BYTES = {"content": {"*/*": {"schema": {"type": "string", "format": "binary"}}}}

router = APIRouter(tags=["media"])


class HeldFile(Body):
    """A file that a phone holds, and the record that it was attached to."""

    record_id: Annotated[str, StringConstraints(pattern=RECORD_ID)]
    sha256: Annotated[str, StringConstraints(pattern=SHA256)]


class HeldFiles(Body):
    files: Annotated[list[HeldFile], Field(max_length=1000)]


class FileStanding(Answer):
    """`missing`: send it. `unknown`: nothing that the caller may read names it. `safe_to_delete`: from the phone.

    `quarantined` for the reason `code`; with `remove` the phone has to delete its copy.
    """

    record_id: str
    sha256: str
    state: Literal["verified", "missing", "unknown", "quarantined", "destroyed"]
    backed_up: bool = False
    safe_to_delete: bool = False
    code: str | None = None
    remove: bool = False


class FileStandings(BaseModel):
    files: list[FileStanding]
    receipt: Annotated[str | None, Field(description="JWS over those whose every byte came and was hashed here")]


class RangeInvalid(SyncError):
    code = "range_invalid"


@router.post("/v1/media/verify", operation_id="verifyMedia", responses=responses(*CALLER_CODES))
def verify(held: HeldFiles, caller: Caller, db: Db, signing: Keys, config: Config, now: Now) -> FileStandings:
    """How the files that a phone holds stand here, in the order asked: which to send, which it may delete."""
    found = db.read(files.standings, caller, [(f.record_id, f.sha256) for f in held.files])
    told = list(zip(held.files, found, strict=True))
    here = [(asked.record_id, asked.sha256) for asked, shown in told if shown["state"] == files.VERIFIED]
    said = media_receipt(here, caller, config.public_url, now) if here else None
    standings = [FileStanding(**{**asked.model_dump(), **shown}) for asked, shown in told]
    return FileStandings(files=standings, receipt=said and sign(signing, MEDIA_TYP, said))


@router.get(
    "/v1/media/{record_id}/{sha256}",
    operation_id="getMedia",
    response_class=StreamingResponse,
    responses={200: BYTES, 206: BYTES, **responses(*CODES)},
)
@router.head(
    "/v1/media/{record_id}/{sha256}",
    operation_id="getMediaHead",
    response_class=Response,
    responses=responses(*CODES),
)
def download(
    record_id: RecordId,
    sha256: Digest,
    *,
    request: Request,
    at: Witnessed,
    store: Store,
    as_: AsOf = "head",
    ver: Version = None,
) -> Response:
    """The original bytes of a file that the record names, or named at a version or when it was verified.

    One byte range may be asked for (RFC 9110 §14).
    """
    found = at.db.read(original, at.caller, record_id, sha256, verified=as_ == "verified", ver=ver)
    size = _length(store, sha256)
    part = _part(request, sha256, size)
    start, stop = part or (0, size)
    headers = {**_described(found), "Content-Length": str(stop - start)}
    if part:
        headers["Content-Range"] = f"bytes {start}-{stop - 1}/{size}"
    code = status.HTTP_206_PARTIAL_CONTENT if part else status.HTTP_200_OK
    if request.method == "HEAD":
        return Response(status_code=code, headers=headers, media_type=found.mime)
    at.saw("original_read", record_id, file=sha256, start=start)
    body = store.read(keys.of_digest(sha256), start, stop - start)
    return StreamingResponse(body, code, headers, media_type=found.mime)


def _length(store: BlobStore, sha256: str) -> int:
    try:
        return store.length(keys.of_digest(sha256))
    except ObjectUnknown:
        raise media.MediaMissing from None


def _part(request: Request, sha256: str, size: int) -> tuple[int, int] | None:
    """Start and stop of the one range that was asked for; None for the whole file, also where the range is unreadable.

    Raises RangeInvalid for a range that has no byte of the file.
    """
    match = RANGE.fullmatch(request.headers.get("range", "").strip())
    if not match or request.method != "GET" or request.headers.get("if-range", _etag(sha256)) != _etag(sha256):
        return None
    first, last = match.groups()
    if first:
        start, stop = int(first), min(int(last) + 1, size) if last else size
    elif last:
        start, stop = max(size - int(last), 0), size
    else:
        return None
    if last and first and int(last) < start:
        return None  # not a range at all (RFC 9110 §14.1.1)
    if start >= stop:
        raise RangeInvalid(headers={"Content-Range": f"bytes */{size}"})
    return start, stop


def _described(found: media.Media) -> dict[str, str]:
    """Headers that make a browser keep the file and never run it; the digest lets a client check what it got."""
    digest = base64.b64encode(bytes.fromhex(found.sha256)).decode()
    return {
        "Content-Disposition": disposition(found.name),
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "Cache-Control": "private, no-cache",
        "Accept-Ranges": "bytes",
        "ETag": _etag(found.sha256),
        "Repr-Digest": f"sha-256=:{digest}:",
    }


def _etag(sha256: str) -> str:
    return f'"{sha256}"'
