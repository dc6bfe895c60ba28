"""Files that pass the service by: parts of an upload put into the bucket, files read from it, by addresses it signs.

Offered where `s3_public_endpoint` is set. What was put counts once it was found, and is verified as every upload is.
"""

from typing import TYPE_CHECKING, Annotated, Literal
from uuid import UUID, uuid4

from fastapi import APIRouter, status
from pydantic import Field, StringConstraints

from programme.reading import original
from service.answers import disposition
from service.deps import CALLER_CODES, Links, Witnessed
from service.fields import SHA256, Answer, AsOf, Body, Digest, Instant, RecordId, Version
from service.file_codes import FILE_CODES
from service.problems import responses
from service.receiving import AtDesk, Desk, settle, take_up
from storage import keys
from storage.errors import ObjectUnknown
from sync import uploads
from sync.errors import SyncError
from sync.uploads import UploadTooLarge, UploadView

if TYPE_CHECKING:
    from storage.direct import Direct, Link

PUT_SECONDS, GET_SECONDS = 900, 300
LARGEST = 5 * 2**30  # of one PUT, by S3
COMMON = (*CALLER_CODES, "storage_unavailable", "direct_not_offered")
CODES = (*COMMON, "upload_unknown", "upload_gone")

router = APIRouter()


class DirectNotOffered(SyncError):
    """Files of this service go through it, and through it alone."""

    code = "direct_not_offered"


class PartMissing(SyncError):
    """Nothing was put there, or not all of it."""

    code = "part_missing"


class NewPart(Body):
    """Bytes of the file that are to be put: where they begin, how many, and their own digest."""

    offset: Annotated[int, Field(ge=0, lt=2**50)]
    size: Annotated[int, Field(ge=1, le=LARGEST)]
    sha256: Annotated[str, StringConstraints(pattern=SHA256)]


class PutPart(Body):
    """What was put, as it was asked for."""

    offset: Annotated[int, Field(ge=0, lt=2**50)]
    size: Annotated[int, Field(ge=1, le=LARGEST)]


class SignedLink(Answer):
    """One request to send, with these headers and without a token of the service, before `expires_at`."""

    method: Literal["GET", "PUT"]
    url: str
    headers: dict[str, str]
    expires_at: Instant


class PartLink(SignedLink):
    part: str


class UploadStanding(Answer):
    """As the headers `Upload-Offset` and `Upload-State` say it to tus clients."""

    offset: int
    state: Literal["open", "verified", "hash_mismatch", "destroyed"]


@router.post(
    "/v1/uploads/{upload_id}/parts",
    tags=["uploads"],
    operation_id="createUploadPart",
    status_code=status.HTTP_201_CREATED,
    responses=responses(*CODES, "upload_too_large", "hash_mismatch"),
)
def create_part(upload_id: str, body: NewPart, desk: AtDesk, links: Links) -> PartLink:
    """An address to put one part at. Parts may travel side by side; they count in the order of their offsets."""
    upload = desk.db.read(uploads.find, desk.caller, upload_id, desk.now)
    _fits(desk, upload, body.offset + body.size)
    part = str(uuid4())
    link = _offered(links).part(upload.id, part, body.size, body.sha256, PUT_SECONDS)
    return PartLink(part=part, method="PUT", **_shown(link, desk.now, PUT_SECONDS))


@router.post(
    "/v1/uploads/{upload_id}/parts/{part}",
    tags=["uploads"],
    operation_id="confirmUploadPart",
    responses=responses(*CODES, "upload_too_large", "hash_mismatch", "offset_mismatch", "part_missing"),
)
def confirm_part(upload_id: str, part: UUID, body: PutPart, desk: AtDesk, links: Links) -> UploadStanding:
    """Counts a part that was put. The last one has the whole file read back, hashed and judged."""
    upload = take_up(desk, upload_id, body.offset)
    _fits(desk, upload, body.offset + body.size)
    try:
        at = _offered(links).store.adopt(upload.id, body.offset, body.size, str(part))
    except ObjectUnknown:
        raise PartMissing from None
    return UploadStanding(offset=at, state=settle(desk, upload, at).state)


@router.get(
    "/v1/media/{record_id}/{sha256}/link",
    tags=["media"],
    operation_id="linkMedia",
    responses=responses(*COMMON, "record_unknown", *FILE_CODES, "original_restricted"),
)
def link_media(
    record_id: RecordId, sha256: Digest, *, at: Witnessed, links: Links, as_: AsOf = "head", ver: Version = None
) -> SignedLink:
    """An address to read the original at, with any `Range`. Whoever has it can read the file until it expires."""
    found = at.db.read(original, at.caller, record_id, sha256, verified=as_ == "verified", ver=ver)
    link = _offered(links).read(keys.of_digest(sha256), disposition(found.name), found.mime, GET_SECONDS)
    at.saw("original_read", record_id, file=sha256, start=0)
    return SignedLink(method="GET", **_shown(link, at.now, GET_SECONDS))


def _offered(links: "Direct | None") -> "Direct":
    if links is None:
        raise DirectNotOffered
    return links


def _fits(desk: Desk, upload: UploadView, end: int) -> None:
    limit = desk.config.upload_max_bytes if upload.size is None else upload.size
    if end > limit:
        raise UploadTooLarge(max_bytes=limit)


def _shown(link: "Link", now: int, seconds: int) -> dict[str, object]:
    return {"url": link.url, "headers": link.headers, "expires_at": now + seconds * 1000}
