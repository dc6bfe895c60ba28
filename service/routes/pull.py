"""Pull (protocol C.5): one call, or two when there was nothing yet and the client waits for news."""

from dataclasses import replace

from fastapi import APIRouter, Request, Response
from sqlmodel import Session
from starlette.concurrency import run_in_threadpool

from auth import sessions
from auth.principal import Permission, Principal
from auth.tokens import Claims
from programme.projection import seen_by
from service import answers
from service.db import Database
from service.deps import CALLER_CODES, Bearer, Witness, address_of
from service.problems import responses
from service.short import Short
from service.wire import PullAnswer, PullRequest
from sync.backups import safe_to_delete
from sync.feed import Change
from sync.pull import Page, Wanted, pull

router = APIRouter(prefix="/v1/sync", tags=["sync"], route_class=Short)
MAX_WAIT = 30.0  # seconds; less than what proxies and phone networks cut
Told = tuple[Page, dict[str, int]]  # a page, and per scope what backups hold
CODES = ("epoch_changed", "restored", "cursor_invalid", "behind")


@router.post(
    "/pull",
    operation_id="pull",
    response_class=Response,
    responses={**responses(*CALLER_CODES, *CODES), 200: {"model": PullAnswer}},
)
async def pull_changes(body: PullRequest, bearer: Bearer, request: Request) -> Response:
    """Reads what changed after the cursor, in everything the caller may see.

    With `wait_ms`, a page that would be empty waits for something to come, and nothing is held meanwhile.
    """
    house, sees = request.app.state, Eyes()
    wanted = Wanted(**body.model_dump(exclude={"wait_ms"}))

    def read() -> Told:
        now = house.clock.now()
        found = house.database.read(_page, bearer, now, house.settings.safe_backups, house.secret, wanted, sees)
        return _witnessed(found, sees, house.database, address_of(request), now)

    with house.wakes.waiter(sees) as waiter:
        found = await run_in_threadpool(read)
        wait = min(body.wait_ms / 1000, MAX_WAIT)
        if wait and found[0].empty and await waiter.wait(wait):
            found = await run_in_threadpool(read)
    house.metrics.handed(len(found[0].changes))
    return answers.page(*found)


def _witnessed(found: Told, sees: "Eyes", db: Database, source: str, now: int) -> Told:
    if sees.caller:
        found[0].changes = [_seen(sees.caller, change) for change in found[0].changes]
        Witness(sees.caller, db, source, now).saw_records((c.record_id, c.doc) for c in found[0].changes)
    return found


def _seen(caller: Principal, change: Change) -> Change:
    """Nothing is decoded for those who may have originals, and that is every phone."""
    if change.doc is None or caller.may(Permission.ORIGINAL, change.scope):
        return change
    return replace(change, doc=seen_by(caller, change.scope, change.doc.decode()).encode())


class Eyes:
    """What a waiting caller may read: everything, until their rights are known."""

    caller: Principal | None = None

    def __call__(self, scope: str) -> bool:
        return self.caller is None or self.caller.may(Permission.READ, scope)


def _page(session: Session, bearer: Claims, now: int, copies: int, secret: bytes, wanted: Wanted, sees: Eyes) -> Told:
    """Rights and records on one snapshot: no page holds what the caller could not read at its moment."""
    sees.caller = sessions.principal_of(session, bearer, now)
    return pull(session, sees.caller, secret, wanted), safe_to_delete(session, sees.caller, copies)
