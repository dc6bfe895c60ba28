"""The desk of a reviewer: what waits, saved views, figures (docs/programme.md)."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response, status
from sqlmodel import Session

from auth.principal import Principal
from programme import figures, queue, views
from programme.reasons import REASONS
from service import answers
from service.deps import CALLER_CODES, Caller, Config, Db, Now, Witnessed
from service.desk_wire import ClaimItem, Filters, QueueQuery, ReasonItem, SavedFilters, ViewItem, Workload
from service.listing import decode_since, encode_since, told_to
from service.problems import responses
from service.wire import QueuePage

router = APIRouter(prefix="/v1/reviews", tags=["review"])
ViewName = Annotated[str, Path(min_length=1, max_length=80, pattern=r"^[^\u0000-\u001f\u007f]+$")]
Year = Annotated[int | None, Query(ge=2000, le=2999)]


@router.get(
    "/queue",
    operation_id="reviewQueue",
    response_class=Response,
    responses={**responses(*CALLER_CODES, "cursor_invalid", "view_unknown"), 200: {"model": QueuePage}},
)
def review_queue(asked: Annotated[QueueQuery, Query()], at: Witnessed, config: Config) -> Response:
    """Evidence that waits for a decision, the one that waits longest first. A short page is not the end."""
    after = decode_since(asked.cursor)
    place = queue.Place(*after) if after else None
    found = at.db.read(_page, at.caller, asked, place, config.programme_year, at.now)
    at.saw_records((record.id, record.doc) for record in found.records)
    beside = {"cursor": encode_since(found.after) if found.after else None, "signals": found.signals}
    held = {i: ClaimItem.model_validate(claim).model_dump() for i, claim in found.claims.items()}
    return answers.records(told_to(at.caller, found.records), {**beside, "claims": held})


def _page(
    session: Session, caller: Principal, asked: QueueQuery, after: queue.Place | None, year: int, now: int
) -> queue.Page:
    filters: Filters = asked
    if asked.view is not None:
        given = asked.model_dump(exclude_unset=True, exclude={"view", "cursor", "limit"})
        filters = Filters.model_validate({**views.filters_of(session, caller, asked.view), **given})
    return queue.page(session, caller, filters.wanted(year, now), after, asked.limit, now)


@router.get("/reasons", operation_id="reviewReasons", responses=responses(*CALLER_CODES))
def reasons(_caller: Caller) -> list[ReasonItem]:
    """Why something may be sent back, in both languages."""
    names = ("vi", "en", "todo_vi", "todo_en")
    return [ReasonItem(code=code, **{n: getattr(why, n) for n in names}) for code, why in REASONS.items()]


@router.get("/workload", operation_id="reviewWorkload", responses=responses(*CALLER_CODES))
def review_workload(caller: Caller, db: Db, config: Config, now: Now, year: Year = None) -> Workload:
    """How much waits in the units that the caller reads, since when, and in whose hands."""
    return Workload.model_validate(db.read(figures.workload, caller, year or config.programme_year, now))


@router.get("/views", operation_id="listViews", responses=responses(*CALLER_CODES))
def list_views(caller: Caller, db: Db) -> list[ViewItem]:
    """The caller's own saved views."""
    return [ViewItem.model_validate(found) for found in db.read(views.views, caller)]


@router.put(
    "/views/{name}", operation_id="saveView", status_code=status.HTTP_204_NO_CONTENT,
    responses=responses(*CALLER_CODES, "too_many_views"),
)  # fmt: skip
def save_view(name: ViewName, body: SavedFilters, caller: Caller, db: Db, now: Now) -> None:
    """Keeps filters under a name."""
    db.write(views.save, caller, name, body.model_dump(exclude_unset=True), now)


@router.delete(
    "/views/{name}", operation_id="forgetView", status_code=status.HTTP_204_NO_CONTENT,
    responses=responses(*CALLER_CODES, "view_unknown"),
)  # fmt: skip
def forget_view(name: ViewName, caller: Caller, db: Db) -> None:
    """Drops a saved view."""
    db.write(views.forget, caller, name)
