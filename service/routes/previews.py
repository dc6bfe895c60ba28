"""Pictures of files: small, upright, without a word of metadata; for everybody who may read the record."""

from typing import Annotated, Literal

from fastapi import APIRouter, Header, Response, status
from fastapi.responses import StreamingResponse
from sqlmodel import Session

from auth.principal import Principal
from programme.reading import chosen
from service.deps import CALLER_CODES, Caller, Db, Store
from service.fields import AsOf, Digest, RecordId, Version
from service.file_codes import FILE_CODES
from service.problems import responses
from storage import keys
from storage.errors import ObjectUnknown
from storage.store import BlobStore
from sync import served
from sync.media import Media

CODES = (*CALLER_CODES, "record_unknown", *FILE_CODES, "preview_pending", "preview_none", "storage_unavailable")
JPEG = "image/jpeg"
SHOWN = {
    200: {"content": {JPEG: {"schema": {"type": "string", "format": "binary"}}}},
    304: {"description": "Unchanged"},
}

router = APIRouter(tags=["media"])


@router.get(
    "/v1/media/{record_id}/{sha256}/pictures/{picture}",
    operation_id="getPreview",
    response_class=StreamingResponse,
    responses={**SHOWN, **responses(*CODES)},  # type: ignore[dict-item]
)
def preview(
    record_id: RecordId,
    sha256: Digest,
    picture: Literal["thumbnail", "preview"],
    *,
    caller: Caller,
    db: Db,
    store: Store,
    as_: AsOf = "head",
    ver: Version = None,
    if_none_match: Annotated[str, Header()] = "",
) -> Response:
    """A JPEG of at most 320 (`thumbnail`) or 1600 (`preview`) pixels a side; of a paper, its first page."""
    db.read(_pictured, caller, record_id, sha256, verified=as_ == "verified", ver=ver)
    etag = f'"{sha256}-{picture}"'
    # Asked for anew each time: a file that is quarantined is gone from that moment.
    headers = {"Cache-Control": "private, no-cache", "ETag": etag, "X-Content-Type-Options": "nosniff"}
    if etag in if_none_match:
        return Response(status_code=status.HTTP_304_NOT_MODIFIED, headers=headers)
    key = keys.of_derivative(sha256, picture)
    headers["Content-Length"] = str(_length(store, key))
    return StreamingResponse(store.read(key), headers=headers, media_type=JPEG)


def _pictured(
    session: Session, caller: Principal, record_id: str, sha256: str, *, verified: bool, ver: int | None
) -> Media:
    return served.pictured(session, chosen(session, caller, record_id, verified=verified, ver=ver), sha256)


def _length(store: BlobStore, key: str) -> int:
    try:
        return store.length(key)
    except ObjectUnknown:
        raise served.PreviewNone from None
