"""Decisions of the review desk, bound to what was shown (protocol C.7)."""

from typing import Annotated, Literal

from fastapi import APIRouter, Response
from pydantic import Field
from sqlmodel import Session

from auth.clients import same_hands
from auth.principal import Principal
from programme.batch import Answered, decide_all
from programme.decision import Decision
from programme.reasons import REASONS
from programme.review import decide
from service import answers
from service.deps import CALLER_CODES, Language, Types, Witnessed
from service.fields import Body
from service.problems import responses
from service.wire import BatchAnswer, Record
from sync.types import Registry

router = APIRouter(prefix="/v1/reviews", tags=["review"])
Uuid = Annotated[str, Field(pattern=r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$")]
REVIEW_CODES = (
    *CALLER_CODES,
    "record_unknown",
    "review_not_permitted",
    "four_eyes",
    "own_unit",
    "not_reviewable",
    "content_changed",
    "media_incomplete",
    "media_quarantined",
    "conflict_open",
    "review_id_reused",
    "claimed_by_another",
    "decided_meanwhile",
    "reason_wanted",
    "second_reviewer",
)


class Seen(Body):
    """What was on the reviewer's screen."""

    ver: Annotated[int, Field(ge=1, le=2**31 - 1)]
    content_digest: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class ReviewRequest(Body):
    """A decision. The same `review_id` may be sent again; the answer is the same."""

    review_id: Uuid
    record_id: Uuid
    on: Seen
    decision: Literal["verified", "rejected", "needs_info"]
    reason_code: Literal[tuple(REASONS)] | None = None  # type: ignore[valid-type]
    comment: Annotated[str | None, Field(max_length=4000, pattern=r"^[^\u0000]*$")] = None

    def decision_asked(self) -> Decision:
        """The same as a value of the programme."""
        seen = (self.on.ver, self.on.content_digest)
        return Decision(self.review_id, self.record_id, *seen, self.decision, self.reason_code, self.comment)


class ReviewList(Body):
    """Many decisions; each is bound to what was on the screen, and answered on its own."""

    decisions: Annotated[list[ReviewRequest], Field(min_length=1, max_length=200)]


@router.post(
    "/batch",
    operation_id="decideMany",
    response_class=Response,
    responses={**responses(*CALLER_CODES), 200: {"model": BatchAnswer}},
)
def decide_many(body: ReviewList, at: Witnessed, types: Types, language: Language) -> Response:
    """Decides on many records at once; one that changed meanwhile is refused and holds up no other."""
    asked = [one.decision_asked() for one in body.decisions]
    facts = {"review_id": asked[0].review_id, "records": len(asked)}
    done = at.write("decision", asked[0].record_id, facts, _decide_all, types, at.caller, asked, at.now)
    return answers.batch(done, language)


def _decide_all(
    session: Session, types: Registry, caller: Principal, asked: list[Decision], now: int
) -> list[Answered]:
    return decide_all(session, types, caller, asked, now, same_hands=same_hands(session, caller.account_id))


@router.post(
    "",
    operation_id="decide",
    response_class=Response,
    responses={**responses(*REVIEW_CODES), 200: {"model": Record}},
)
def decide_review(body: ReviewRequest, at: Witnessed, types: Types) -> Response:
    """Verifies, rejects, or asks for more. Refused when what was shown is no longer what is there."""
    facts = {"review_id": body.review_id, "decision": body.decision, "ver": body.on.ver}
    asked = body.decision_asked()
    return answers.json_response(at.write("decision", body.record_id, facts, _decide, types, at.caller, asked, at.now))


def _decide(session: Session, types: Registry, caller: Principal, asked: Decision, now: int) -> str:
    return decide(session, types, caller, asked, now, same_hands=same_hands(session, caller.account_id))
