"""The desk for ops that wait or were refused: list them, read them, and decide (protocol P26, P56)."""

from collections.abc import Callable
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query, Response
from pydantic import Field
from sqlmodel import Session

from auth.principal import Permission, Principal
from programme import intake
from programme.projection import coarse
from service import answers
from service.authority import authority
from service.deps import CALLER_CODES, Caller, Db, Language, Now, Types, Witnessed
from service.fields import Answer, Body, Instant, ShortText
from service.listing import Limit, Place, Words, decode_place, encode_place
from service.problems import responses
from service.strong import Strong
from service.wire import Result
from sync import desk, sealed
from sync.outcome import Outcome

router = APIRouter(prefix="/v1/ops", tags=["ops"])
OpId = Annotated[str, Path(pattern=r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")]
DECIDE_CODES = (*CALLER_CODES, "op_unknown", "not_permitted", "op_settled")


class PastOutcome(Answer):
    """What had become of an op, until when, and on whose word that changed (null: something arrived)."""

    until: Instant
    by: str | None
    reason: str | None
    status: str
    code: str | None = None
    fields: list[dict[str, Any]] | None = None
    waiting_for: list[str] | None = None


class StoredOp(Answer):
    """An op as it stands; `op` is its body as it was sent, null where it was redacted or is sealed."""

    op_id: str
    client_id: str
    dev_seq: int | None
    actor: str
    scope: str | None
    tx: str | None
    received_at: Instant
    status: str
    code: str | None = None
    fields: list[dict[str, Any]] | None = None
    waiting_for: list[str] | None = None
    op: Any
    history: list[PastOutcome] | None = None


class OpPage(Answer):
    """A list of ops; `cursor` is null on the last page."""

    cursor: str | None
    ops: list[StoredOp]


class Refusal(Body):
    """Why; the author is told."""

    reason: Annotated[str, Field(min_length=1, max_length=500, pattern=r"^[^\u0000]*$")]


class Destruction(Body):
    """The security officer who was told of the spill."""

    officer: ShortText


def _stored(caller: Principal, row: dict[str, Any]) -> StoredOp:
    """An op as it came holds exact places; those who may not have originals get about a kilometre (domain L5)."""
    exact = row["actor"] == caller.account_id or caller.may(Permission.ORIGINAL, row["scope"] or "")
    return StoredOp(**row if exact else row | {"op": coarse(row["op"])})


@router.get("", operation_id="listOps", responses=responses(*CALLER_CODES, "cursor_invalid"))
def list_ops(
    at: Witnessed,
    scope: Words,
    status: Annotated[list[Literal["held", "rejected"]], Query()] = ["held", "rejected"],  # noqa: B006  # read only
    cursor: Place = None,
    limit: Limit = 100,
) -> OpPage:
    """Ops that wait or were refused, oldest first: one's own, and those of the units that one supervises."""
    place = decode_place(cursor)
    after = (place[1], place[0]) if place else None
    found = at.db.read(desk.listed, at.caller, statuses=status, scopes=scope or None, after=after, limit=limit + 1)
    shown = found[:limit]
    if others := [row for row in shown if row["actor"] != at.caller.account_id]:
        at.saw("viewed", "", what="ops", count=len(others))
    more = encode_place(shown[-1]["op_id"], shown[-1]["received_at"]) if len(found) > limit else None
    return OpPage(cursor=more, ops=[_stored(at.caller, row) for row in shown])


@router.get("/{op_id}", operation_id="readOp", responses=responses(*CALLER_CODES, "op_unknown"))
def read_op(op_id: OpId, at: Witnessed) -> StoredOp:
    """One op, with every outcome that it had before."""
    found = _stored(at.caller, at.db.read(desk.one, at.caller, op_id))
    at.saw("viewed", op_id, what="op")
    return found


def _decided(code: Callable[..., Outcome], session: Session, *args: Any) -> Outcome:
    return code(session, *args, authority(session), intake.fresh(session))


@router.post(
    "/{op_id}/replay",
    operation_id="replayOp",
    response_class=Response,
    responses={**responses(*DECIDE_CODES), 200: {"model": Result}},
)
def replay_op(op_id: OpId, caller: Caller, db: Db, types: Types, now: Now, language: Language) -> Response:
    """Applies an op that was rejected or waits as if it came now; its author is told."""
    outcome = db.write(lambda s: _decided(desk.replay, s, types, caller, op_id, now))
    return answers.json_response(answers.told(outcome, language))


@router.post(
    "/{op_id}/accept",
    operation_id="acceptOp",
    response_class=Response,
    responses={**responses(*DECIDE_CODES), 200: {"model": Result}},
)
def accept_op(op_id: OpId, caller: Caller, db: Db, types: Types, now: Now, language: Language) -> Response:
    """Applies an op whose author has no right or no session any more, on the caller's word."""
    outcome = db.write(lambda s: _decided(desk.accept, s, types, caller, op_id, now))
    return answers.json_response(answers.told(outcome, language))


@router.post(
    "/{op_id}/refuse",
    operation_id="refuseOp",
    response_class=Response,
    responses={**responses(*DECIDE_CODES), 200: {"model": Result}},
)
def refuse_op(
    op_id: OpId, body: Refusal, caller: Caller, db: Db, types: Types, now: Now, language: Language
) -> Response:
    """Rejects an op that is held. Its body stays, and its author is told why."""
    outcome = db.write(desk.refuse, types, caller, op_id, body.reason, now)
    return answers.json_response(answers.told(outcome, language))


@router.post(
    "/{op_id}/destroy",
    operation_id="destroyOp",
    status_code=204,
    responses=responses(*DECIDE_CODES, "second_person_needed", "second_factor_needed"),
    dependencies=[Strong],
)
def destroy_op(op_id: OpId, body: Destruction, at: Witnessed) -> None:
    """Erases, as a second person, the body of an op that brought the content of a marked paper (`secret_content`)."""
    at.write("op_destroyed", op_id, {}, sealed.destroy, at.caller, op_id, body.officer, at.now)
