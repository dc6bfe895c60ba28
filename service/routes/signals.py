"""What a reviewer should look at before deciding: signals of a record's files, each with what was compared."""

from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import BaseModel

from programme.signals import signals_of
from service.deps import CALLER_CODES, Caller, Db, Language
from service.desk_wire import SignalItem, signal_items
from service.problems import responses

router = APIRouter(prefix="/v1/records", tags=["review"])


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
    return RecordSignals(record_id=record_id, signals=signal_items(db.read(signals_of, caller, record_id), language))
