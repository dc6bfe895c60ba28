"""The reports of a year, and who took part (plan II.3, III.1.4, IV.3)."""

from typing import Annotated, Any

from fastapi import APIRouter, Query

from programme import yearly
from service.deps import CALLER_CODES, Caller, Config, Db, Now
from service.fields import Answer
from service.problems import responses

router = APIRouter(prefix="/v1", tags=["programme"])
Year = Annotated[int | None, Query(ge=2000, le=2999)]


class Participation(Answer):
    """People whom outreach reached, by group, as the reports say that were sent."""

    year: int
    reports: int
    audiences: dict[str, int]
    people: int


class YearlyReport(Answer):
    """The figures of a year for one recipient: cases by state, evidence by state, and what that recipient asks for."""

    year: int
    to: yearly.Recipient
    to_vi: str
    cases: dict[str, dict[str, int]]
    evidence: dict[str, int]
    participation: Participation
    more: dict[str, Any]


@router.get("/participation", operation_id="participation", responses=responses(*CALLER_CODES))
def read_participation(caller: Caller, db: Db, config: Config, year: Year = None) -> Participation:
    """Totals over the units that the caller may read."""
    return Participation.model_validate(db.read(yearly.participation, caller, year or config.programme_year))


@router.get("/yearly-report", operation_id="yearlyReport", responses=responses(*CALLER_CODES))
def read_yearly_report(
    to: Annotated[yearly.Recipient, Query()], caller: Caller, db: Db, config: Config, now: Now, year: Year = None
) -> YearlyReport:
    """What the province reports of a year, over the units that the caller may read."""
    found = db.read(yearly.yearly_report, caller, year or config.programme_year, to, now)
    return YearlyReport.model_validate(found)
