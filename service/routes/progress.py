"""How far a unit is: n of N criteria met, item by item."""

from typing import Annotated

from fastapi import APIRouter, Path, Query

from programme.progress import Progress, progress_of
from service.deps import CALLER_CODES, Caller, Config, Db, Now
from service.problems import responses

router = APIRouter(prefix="/v1/units", tags=["programme"])


@router.get(
    "/{code}/progress",
    operation_id="unitProgress",
    responses=responses(*CALLER_CODES, "unit_unknown", "not_permitted"),
)
def unit_progress(
    code: Annotated[str, Path(max_length=32, pattern=r"^[A-Za-z0-9_.-]+$")],
    caller: Caller,
    db: Db,
    config: Config,
    now: Now,
    year: Annotated[int | None, Query(ge=2000, le=2999)] = None,
) -> Progress:
    """Counts verified evidence of the right kind for each criterion of the unit's set."""
    return db.read(progress_of, caller, code, year or config.programme_year, now)
