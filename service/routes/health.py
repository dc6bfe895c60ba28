"""Is the service up, and can it do its work; and the catalogue of problems, for clients that show them offline."""

from fastapi import APIRouter
from pydantic import BaseModel
from sqlalchemy import text

from service.deps import Db
from service.problems import Row, catalogue, responses

router = APIRouter(tags=["service"])


class Health(BaseModel):
    """`ok` when the process answers and its database does."""

    status: str


@router.get("/v1/health", operation_id="health", responses=responses("storage_unavailable"))
def health(db: Db) -> Health:
    """Ready to serve: the database answers."""
    db.read(lambda session: session.execute(text("select 1")).scalar_one())
    return Health(status="ok")


@router.get("/v1/problems", operation_id="listProblems", responses=responses())
def list_problems() -> dict[str, Row]:
    """Every code that a caller can meet, with its texts and next action; phones keep it for offline use."""
    return catalogue()
