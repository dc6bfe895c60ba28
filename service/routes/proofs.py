"""Proof for outsiders: the log of a scope, to be checked offline against receipts and checkpoints."""

from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel

from auth.principal import Permission
from service.deps import CALLER_CODES, Caller, Db
from service.problems import responses
from sync.proof import log_page

router = APIRouter(prefix="/v1/proofs", tags=["proof"])


class Head(BaseModel):
    """The last entry of a scope."""

    seq: int
    hash: str


class LogPage(BaseModel):
    """Entries behind `after`, for `minhchung verify`."""

    scope: str
    after: int
    head: Head
    entries: list[dict[str, Any]]


@router.get("", operation_id="readProof", responses=responses(*CALLER_CODES, "record_unknown"))
def read_proof(
    caller: Caller,
    db: Db,
    scope: Annotated[str, Query(max_length=64)],
    after: Annotated[int, Query(ge=0, le=2**53)] = 0,
    limit: Annotated[int, Query(ge=1, le=1000)] = 500,
    payload: Annotated[
        bool, Query(description="with the ops themselves and their salts, where originals are open to the caller")
    ] = False,
) -> LogPage:
    """A page of a scope's hash-chained log."""
    exact = payload and caller.may(Permission.ORIGINAL, scope)  # ops as they came hold exact places (domain L5)
    return LogPage.model_validate(db.read(log_page, caller, scope, after=after, limit=limit, payload=exact))
