"""One piece of evidence on a reviewer's screen, and taking it in hand (docs/programme.md)."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Response, status

from programme import claims, review_item
from service import answers
from service.deps import CALLER_CODES, Caller, Config, Db, Language, Now, Witnessed
from service.desk_wire import ClaimItem, ReviewItem, signal_items
from service.problems import responses

router = APIRouter(prefix="/v1/reviews", tags=["review"])
RecordUuid = Annotated[str, Path(pattern=r"^[0-9a-f-]{36}$")]
CLAIM_CODES = (*CALLER_CODES, "record_unknown", "review_not_permitted", "not_reviewable", "own_unit")


@router.get(
    "/{record_id:uuid}",  # so that the other addresses of this desk are no records
    operation_id="reviewItem",
    response_class=Response,
    responses={
        **responses(*CALLER_CODES, "record_unknown", "review_not_permitted", "not_reviewable"),
        200: {"model": ReviewItem},
    },
)
def read_item(
    record_id: UUID,
    at: Witnessed,
    language: Language,
    seen: Annotated[int | None, Query(ge=1, le=2**31 - 1, description="The version to compare with.")] = None,
) -> Response:
    """Versions, what changed since this reviewer last saw it, files with pictures, signals, decisions, the claim."""
    found = at.db.read(review_item.item, at.caller, str(record_id), at.now, seen)
    at.saw_records([(found.shown.id, found.shown.doc)])
    shown = ReviewItem.model_validate({**found.beside(), "signals": signal_items(found.signals, language)})
    return answers.json_response(
        answers.with_document(shown.model_dump(mode="json", exclude={"record"}), "record", found.shown.doc)
    )


@router.put("/{record_id}/claim", operation_id="takeClaim", responses=responses(*CLAIM_CODES, "claimed_by_another"))
def take_claim(record_id: RecordUuid, caller: Caller, db: Db, config: Config, now: Now) -> ClaimItem:
    """Takes a piece in hand, or holds it on; it is free again when the time has run out or a decision is made."""
    return ClaimItem.model_validate(db.write(claims.take, caller, record_id, now, config.claim_minutes))


@router.delete(
    "/{record_id}/claim",
    operation_id="giveUpClaim",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=responses(*CALLER_CODES, "record_unknown"),
)
def give_up_claim(record_id: RecordUuid, caller: Caller, db: Db) -> None:
    """Lets go of a piece that the caller has in hand."""
    db.write(claims.give_up, caller, record_id)
