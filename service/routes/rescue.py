"""Two calls of a phone in trouble: what became of these ops, and the way in when no token is valid (protocol C.4)."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Request
from pydantic import BaseModel, ConfigDict, Field
from sqlmodel import Session

from auth import devices
from auth.tokens import sign
from service import answers
from service.deps import CALLER_CODES, Caller, Config, Db, Keys, Language, Now
from service.fields import Answer, Body
from service.problems import responses
from service.strict import StrictRoute
from service.wire import Clock
from sync.intake import MAX_IDS, reconcile, rescue
from sync.outcome import Outcome
from sync.push import MAX_OPS
from sync.receipt import TYP, restated

router = APIRouter(prefix="/v1/sync", tags=["sync"], route_class=StrictRoute)
Name = Annotated[str, Field(max_length=64)]


class ReconcileRequest(Body):
    """Ids of ops that the device has."""

    op_ids: Annotated[list[Name], Field(max_length=MAX_IDS)]


class Standing(Answer):
    """What became of one op of the caller's account; `unknown`: it never came."""

    op_id: str
    status: str
    code: str | None = None
    message: str | None = None
    action: str | None = None


class Standings(Answer):
    """In the order of the request."""

    epoch: str
    ops: list[Standing]
    receipt: Annotated[str | None, Field(description="JWS: the same for those that came, each with when it did")]


class RescueRequest(BaseModel):
    """A push without a session. `client_id`: whose key has signed the bytes of this body."""

    model_config = ConfigDict(extra="ignore")
    client_id: Name
    clock: Clock | None = None
    ops: Annotated[list[Any], Field(json_schema_extra={"maxItems": MAX_OPS})]


class Kept(Answer):
    """That the ops are here, and no more."""

    ops: list[Standing]


@router.post("/reconcile", operation_id="reconcile", responses=responses(*CALLER_CODES, "restored"))
def reconcile_ops(
    body: ReconcileRequest, caller: Caller, db: Db, keys: Keys, config: Config, now: Now, language: Language
) -> Standings:
    """Says of each op what became of it, for a phone that was restored, was cloned, or has lost its receipts."""
    epoch, known = db.read(reconcile, caller, body.op_ids)
    said = db.read(restated, known.values(), epoch, caller, config.public_url, now) if known else None
    ops = [Standing(**answers.standing(i, known.get(i), language)) for i in body.op_ids]
    return Standings(epoch=epoch, ops=ops, receipt=said and sign(keys, TYP, said))


async def _raw(request: Request) -> bytes:
    """The bytes that the device has signed."""
    return await request.body()


@router.post(
    "/rescue",
    operation_id="rescue",
    responses=responses("device_proof_invalid", "batch_too_large", "rescue_limit"),
)
def rescue_ops(
    body: RescueRequest,
    raw: Annotated[bytes, Depends(_raw)],
    db: Db,
    now: Now,
    language: Language,
    device_signature: Annotated[str, Header(description="detached JWS (ES256) of the body by the device's key")] = "",
) -> Kept:
    """Keeps what a device has when no token of it is valid any more. Every op waits for a supervisor."""
    outcomes = db.write(_rescued, body, raw, device_signature, now)
    return Kept(ops=[Standing(**answers.result(outcome, language)) for outcome in outcomes])


def _rescued(session: Session, body: RescueRequest, raw: bytes, signature: str, now: int) -> list[Outcome]:
    device = devices.prove(session, body.client_id, raw, signature)
    clock = body.clock.model_dump() if body.clock else None
    return rescue(session, device.account_id, device.client_id, body.ops, clock, now)
