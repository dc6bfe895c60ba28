"""Push (protocol C.4): one call."""

from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from sqlmodel import Session

from auth import clients
from auth.principal import Principal
from auth.tokens import sign
from programme import intake
from service import answers, parts
from service.authority import authority
from service.deps import CALLER_CODES, Language, Sending
from service.problems import responses
from service.short import Short
from service.wire import PushAnswer, PushRequest
from sync.backups import safe_to_delete
from sync.push import Pushed
from sync.receipt import TYP, receipt
from sync.types import Registry

router = APIRouter(prefix="/v1/sync", tags=["sync"], route_class=Short)


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
    sender: Sending,
    request: Request,
    language: Language,
    dry_run: Annotated[bool, Query(description="answer as if, and store nothing")] = False,
) -> Response:
    """Sends what a device did. Each op gets a result, and all but `retry` are durable when the answer comes.

    A dry run gives the very answer that a push would have got, without a receipt: nothing was taken.
    """

    house, claims, now = request.app.state, sender.claims, sender.now

    def take(ops: list[Any]) -> Pushed:
        work = partial(_taken, house.types, ops, body, house.settings.safe_backups, now)
        return sender.write(work, rehearse=dry_run)

    pushed = parts.push(take, body.ops, claims.client_id)
    if dry_run:
        return answers.pushed(pushed, language, now, None)
    house.metrics.took(pushed.outcomes)
    with house.metrics.signing.time():
        said = receipt(pushed, claims.account_id, claims.client_id, house.settings.public_url, now)
        signed = sign(house.keys, TYP, said)
    return answers.pushed(pushed, language, now, signed)


def _taken(
    types: Registry, ops: list[Any], body: PushRequest, copies: int, now: int, session: Session, caller: Principal
) -> Pushed:
    pushed = intake.push(session, types, caller, ops, now, authority=authority, **body.said())
    pushed.safe = safe_to_delete(session, caller, copies)
    if caller.leaving and not body.pending:
        clients.drained(session, caller.client_id, now)
    return pushed
