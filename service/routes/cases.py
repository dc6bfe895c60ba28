"""Cases of the programme and their moves: one way for every state machine (docs/programme.md)."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query, Response
from pydantic import Field

from auth.accounts import readers
from programme.batch import make_all
from programme.case_list import CaseFilter, case_table, cases, moves_of
from programme.making import Asked
from programme.moves import make
from programme.opening import Opening, open_case
from programme.transitions import CASES
from service import answers
from service.deps import CALLER_CODES, Caller, Db, Deadlines, Language, Now, Types
from service.fields import Answer, Body, Instant, ShortText
from service.listing import Limit, Place, decode_since, encode_since
from service.problems import responses
from service.tables import AS_CSV, Form, as_csv
from service.wire import BatchAnswer, Record, RecordPage
from sync import canonical

router = APIRouter(prefix="/v1/cases", tags=["programme"])
Uuid = Annotated[str, Field(pattern=r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$")]
CaseId = Annotated[str, Path(pattern=r"^[0-9a-f-]{36}$")]
Note = Annotated[str | None, Field(max_length=4000, pattern=r"^[^\u0000]*$")]
Values = Annotated[dict[ShortText, Any], Field(max_length=40)]
Year = Annotated[int, Field(ge=2000, le=2999)]
Unit = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,31}$")]
Creatable = Literal["unit_year", "maintenance_year", "inspection", "award"]
CaseType = Literal[CASES]  # type: ignore[valid-type]
COLUMNS = {
    "unit": "Mã đơn vị",
    "name_vi": "Đơn vị",
    "unit_kind": "Loại đơn vị",
    "year": "Năm",
    "period": "Tháng",
    "state": "Mã tình trạng",
    "state_vi": "Tình trạng",
    "since": "Từ lúc",
    "late": "Quá hạn",
    "record_id": "Mã hồ sơ",
}
MOVE_CODES = (
    *CALLER_CODES,
    "case_unknown",
    "move_illegal",
    "move_incomplete",
    "move_blocked",
    "move_id_reused",
    "not_permitted",
    "from_the_unit",
    "content_changed",
)


class OpenRequest(Body):
    """A case to be opened. The same `move_id` may be sent again; the answer is the same."""

    move_id: Uuid
    type: Creatable
    unit: Unit
    year: Year
    fields: Values = Field(default_factory=dict)


class Seen(Body):
    """What was on the screen."""

    ver: Annotated[int, Field(ge=1, le=2**31 - 1)]
    content_digest: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class MoveRequest(Body):
    """A move: `paper` is the document behind it, `fields` what it sets, `on` what was on the screen."""

    move_id: Uuid
    action: ShortText
    paper: Values = Field(default_factory=dict)
    fields: Values = Field(default_factory=dict)
    note: Note = None
    on: Seen | None = None

    def asked(self, record_id: str, move_id: str | None = None) -> Asked:
        """The same as a value of the programme."""
        on = (self.on.ver, self.on.content_digest) if self.on else None
        return Asked(move_id or self.move_id, record_id, self.action, self.paper, self.fields, self.note, on)


class ListMoveRequest(MoveRequest):
    """One move for every case of a list, such as the approval of all units that a decision names."""

    record_ids: Annotated[list[Uuid], Field(min_length=1, max_length=200)]


class LegalMove(Answer):
    """A move that the state has; `permitted` says whether the caller may make it."""

    action: str
    title_vi: str
    target: str
    needs: list[str]
    fields: list[str]
    note: bool
    guards: list[str]
    due: str | None
    permitted: bool


class StepItem(Answer):
    """A move as it was made."""

    move_id: str
    action: str
    source: str
    target: str
    actor: str
    at: Instant
    ver: int
    note: str | None
    paper: dict[str, Any]


class CaseMoves(Answer):
    """Where a case stands, what may be done, and what was done."""

    record_id: str
    type: str
    state: str
    state_vi: str
    ver: int
    content_digest: str
    legal: list[LegalMove]
    history: list[StepItem]


@router.post(
    "",
    operation_id="openCase",
    response_class=Response,
    responses={
        **responses(*CALLER_CODES, "not_permitted", "unit_unknown", "case_unknown", "case_exists", "move_incomplete",
                    "move_blocked", "move_id_reused"),
        200: {"model": Record},
    },
)  # fmt: skip
def open_a_case(body: OpenRequest, caller: Caller, db: Db, types: Types, now: Now, deadlines: Deadlines) -> Response:
    """Opens a unit's year, a maintenance year, an inspection or a nomination for an award."""
    asked = Opening(body.move_id, body.type, body.unit, body.year, body.fields)
    return answers.json_response(db.write(open_case, types, caller, asked, now, deadlines))


@router.get(
    "",
    operation_id="listCases",
    response_class=Response,
    responses={
        **responses(*CALLER_CODES, "cursor_invalid"),
        200: {"model": RecordPage, "content": {**AS_CSV[200]["content"]}},
    },
)
def list_cases(
    caller: Caller,
    db: Db,
    type_: Annotated[CaseType, Query(alias="type")],
    year: Annotated[int | None, Query(ge=2000, le=2999)] = None,
    unit: Annotated[list[Unit] | None, Query(max_length=100)] = None,
    state: Annotated[list[ShortText] | None, Query(max_length=30)] = None,
    period: Annotated[str | None, Query(pattern=r"^\d{4}-\d{2}$")] = None,
    cursor: Place = None,
    limit: Limit = 100,
    form: Form = "json",
) -> Response:
    """Cases of one type, the one that has been in its state longest first; as CSV all of them, by unit and month."""
    wanted = CaseFilter(type_, year, unit, state, period)
    if form == "csv":
        return as_csv(db.read(case_table, caller, wanted), COLUMNS, f"danh-sach-{type_}")
    found = db.read(cases, caller, wanted, decode_since(cursor), limit + 1)
    more = encode_since(found[limit - 1][0]) if len(found) > limit else None
    return answers.records([shown for _, shown in found[:limit]], {"cursor": more})


@router.get("/{record_id}/moves", operation_id="caseMoves", responses=responses(*CALLER_CODES, "case_unknown"))
def case_moves(record_id: CaseId, caller: Caller, db: Db, deadlines: Deadlines) -> CaseMoves:
    """The legal moves of a case, and its history."""
    return CaseMoves.model_validate(db.read(moves_of, caller, record_id, deadlines))


@router.post(
    "/{record_id}/moves",
    operation_id="moveCase",
    response_class=Response,
    responses={**responses(*MOVE_CODES), 200: {"model": Record}},
)
def move_case(
    record_id: CaseId, body: MoveRequest, caller: Caller, db: Db, types: Types, now: Now, deadlines: Deadlines
) -> Response:
    """Makes one move. An illegal one is answered with the legal ones, a blocked one with what is missing."""
    return answers.json_response(db.write(make, types, caller, body.asked(record_id), now, deadlines, readers))


@router.post(
    "/moves",
    operation_id="moveCases",
    response_class=Response,
    responses={**responses(*CALLER_CODES), 200: {"model": BatchAnswer}},
)
def move_cases(
    body: ListMoveRequest,
    caller: Caller,
    db: Db,
    types: Types,
    now: Now,
    deadlines: Deadlines,
    language: Language,
) -> Response:
    """Makes the same move for each case of a list, and answers for each: one refusal holds up no other."""
    asked = [body.asked(r, canonical.derived_id(body.move_id, canonical.sha256(r.encode()))) for r in body.record_ids]
    return answers.batch(db.write(make_all, types, caller, asked, now, deadlines, readers), language)
