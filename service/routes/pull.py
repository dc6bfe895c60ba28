"""Pull (protocol C.5): one call, or two when there was nothing yet and the client waits for news."""

from functools import partial

from fastapi import APIRouter, Request, Response
from sqlmodel import Session
from starlette.concurrency import run_in_threadpool

from auth.principal import Permission, Principal
from auth.tokens import Claims
from programme.projection import seen_by
from programme.reading import is_restricted
from service import answers, outset
from service.deps import CALLER_CODES, Bearer, Witness, address_of
from service.problems import responses
from service.short import Short
from service.wire import PullAnswer, PullRequest
from sync.feed import Change
from sync.pull import Outset, Page, Wanted, pull

router = APIRouter(prefix="/v1/sync", tags=["sync"], route_class=Short)
MAX_WAIT = 30.0  # seconds; less than what proxies and phone networks cut
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
    wanted, sees = Wanted(**body.model_dump(exclude={"wait_ms"})), Eyes()
    read = partial(_read, request, bearer, wanted, sees)
    with request.app.state.wakes.waiter(sees) as waiter:
        page, told = await run_in_threadpool(read)
        if body.wait_ms and page.empty and await waiter.wait(min(body.wait_ms / 1000, MAX_WAIT)):
            page, told = await run_in_threadpool(read)
    request.app.state.metrics.handed(len(page.changes))
    return told


def _read(request: Request, bearer: Claims, wanted: Wanted, sees: "Eyes") -> tuple[Page, Response]:
    house = request.app.state
    now, copies, guess = house.clock.now(), house.settings.safe_backups, house.callers.get(bearer.client_id)
    begun, page = house.database.read(_page, bearer, now, copies, house.secret, wanted, guess)
    if begun.caller != guess:
        house.callers[bearer.client_id] = begun.caller
    sees.caller = begun.caller
    return page, _told(page, begun.safe, Witness(begun.caller, house.database, address_of(request), now))


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


def _page(
    session: Session, bearer: Claims, now: int, copies: int, secret: bytes, wanted: Wanted, guess: Principal | None
) -> tuple[Outset, Page]:
    """Rights and records on one snapshot: no page holds what the caller could not read at its moment."""
    begun = outset.ask(session, bearer, now, copies, guess)
    return begun, pull(session, begun, secret, wanted)
