"""Reading records one by one or as a list: the head, what was verified, any version, the history."""

from typing import Annotated

from fastapi import APIRouter, Path, Response
from pydantic import BaseModel

from programme.projection import seen_by
from programme.reading import chosen
from service import answers
from service.deps import CALLER_CODES, Caller, Db, Witnessed
from service.fields import AsOf, Instant, Version
from service.listing import Limit, Place, TypeWords, Words, list_page
from service.problems import responses
from service.wire import Record, RecordPage
from sync.records import history, readable

router = APIRouter(prefix="/v1/records", tags=["records"])
RecordId = Annotated[str, Path(pattern=r"^[0-9a-f-]{36}$")]
READ_CODES = (*CALLER_CODES, "record_unknown")


class LogLine(BaseModel):
    """One change of a record: who, when, by which op, and its place in the scope's hash chain."""

    scope: str
    seq: int
    ver: int
    kind: str
    op_id: str
    actor: str
    at: Instant
    entry_hash: str


@router.get(
    "",
    operation_id="listRecords",
    response_class=Response,
    responses={**responses(*CALLER_CODES, "cursor_invalid"), 200: {"model": RecordPage}},
)
def list_records(
    at: Witnessed,
    scope: Words,
    type_: TypeWords,
    state: Words,
    cursor: Place = None,
    limit: Limit = 100,
) -> Response:
    """Records that the caller may read, by scope and order of change."""
    return list_page(at, cursor, limit, scopes=scope, types=type_, states=state)


@router.get(
    "/{record_id}",
    operation_id="readRecord",
    response_class=Response,
    responses={**responses(*READ_CODES), 200: {"model": Record}},
)
def read_record(
    record_id: RecordId,
    at: Witnessed,
    as_: AsOf = "head",
    ver: Version = None,
) -> Response:
    """One record: as it stands, as it was verified, or as it was at a version."""
    found = at.db.read(chosen, at.caller, record_id, verified=as_ == "verified", ver=ver)
    at.saw_records([(found.id, found.doc)])
    return answers.json_response(seen_by(at.caller, found.scope, found.doc))


@router.get("/{record_id}/history", operation_id="readHistory", responses=responses(*READ_CODES))
def read_history(record_id: RecordId, caller: Caller, db: Db) -> list[LogLine]:
    """Every change of a record, oldest first."""
    entries = db.read(lambda session: history(session, readable(session, caller, record_id)))
    return [
        LogLine(**e.model_dump(exclude={"record_id", "payload_digest", "entry_hash"}), entry_hash=e.entry_hash.hex())
        for e in entries
    ]
