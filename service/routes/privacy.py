"""Personal data: what it is kept for, one's own copy of it, the desk for requests and breaches (domain L19-L21)."""

from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Query, status
from pydantic import Field, StringConstraints

from privacy import desk, moves
from privacy.desk import Opening
from privacy.register import Register
from service import subjects
from service.deps import CALLER_CODES, Keys, Types, Witnessed
from service.fields import Answer, Body, Instant, Moment
from service.listing import Limit, Place, decode_since, encode_since
from service.problems import responses
from service.subjects import Processing

router = APIRouter(prefix="/v1/privacy", tags=["privacy"])
CODES = (*CALLER_CODES, "not_permitted", "case_unknown")
MOVE_CODES = (
    "move_illegal", "move_incomplete", "move_blocked", "move_id_reused", "record_unknown", "not_redactable",
    "not_restrictable",
)  # fmt: skip
Words = Annotated[str, StringConstraints(max_length=4000, pattern=r"^[^\u0000]*$")]


class NewCase(Body):
    """A request of a data subject (`kind` is a key of `requests` in the register), or a breach that was discovered.

    `account_id`: the subject, where it is an account; else `subject` says who asks and how to reach them.
    """

    case_id: UUID
    type: Literal["request", "breach"]
    kind: Annotated[str, StringConstraints(max_length=40)] = ""
    account_id: UUID | None = None
    subject: Words = ""
    words: Annotated[Words, Field(min_length=1)]
    at: Annotated[Moment | None, Field(description="received, or discovered; absent: now")] = None


class CaseMove(Body):
    """`basis` is the law and article; `fields` what the move sets (docs/privacy.md)."""

    move_id: UUID
    action: Annotated[str, StringConstraints(max_length=40)]
    note: Words = ""
    basis: Annotated[str, StringConstraints(max_length=300, pattern=r"^[^\u0000-\u001f\u007f]*$")] = ""
    fields: Annotated[dict[str, Any], Field(default_factory=dict, max_length=20)]


class CaseStep(Answer):
    """A move that was made."""

    action: str
    source: str
    target: str
    actor: str
    at: Instant
    late: bool
    note: str
    basis: str
    outcome: dict[str, Any]


class PrivacyCase(Answer):
    """A case with its clocks; `overdue` names those that have run out, `moves` what may come next."""

    id: str
    type: str
    kind: str
    state: str
    ended: bool
    opened_by: str
    account_id: str | None
    received_at: Instant
    answer_by: Instant | None
    act_by: Instant
    overdue: list[str]
    moves: list[str]
    subject: str
    words: str
    facts: dict[str, Any]
    steps: list[CaseStep]


class PrivacyCases(Answer):
    """A page; `cursor` is null on the last one."""

    cursor: str | None
    cases: list[PrivacyCase]


@router.get("/register", operation_id="processingRegister", responses=responses())
def read_register(register: Processing) -> Register:
    """What personal data is kept for, on what basis, how long, and within which times requests are answered."""
    return register


@router.get("/me", operation_id="ownData", responses=responses(*CALLER_CODES))
def own_data(at: Witnessed) -> dict[str, Any]:
    """Everything that is kept about the caller: account, roles, devices, trail, records written, files named."""
    return at.write("exported", at.caller.account_id, {"what": "own"}, subjects.of_account, at.caller.account_id)


@router.post(
    "/cases",
    operation_id="openPrivacyCase",
    status_code=status.HTTP_201_CREATED,
    responses=responses(*CALLER_CODES, "not_permitted", "move_incomplete", "move_id_reused"),
)
def open_case(body: NewCase, at: Witnessed, register: Processing) -> PrivacyCase:
    """Opens a case. Anybody signed in may ask about oneself, and report a breach."""
    moment = int(body.at.timestamp() * 1000) if body.at else at.now
    whom = str(body.account_id) if body.account_id else None
    opening = Opening(str(body.case_id), body.type, body.kind, whom, body.subject, body.words, moment)
    act, facts = subjects.ACTS[body.type], {"action": "open", "kind": body.kind}
    made = at.write(act, str(body.case_id), facts, desk.open_case, at.caller, register, opening, at.now)
    return PrivacyCase.model_validate(made)


@router.get("/cases", operation_id="listPrivacyCases", responses=responses(*CALLER_CODES, "cursor_invalid"))
def list_cases(at: Witnessed, *, ended: bool = False, cursor: Place = None, limit: Limit = 100) -> PrivacyCases:
    """Cases that the caller opened, is about, or protects data for; those first whose time runs out first."""
    after = decode_since(cursor)
    found = at.db.read(desk.listed, at.caller, at.now, ended=ended, after=after, limit=limit + 1)
    page = found[:limit]
    if desk.protects(at.caller):
        at.saw("viewed", "", what="privacy cases", count=len(page))
    more = encode_since((page[-1].act_by, page[-1].id)) if len(found) > limit else None
    return PrivacyCases(cursor=more, cases=[PrivacyCase.model_validate(case) for case in page])


@router.get("/cases/{case_id}", operation_id="readPrivacyCase", responses=responses(*CODES))
def read_case(case_id: UUID, at: Witnessed) -> PrivacyCase:
    """One case, with every move that was made."""
    found = at.db.read(desk.read, at.caller, str(case_id), at.now)
    at.saw("viewed", str(case_id), what="privacy case")
    return PrivacyCase.model_validate(found)


@router.post("/cases/{case_id}/moves", operation_id="movePrivacyCase", responses=responses(*CODES, *MOVE_CODES))
def move_case(
    case_id: UUID, body: CaseMove, at: Witnessed, types: Types, keys: Keys, register: Processing
) -> PrivacyCase:
    """Brings a case on. Carrying out an erasure erases, and signs a certificate, in the same step."""
    asked = moves.Asked(str(body.move_id), str(case_id), body.action, body.note, body.basis, body.fields)
    return PrivacyCase.model_validate(subjects.move(at, types, register, keys, asked))


@router.get("/cases/{case_id}/notice", operation_id="breachNotice", responses=responses(*CODES))
def notice(case_id: UUID, at: Witnessed) -> dict[str, str]:
    """The draft of a breach notice in Vietnamese, for a person to correct and send."""
    text = at.db.read(subjects.notice, at.caller, str(case_id), at.now)
    at.saw("viewed", str(case_id), what="notice")
    return {"text": text}


@router.get("/cases/{case_id}/reach", operation_id="breachReach", responses=responses(*CODES))
def reach(case_id: UUID, at: Witnessed) -> dict[str, Any]:
    """Units and people that a breach touches, at most: what the device that `facts` names could read."""
    found = at.db.read(subjects.reach, at.caller, str(case_id), at.now)
    at.saw("viewed", str(case_id), what="reach")
    return found


@router.get("/cases/{case_id}/export", operation_id="exportSubject", responses=responses(*CODES))
def export(
    case_id: UUID, at: Witnessed, record: Annotated[list[UUID], Query(default_factory=list, max_length=500)]
) -> dict[str, Any]:
    """A copy for the subject of a request: what is kept about the account, and the records that name the person."""
    wanted = [str(one) for one in record]
    facts = {"what": "subject", "records": len(wanted)}
    return at.write("exported", str(case_id), facts, subjects.of_case, at.caller, str(case_id), wanted, at.now)
