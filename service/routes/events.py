"""Wake-ups: a stream of nudges, so that an app pulls when there is something to pull (protocol P19)."""

import secrets
from collections.abc import AsyncIterator

from fastapi import APIRouter
from fastapi.sse import EventSourceResponse, ServerSentEvent
from starlette.concurrency import run_in_threadpool

from auth import callers
from auth.errors import AuthError
from auth.principal import Permission, Principal
from service.deps import CALLER_CODES, Bearer, Caller, Db, Ticking, Waking
from service.problems import responses

router = APIRouter(prefix="/v1/sync", tags=["sync"])
NUDGE = "sync"
CHECK = 30.0  # seconds after which a quiet stream asks whether its caller may still listen


@router.get(
    "/events",
    operation_id="events",
    response_class=EventSourceResponse,
    responses=responses(*CALLER_CODES),
)
async def events(
    bearer: Bearer, caller: Caller, db: Db, clock: Ticking, wakes: Waking
) -> AsyncIterator[ServerSentEvent]:
    """Sends `sync` at the beginning and whenever something changed that the caller may read: time to pull.

    The stream ends with the access token; come back with the next one. It ends too when this process makes room for
    another; come back as after any other end.
    """
    sees = Eyes(caller)
    with wakes.waiter(sees) as waiter:
        yield ServerSentEvent(event=NUDGE, data={}, retry=1000 + secrets.randbelow(9000))
        while (left := (bearer.expires_at - clock.now()) / 1000) > 0:
            heard = await waiter.wait(min(left, CHECK))
            if wakes.dismissed:
                return
            try:
                sees.caller = await run_in_threadpool(db.read, callers.principal_of, bearer, clock.now())
            except AuthError:
                return
            if heard:
                yield ServerSentEvent(event=NUDGE, data={})


class Eyes:
    """What the caller may read, as of the last look at their rights."""

    def __init__(self, caller: Principal) -> None:
        self.caller = caller

    def __call__(self, scope: str) -> bool:
        return self.caller.may(Permission.READ, scope)
