"""Is the service up, and can it do its work; and the catalogue of problems, for clients that show them offline."""

from fastapi import APIRouter
from pydantic import BaseModel

from service.deps import Db
from service.problems import Row, catalogue, responses
from sync.epoch import is_restored

router = APIRouter(tags=["service"])


class Health(BaseModel):
    """`ok` when the process answers and its database does; `restored` when sync waits for an operator."""

    status: str


@router.get("/v1/health", operation_id="health", responses=responses("storage_unavailable"))
def health(db: Db) -> Health:
    """Ready to serve: the database answers."""
    return Health(status="restored" if db.read(is_restored) else "ok")


@router.get("/v1/problems", operation_id="listProblems", responses=responses())
def list_problems() -> dict[str, Row]:
    """Every code that a caller can meet, with its texts and next action; phones keep it for offline use."""
    return catalogue()
