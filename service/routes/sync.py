"""Push (protocol C.4): one call."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from auth.tokens import sign
from service import answers, parts
from service.deps import CALLER_CODES, Language, Sending
from service.problems import responses
from service.pushing import Asked
from service.short import Short
from service.wire import PushAnswer, PushRequest
from sync.receipt import TYP, receipt

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

    house, claims = request.app.state, sender.claims
    asked = Asked(claims, body.ops, body.said(), sender.now)
    run = house.pushes.rehearse if dry_run else house.pushes.take
    with sender.wiped_if_lost():
        pushed = parts.push(lambda ops: run(asked.part(ops)), body.ops, claims.client_id)
    if dry_run:
        return answers.pushed(pushed, language, None)
    house.metrics.took(pushed.outcomes)
    with house.metrics.signing.time():
        said = receipt(pushed, claims.account_id, claims.client_id, house.settings.public_url)
        signed = sign(house.keys, TYP, said)
    return answers.pushed(pushed, language, signed)
