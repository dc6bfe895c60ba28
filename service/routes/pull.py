"""Pull (protocol C.5): one call, or two when there was nothing yet and the client waits for news."""

from fastapi import APIRouter, Request, Response
from sqlmodel import Session
from starlette.concurrency import run_in_threadpool

from auth import sessions
from auth.principal import Permission, Principal
from auth.tokens import Claims
from programme.projection import seen_by
from programme.reading import is_restricted
from service import answers
from service.deps import CALLER_CODES, Bearer, Witness, address_of
from service.problems import responses
from service.short import Short
from service.wire import PullAnswer, PullRequest
from sync.backups import safe_to_delete
from sync.feed import Change
from sync.pull import Page, Wanted, pull

router = APIRouter(prefix="/v1/sync", tags=["sync"], route_class=Short)
MAX_WAIT = 30.0  # seconds; less than what proxies and phone networks cut
Found = tuple[Principal, Page, dict[str, int]]  # who asked, a page, and per scope what backups hold
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

    def read() -> tuple[Page, Response]:
        now = house.clock.now()
        caller, page, safe = house.database.read(_page, bearer, now, house.settings.safe_backups, house.secret, wanted)
        sees.caller = caller
        return page, _told(page, safe, Witness(caller, house.database, address_of(request), now))

    with house.wakes.waiter(sees) as waiter:
        page, told = await run_in_threadpool(read)
        if body.wait_ms and page.empty and await waiter.wait(min(body.wait_ms / 1000, MAX_WAIT)):
            page, told = await run_in_threadpool(read)
    house.metrics.handed(len(page.changes))
    return told


def _told(page: Page, safe: dict[str, int], witness: Witness) -> Response:
    """The answer; what it shows of the highest level is noted before it leaves."""
    caller = witness.caller
    coarse = {s for s in {c.scope for c in page.changes} if not caller.may(Permission.ORIGINAL, s)}
    if coarse:  # nothing is decoded for those who may have originals, and that is every phone
        page.changes = [_seen(caller, c) if c.scope in coarse else c for c in page.changes]
    told = answers.page(page, safe)
    if is_restricted(told):
        witness.saw_records((c.record_id, c.doc) for c in page.changes)
    return Response(told, media_type="application/json")


def _seen(caller: Principal, change: Change) -> Change:
    if change.doc is None:
        return change
    return change._replace(doc=seen_by(caller, change.scope, change.doc.decode()).encode())


class Eyes:
    """What a waiting caller may read: everything, until their rights are known."""

    caller: Principal | None = None

    def __call__(self, scope: str) -> bool:
        return self.caller is None or self.caller.may(Permission.READ, scope)


def _page(session: Session, bearer: Claims, now: int, copies: int, secret: bytes, wanted: Wanted) -> Found:
    """Rights and records on one snapshot: no page holds what the caller could not read at its moment."""
    caller = sessions.principal_of(session, bearer, now)
    return caller, pull(session, caller, secret, wanted), safe_to_delete(session, caller, copies)
