"""Push (protocol C.4): one call."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Response

from auth import clients
from auth.tokens import sign
from programme import intake
from service import answers, parts
from service.authority import authority
from service.deps import CALLER_CODES, Config, Db, Depositor, Keys, Language, Metered, Now, Types
from service.problems import responses
from service.strict import StrictRoute
from service.wire import PushAnswer, PushRequest
from sync.backups import safe_to_delete
from sync.receipt import TYP, receipt

router = APIRouter(prefix="/v1/sync", tags=["sync"], route_class=StrictRoute)


def _answers(model: Any, *codes: str) -> dict[int | str, dict[str, Any]]:
    return {**responses(*CALLER_CODES, *codes), 200: {"model": model}}


@router.post(
    "/push",
    operation_id="push",
    response_class=Response,
    responses=_answers(PushAnswer, "epoch_changed", "restored", "replica_forked", "batch_too_large"),
)
def push_ops(
    body: PushRequest,
    caller: Depositor,
    db: Db,
    types: Types,
    config: Config,
    keys: Keys,
    now: Now,
    metrics: Metered,
    language: Language,
    dry_run: Annotated[bool, Query(description="answer as if, and store nothing")] = False,
) -> Response:
    """Sends what a device did. Each op gets a result, and all but `retry` are durable when the answer comes.

    A dry run gives the very answer that a push would have got, without a receipt: nothing was taken.
    """
    run = db.rehearse if dry_run else db.write
    asked: dict[str, Any] = {"now": now, "authority": authority, **body.said()}
    pushed = parts.push(lambda ops: run(intake.push, types, caller, ops, **asked), body.ops, caller.client_id)
    safe = db.read(safe_to_delete, caller, config.safe_backups)
    if caller.leaving and not body.pending and not dry_run:
        db.write(clients.drained, caller.client_id, now)
    if dry_run:
        return answers.pushed(pushed, language, now, None, safe)
    for outcome in pushed.outcomes:
        metrics.ops.labels(outcome.status, outcome.code or "").inc()
    with metrics.signing.time():
        signed = sign(keys, TYP, receipt(pushed, caller, config.public_url, now))
    return answers.pushed(pushed, language, now, signed, safe)
