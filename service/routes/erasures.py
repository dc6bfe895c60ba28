"""What is kept too long, and the certificates of what was erased (domain L18)."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter
from pydantic import Field

from privacy import erasures
from service import subjects
from service.deps import CALLER_CODES, Keys, Types, Witnessed
from service.fields import Answer, Body, Instant
from service.listing import Limit, Place, decode_place, encode_place
from service.problems import responses
from service.subjects import Processing

router = APIRouter(prefix="/v1/privacy", tags=["privacy"])
CODES = (*CALLER_CODES, "not_permitted")


class DueItem(Answer):
    """An item whose period is over, of which class, and since when."""

    record_id: str
    type: str
    scope: str
    retention: str
    since: Instant


class DueItems(Answer):
    """Those among the next records; `cursor` is null when all were looked at."""

    cursor: str | None
    items: list[DueItem]


class Retirement(Body):
    """Items to erase, all of them due."""

    erasure_id: UUID
    record_ids: Annotated[list[UUID], Field(min_length=1, max_length=200)]


@router.get("/retention", operation_id="dueForErasure", responses=responses(*CODES, "cursor_invalid"))
def due(at: Witnessed, register: Processing, cursor: Place = None, limit: Limit = 500) -> DueItems:
    """Evidence that is kept longer than its class allows (`retention` in the register)."""
    found, place = at.db.read(erasures.due, at.caller, register, at.now, decode_place(cursor), limit)
    at.saw("viewed", "", what="due for erasure", count=len(found))
    more = encode_place(*place) if place else None
    return DueItems(cursor=more, items=[DueItem.model_validate(one) for one in found])


@router.post(
    "/retention",
    operation_id="eraseDue",
    responses=responses(*CODES, "retention_not_due", "record_unknown", "not_redactable"),
)
def erase_due(body: Retirement, at: Witnessed, types: Types, keys: Keys, register: Processing) -> dict[str, Any]:
    """Erases them, whole, and signs a certificate; tombstones stay and the log holds."""
    ids, sign = [str(one) for one in body.record_ids], subjects.signer(keys)
    who, how = (types, at.caller, register, ids), {"wish": str(body.erasure_id), "sign": sign, "now": at.now}
    facts = {"records": ids[:50], "count": len(ids)}
    return at.write("retention", str(body.erasure_id), facts, erasures.retire, *who, **how)  # type: ignore[arg-type]


@router.get(
    "/certificates/{certificate_id}",
    operation_id="erasureCertificate",
    responses=responses(*CODES, "certificate_unknown"),
)
def certificate(certificate_id: UUID, at: Witnessed) -> dict[str, str]:
    """A certificate as a JWS (`mc-erasure+jws`): records, versions, digests of files, reason, backups; no content."""
    found = at.db.read(erasures.certificate, at.caller, str(certificate_id))
    at.saw("viewed", str(certificate_id), what="certificate")
    return {"jws": found}
