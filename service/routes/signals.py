"""What a reviewer should look at before deciding: signals of a record's files, each with what was compared."""

from typing import Annotated, Any

from fastapi import APIRouter, Path
from pydantic import BaseModel

from programme.signal_texts import text
from programme.signals import signals_of
from service.deps import CALLER_CODES, Caller, Db, Language
from service.problems import responses

router = APIRouter(prefix="/v1/records", tags=["review"])


class SignalUse(BaseModel):
    """Another record, which the caller may read."""

    record_id: str
    scope: str
    codes: list[str]


class SignalItem(BaseModel):
    """A reason to look, never a verdict. `compared` has the values and the tolerance; `message` says it in words."""

    code: str
    sha256: str
    message: str
    compared: dict[str, Any]
    records: list[SignalUse]


class RecordSignals(BaseModel):
    record_id: str
    signals: list[SignalItem]


@router.get(
    "/{record_id}/signals",
    operation_id="readSignals",
    responses=responses(*CALLER_CODES, "record_unknown", "review_not_permitted"),
)
def read_signals(
    record_id: Annotated[str, Path(pattern=r"^[0-9a-f-]{36}$")], caller: Caller, db: Db, language: Language
) -> RecordSignals:
    """Signals of a record's files, worked out now and for this reviewer."""
    items = [
        SignalItem(
            code=s.code,
            sha256=s.sha256,
            message=text(s.code, language, s.compared),
            compared=s.compared,
            records=[SignalUse(**use) for use in s.records],
        )
        for s in db.read(signals_of, caller, record_id)
    ]
    return RecordSignals(record_id=record_id, signals=items)
