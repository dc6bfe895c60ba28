"""What may be published, and where it has appeared (plan III.1.5, III.5)."""

from typing import Annotated

from fastapi import APIRouter, Path, status
from pydantic import Field

from programme import press
from programme.errors import PurposeRefused
from service.deps import CALLER_CODES, Caller, Db, Now, Witnessed
from service.fields import Answer, Body, Instant, ShortText
from service.listing import Limit, Place, decode_since, encode_since
from service.problems import responses

router = APIRouter(prefix="/v1/press/items", tags=["programme"])
RecordUuid = Annotated[str, Path(pattern=r"^[0-9a-f-]{36}$")]


class Seen(Body):
    """What was on the screen."""

    ver: Annotated[int, Field(ge=1, le=2**31 - 1)]
    content_digest: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class Link(Body):
    """Where it has appeared."""

    url: Annotated[str, Field(max_length=500, pattern=r"^https?://[^\s\u0000-\u001f]+$")]
    title: ShortText
    published_on: Annotated[str, Field(pattern=r"^\d{4}-\d{2}-\d{2}$")]


class PressItem(Answer):
    """Evidence that was cleared, as it was verified."""

    record_id: str
    unit: str
    name_vi: str
    title: str | None
    kind: str | None
    issued_on: str | None
    cleared_at: Instant
    links: list[dict[str, str]]


class PressPage(Answer):
    """A page; `cursor` is null on the last one."""

    cursor: str | None
    items: list[PressItem]


@router.get("", operation_id="listPressItems", responses=responses(*CALLER_CODES, "cursor_invalid"))
def list_items(caller: Caller, db: Db, cursor: Place = None, limit: Limit = 100) -> PressPage:
    """What is cleared, the newest first, for the press and those who clear."""
    found, after = db.read(press.items, caller, decode_since(cursor), limit)
    more = encode_since(after) if after else None
    return PressPage(cursor=more, items=[PressItem.model_validate(shown) for shown in found])


@router.put(
    "/{record_id}", operation_id="clearForPress", status_code=status.HTTP_204_NO_CONTENT,
    responses=responses(*CALLER_CODES, "record_unknown", "not_permitted", "purpose_refused", "not_verified"),
)  # fmt: skip
def clear(record_id: RecordUuid, body: Seen, at: Witnessed) -> None:
    """Clears evidence for publication, as it was verified; only what says that it was taken for that."""
    try:
        on = (body.ver, body.content_digest)
        at.write("press_cleared", record_id, {"ver": body.ver}, press.clear, at.caller, record_id, on, at.now)
    except PurposeRefused:
        at.saw("purpose_refused", record_id, purpose="publication")
        raise


@router.delete(
    "/{record_id}", operation_id="withdrawFromPress", status_code=status.HTTP_204_NO_CONTENT,
    responses=responses(*CALLER_CODES, "record_unknown", "not_permitted", "not_cleared"),
)  # fmt: skip
def withdraw(record_id: RecordUuid, at: Witnessed) -> None:
    """Takes a clearance back; the press sees the item and its links no more. Asked again, the answer is the same."""
    at.write("press_withdrawn", record_id, {}, press.withdraw, at.caller, record_id, at.now)


@router.post(
    "/{record_id}/links", operation_id="filePressLink", status_code=status.HTTP_204_NO_CONTENT,
    responses=responses(*CALLER_CODES, "record_unknown"),
)  # fmt: skip
def file_link(record_id: RecordUuid, body: Link, caller: Caller, db: Db, now: Now) -> None:
    """Files where something that was cleared has appeared."""
    db.write(press.publish, caller, record_id, body.model_dump(), now)
