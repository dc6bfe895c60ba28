"""Files that people keep apart, let out again, or have destroyed: the procedure for spills (domain L7, L8)."""

from dataclasses import asdict
from typing import Annotated, Literal

from fastapi import APIRouter, Response, status
from pydantic import Field

from service.deps import CALLER_CODES, Types, Witnessed
from service.fields import Answer, Body, Digest, Instant, RecordId, ShortText
from service.listing import Limit, Place, decode_since, encode_since
from service.problems import responses
from service.strong import Strong
from sync.quarantine import destroy, listed, quarantine, release

CODES = (*CALLER_CODES, "record_unknown", "media_unknown", "not_permitted")
REASONS = {"may_be_secret": "file_secret", "personal_data": "file_personal_data", "other": "file_not_evidence"}

FILE = "/v1/media/{record_id}/{sha256}"

router = APIRouter(tags=["media"])


class QuarantineRequest(Body):
    """Why the file may be shown to nobody. The note goes to reviewers, never into the feed; name no content in it."""

    reason: Literal["may_be_secret", "personal_data", "other"]
    note: Annotated[str | None, Field(max_length=1000, pattern=r"^[^\u0000]*$")] = None


class DestroyRequest(Body):
    """The security officer who was told of the spill."""

    officer: ShortText


class KeptApart(Answer):
    """How a file is kept apart; `destroyed_at`: since when its bytes are gone, for good."""

    sha256: str
    code: str
    note: str | None
    by: str
    at: Instant
    destroyed_at: Instant | None


class ListedFile(KeptApart):
    """With a record that names it; a file that several name is listed for each."""

    record_id: str


class KeptApartPage(Answer):
    """`next` goes into `after` for the following page, and is null on the last."""

    files: list[ListedFile]
    next: str | None


@router.get(
    "/v1/media/quarantined", operation_id="listQuarantined", responses=responses(*CALLER_CODES, "cursor_invalid")
)
def list_quarantined(at: Witnessed, after: Place = None, limit: Limit = 100) -> KeptApartPage:
    """Files that are kept apart, and why, in the units where the caller may keep files apart; the oldest first."""
    found = at.db.read(listed, at.caller, decode_since(after), limit + 1)
    shown = [ListedFile(record_id=record_id, **asdict(kept)) for record_id, kept in found[:limit]]
    if shown:
        at.saw("viewed", "", what="quarantined", count=len(shown))
    last = found[limit - 1] if len(found) > limit else None
    return KeptApartPage(files=shown, next=encode_since((last[1].at, f"{last[1].sha256} {last[0]}")) if last else None)


@router.post(FILE + "/quarantine", operation_id="quarantineFile", responses=responses(*CODES))
def quarantine_file(
    record_id: RecordId, sha256: Digest, body: QuarantineRequest, at: Witnessed, types: Types
) -> KeptApart:
    """From now on nobody is served this file or its previews, in any record; phones are told, and to remove it."""
    code = REASONS[body.reason]
    facts, file = {"file": sha256, "code": code}, (types, at.caller, record_id, sha256)
    kept = at.write("file_quarantined", record_id, facts, quarantine, *file, code=code, note=body.note, now=at.now)
    return KeptApart.model_validate(kept)


@router.post(
    FILE + "/release",
    operation_id="releaseFile",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=responses(*CODES, "not_quarantined"),
)
def release_file(record_id: RecordId, sha256: Digest, at: Witnessed, types: Types) -> Response:
    """Serves a file again, one that the service had kept apart as well. Takes the permission wherever it is used."""
    at.write("file_released", record_id, {"file": sha256}, release, types, at.caller, record_id, sha256, at.now)
    return Response(status_code=status.HTTP_204_NO_CONTENT)


@router.post(
    FILE + "/destroy",
    operation_id="destroyFile",
    responses=responses(*CODES, "not_quarantined", "second_person_needed", "second_factor_needed"),
    dependencies=[Strong],
)
def destroy_file(record_id: RecordId, sha256: Digest, body: DestroyRequest, at: Witnessed, types: Types) -> KeptApart:
    """Confirms, as a second person, that the bytes of a quarantined file are destroyed everywhere, for good."""
    who = (types, at.caller, record_id, sha256, body.officer, at.now)
    kept = at.write("file_destroyed", record_id, {"file": sha256}, destroy, *who)
    return KeptApart.model_validate(kept)
