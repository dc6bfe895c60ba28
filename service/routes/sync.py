"""Push and pull (protocol C.4, C.5): one call each."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Response

from auth.tokens import sign
from programme import intake
from service import answers
from service.deps import CALLER_CODES, Caller, Config, Db, Keys, Language, Now, Secret, Types
from service.problems import responses
from service.strict import StrictRoute
from service.wire import PullAnswer, PullRequest, PushAnswer, PushRequest
from sync.pull import pull
from sync.receipt import TYP, receipt

router = APIRouter(prefix="/v1/sync", tags=["sync"], route_class=StrictRoute)


def _answers(model: Any, *codes: str) -> dict[int | str, dict[str, Any]]:
    return {**responses(*CALLER_CODES, *codes), 200: {"model": model}}


@router.post(
    "/push",
    operation_id="push",
    response_class=Response,
    responses=_answers(PushAnswer, "epoch_changed", "replica_forked", "batch_too_large"),
)
def push_ops(
    body: PushRequest,
    caller: Caller,
    db: Db,
    types: Types,
    config: Config,
    keys: Keys,
    now: Now,
    language: Language,
    dry_run: Annotated[bool, Query(description="answer as if, and store nothing")] = False,
) -> Response:
    """Sends what a device did. Each op gets a result, and all but `retry` are durable when the answer comes.

    A dry run gives the very answer that a push would have got, without a receipt: nothing was taken.
    """
    run = db.rehearse if dry_run else db.write
    pushed = run(intake.push, types, caller, body.ops, now, epoch=body.epoch, pending=body.pending)
    signed = None if dry_run else sign(keys, TYP, receipt(pushed, caller, config.public_url, now))
    return answers.pushed(pushed, language, now, signed)


@router.post(
    "/pull",
    operation_id="pull",
    response_class=Response,
    responses=_answers(PullAnswer, "epoch_changed", "cursor_invalid"),
)
def pull_changes(body: PullRequest, caller: Caller, db: Db, secret: Secret) -> Response:
    """Reads what changed after the cursor, in everything the caller may see."""
    page = db.read(
        pull,
        caller,
        secret,
        cursor=body.cursor,
        epoch=body.epoch,
        held=body.held,
        limit=body.limit,
        max_bytes=body.max_bytes,
    )
    return answers.page(page)
