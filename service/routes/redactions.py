"""Erasing what a record says about somebody, where the law asks for it (protocol P58, domain L19)."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter
from pydantic import Field, StringConstraints

from programme.erasing import redact
from service.deps import CALLER_CODES, Caller, Types, Witnessed
from service.fields import Answer, Body, Instant, RecordId
from service.problems import responses

router = APIRouter(prefix="/v1/records/{record_id}/redactions", tags=["records"])
FieldName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][\x21-\x7e]{0,63}$")]
Basis = Annotated[str, StringConstraints(min_length=1, max_length=300, pattern=r"^[^\u0000-\u001f\u007f]*$")]


class RedactionRequest(Body):
    """What is to go, and why. Without `fields`, everything that people wrote. Name no person in `basis`."""

    redaction_id: UUID
    fields: Annotated[list[FieldName] | None, Field(min_length=1, max_length=50)] = None
    reason: Literal["subject_request", "unlawful", "not_needed", "retention", "order"]
    basis: Annotated[Basis, Field(description="law and article, or number and date of the paper that orders it")]


class HeldBackup(Answer):
    """A backup that was taken before, and still holds what was erased."""

    name: str
    taken_at: Instant


class Redaction(Answer):
    """What was erased: bodies of ops and digests of files by this request; `at`: by the last one that erased."""

    record_id: str
    ver: int
    at: Instant
    fields: list[str] | None
    bodies: int
    files: list[str]
    backups: list[HeldBackup]


@router.post(
    "",
    operation_id="redactRecord",
    responses=responses(*CALLER_CODES, "record_unknown", "not_permitted", "not_redactable"),
)
def redact_record(
    record_id: RecordId, body: RedactionRequest, caller: Caller, types: Types, at: Witnessed
) -> Redaction:
    """Erases single fields of a record, or all that it says, for good; phones and the log are told that it was done."""
    wish = {"redaction_id": str(body.redaction_id), "reason": body.reason, "basis": body.basis}
    facts = {"reason": body.reason, "fields": len(body.fields or ())}
    done = at.write("items_erased", record_id, facts, redact, types, caller, record_id, body.fields, now=at.now, **wish)
    backups = [HeldBackup(name=name, taken_at=taken_at) for name, taken_at in done.backups]
    parts = ("record_id", "ver", "at", "fields", "bodies", "files")
    return Redaction(**{name: getattr(done, name) for name in parts}, backups=backups)
