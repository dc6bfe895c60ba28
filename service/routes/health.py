"""Does the process live, may it be sent work; and the catalogue of problems, for clients that show them offline."""

from typing import Literal

from fastapi import APIRouter
from pydantic import BaseModel

from service.deps import Db, Waking
from service.problems import Row, catalogue, responses
from sync.epoch import is_restored
from sync.errors import SyncError

router = APIRouter(tags=["service"])


class Leaving(SyncError):
    """This process takes no new work: another one is to be asked."""

    code = "leaving"


class Health(BaseModel):
    """`ok`; of a service that may be sent work also `restored`: it reads, and sync waits for an operator."""

    status: Literal["ok", "restored"]


@router.get("/v1/health", operation_id="health", responses=responses())
def health() -> Health:
    """The process lives. Asks nobody else: starting it anew would not bring back a database that is away."""
    return Health(status="ok")


@router.get("/v1/ready", operation_id="ready", responses=responses("storage_unavailable", "leaving"))
def ready(db: Db, wakes: Waking) -> Health:
    """Requests may be sent here: the database answers, and the process was not told to stop."""
    if wakes.dismissed:
        raise Leaving
    return Health(status="restored" if db.read(is_restored) else "ok")


@router.get("/v1/problems", operation_id="listProblems", responses=responses())
def list_problems() -> dict[str, Row]:
    """Every code that a caller can meet, with its texts and next action; phones keep it for offline use."""
    return catalogue()
