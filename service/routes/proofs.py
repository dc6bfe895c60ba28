"""Proof for outsiders: the log of a scope, to be checked offline against receipts and checkpoints."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel

from auth.principal import Permission
from service.bundles import make_bundle
from service.deps import CALLER_CODES, Caller, Config, Db, Keys, Now, Store
from service.fields import RecordId
from service.problems import responses
from sync.proof import evidence, log_page
from sync.records import readable
from sync.served import OriginalRestricted

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


@router.get(
    "/{record_id}",
    operation_id="proveRecord",
    response_class=Response,
    responses={
        **responses(*CALLER_CODES, "record_unknown", "original_restricted", "restored", "storage_unavailable"),
        200: {"content": {"application/jsonl": {"schema": {"type": "string"}}}},
    },
)
def prove_record(
    record_id: RecordId, caller: Caller, db: Db, store: Store, keys: Keys, config: Config, now: Now
) -> Response:
    """All that proves one record, for `minhchung verify`: its ops, and of the other entries of its log the digests."""
    scope = db.read(readable, caller, record_id).scope
    if not caller.may(Permission.ORIGINAL, scope):
        raise OriginalRestricted
    found = db.read(evidence, scope, record_id)
    data = make_bundle(found, scope, store, keys, config.public_url, now)
    return Response(data, media_type="application/jsonl")
