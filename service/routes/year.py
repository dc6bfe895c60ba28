"""The programme year seen from outside: dossiers, what is overdue, figures, quotas, funding needs."""

from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Path, Query, Response
from pydantic import Field

from programme import figures as evidence
from programme import overview as figures
from programme.codes import UnitKind
from programme.dossier import snapshot_of, state_of
from programme.figures import By
from programme.transitions import EVIDENCE
from service.deps import CALLER_CODES, Caller, Config, Db, Deadlines, Now
from service.fields import Answer, Body, Instant
from service.problems import responses
from service.tables import AS_CSV, Form, as_csv

router = APIRouter(prefix="/v1", tags=["programme"])
Unit = Annotated[str, Path(max_length=32, pattern=r"^[A-Za-z0-9_.-]+$")]
Year = Annotated[int | None, Query(ge=2000, le=2999)]
READ = {**AS_CSV, **responses(*CALLER_CODES)}
UNIT = {"unit": "Mã đơn vị", "name_vi": "Đơn vị", "unit_kind": "Loại đơn vị"}
CASE_COLUMNS = {
    "type": "Việc",
    "unit_kind": "Loại đơn vị",
    "state": "Mã tình trạng",
    "state_vi": "Tình trạng",
    "count": "Số lượng",
    "oldest_days": "Số ngày lâu nhất",
}
EVIDENCE_STATES = {state: EVIDENCE.state_vi(state) for state in EVIDENCE.states if state != "deleted"}
EVIDENCE_COLUMNS = {
    "code": "Mã",
    "title_vi": "Nội dung",
    **EVIDENCE_STATES,
    "oldest_waiting_days": "Số ngày chờ lâu nhất",
}
OVERDUE_COLUMNS = {**UNIT, "months": "Tháng chưa báo cáo"}
FUNDING_COLUMNS = {
    **UNIT,
    "state": "Mã tình trạng",
    "state_vi": "Tình trạng",
    "funding_need": "Nhu cầu kinh phí (đồng)",
}


class DossierState(Answer):
    """Where a dossier stands. `missing` keeps it from being sent; `waiting` and `phones` are for people to know of.

    `phones`: devices of the unit's people that said they hold ops when they were last here, or whose ops have holes.
    """

    unit: str
    year: int
    last_day: str
    met: int
    applicable: int
    missing: list[dict[str, str]]
    waiting: list[dict[str, Any]]
    phones: list[dict[str, Any]]
    versions: int


class Dossier(Answer):
    """A dossier as it was sent. `digest` is the SHA-256 of the canonical bytes of `content`."""

    record_id: str
    unit: str
    year: int
    version: int
    digest: str
    at: Instant
    content: dict[str, Any]


class CaseCount(Answer):
    """How many cases of a type (or pieces of evidence) a kind of unit has in a state, and since when the oldest."""

    type: str
    unit_kind: str
    state: str
    state_vi: str
    count: int
    oldest_days: int


class QuotaRow(Answer):
    """What a year asks for in a kind of unit, against what there is."""

    kind: UnitKind
    wanted: int | None
    registered: int
    approved: int
    recognised: int


class Overview(Answer):
    """The year in totals; no unit is ranked."""

    year: int
    cases: list[CaseCount]
    evidence: list[CaseCount]
    quotas: list[QuotaRow]


class EvidenceRow(Answer):
    """How much evidence is in which state, and for how many days the oldest of what waits has done so."""

    code: str
    title_vi: str
    states: dict[str, int]
    oldest_waiting_days: int | None


class Overdue(Answer):
    """Months (YYYY-MM) whose report a unit has not sent though its day has passed."""

    unit: str
    name_vi: str
    unit_kind: str
    months: list[str]


class Funding(Answer):
    """What a registered unit says it needs, in đồng, and where its year stands."""

    unit: str
    name_vi: str
    unit_kind: str
    state: str
    state_vi: str
    funding_need: int | None


class Quotas(Body):
    """How many units of each kind a year asks for."""

    wanted: dict[UnitKind, Annotated[int, Field(ge=0, le=100_000)]]


@router.get("/units/{code}/dossier", operation_id="dossierState", responses=responses(*CALLER_CODES, "unit_unknown"))
def dossier_state(
    code: Unit, caller: Caller, db: Db, config: Config, deadlines: Deadlines, now: Now, year: Year = None
) -> DossierState:
    """What a dossier still lacks and by when; what has not arrived or was not looked at yet."""
    return DossierState.model_validate(db.read(state_of, caller, code, year or config.programme_year, deadlines, now))


@router.get(
    "/units/{code}/dossiers/{version}",
    operation_id="readDossier",
    responses=responses(*CALLER_CODES, "snapshot_unknown"),
)
def read_dossier(
    code: Unit, version: Annotated[int, Path(ge=1, le=999)], caller: Caller, db: Db, config: Config, year: Year = None
) -> Dossier:
    """A dossier as it was sent; every version stays readable."""
    found = db.read(snapshot_of, caller, code, year or config.programme_year, version)
    return Dossier.model_validate({**found.model_dump(), "content": orjson.loads(found.content)})


@router.get("/overview", operation_id="overview", response_model=Overview, responses=READ)
def read_overview(
    caller: Caller, db: Db, config: Config, now: Now, year: Year = None, form: Form = "json"
) -> Overview | Response:
    """Totals of what the caller may read: cases and evidence by kind of unit and state, and quotas (not in the CSV)."""
    found = Overview.model_validate(db.read(figures.overview, caller, year or config.programme_year, now))
    return found if form == "json" else as_csv([*found.cases, *found.evidence], CASE_COLUMNS, f"tong-quan-{found.year}")


@router.get(
    "/overview/evidence", operation_id="evidenceFigures", response_model=list[EvidenceRow], responses=READ
)  # fmt: skip
def evidence_figures(
    by: Annotated[By, Query()],
    caller: Caller,
    db: Db,
    config: Config,
    now: Now,
    year: Year = None,
    form: Form = "json",
) -> list[EvidenceRow] | Response:
    """Evidence by state, for each criterion, unit or kind of proof, in the order of their codes; none is ranked."""
    found = db.read(evidence.evidence_figures, caller, year or config.programme_year, by, now)
    if form == "json":
        return [EvidenceRow.model_validate(row) for row in found]
    rows = [{**row, **{state: row["states"].get(state, 0) for state in EVIDENCE_STATES}} for row in found]
    return as_csv(rows, EVIDENCE_COLUMNS, f"minh-chung-{by}")


@router.get("/reports/overdue", operation_id="overdueReports", response_model=list[Overdue], responses=READ)
def overdue_reports(
    caller: Caller,
    db: Db,
    config: Config,
    deadlines: Deadlines,
    now: Now,
    year: Year = None,
    form: Form = "json",
) -> list[Overdue] | Response:
    """Units that the caller may read and whose monthly report is overdue, by code."""
    found = db.read(figures.overdue, caller, year or config.programme_year, deadlines, now)
    late = [Overdue.model_validate(row) for row in found]
    return late if form == "json" else as_csv(late, OVERDUE_COLUMNS, "bao-cao-qua-han")


@router.get("/funding", operation_id="fundingNeeds", response_model=list[Funding], responses=READ)
def funding_needs(
    caller: Caller, db: Db, config: Config, year: Year = None, form: Form = "json"
) -> list[Funding] | Response:
    """Funding needs of the units that are registered, for readers and for the finance department."""
    found = db.read(figures.funding, caller, year or config.programme_year)
    needs = [Funding.model_validate(row) for row in found]
    return needs if form == "json" else as_csv(needs, FUNDING_COLUMNS, "nhu-cau-kinh-phi")


@router.put("/quotas/{year}", operation_id="setQuotas", responses=responses(*CALLER_CODES, "not_permitted"))
def set_quotas(year: Annotated[int, Path(ge=2000, le=2999)], body: Quotas, caller: Caller, db: Db) -> Quotas:
    """Replaces what a year asks for."""
    db.write(figures.set_quotas, caller, year, {str(kind): count for kind, count in body.wanted.items()})
    return body
