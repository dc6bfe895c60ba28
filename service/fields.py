"""What the shapes of requests and answers share: bounded text, instants as RFC 3339, grants."""

from typing import Annotated, Literal

from fastapi import Path, Query
from pydantic import (
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    StringConstraints,
    WithJsonSchema,
)

from auth.principal import Grant
from sync.instant import iso

_NO_CONTROLS = r"^[^\u0000-\u001f\u007f]*$"

Instant = Annotated[
    int,
    PlainSerializer(iso, return_type=str),
    WithJsonSchema({"type": "string", "format": "date-time"}, mode="serialization"),
]


def _written(value: object) -> object:
    """A number is no instant: nobody knows whether it counts seconds or milliseconds. Raises ValueError."""
    if not isinstance(value, str):
        raise ValueError("an instant is text, as RFC 3339 has it")  # noqa: TRY004  # what pydantic asks for
    return value


Moment = Annotated[AwareDatetime, BeforeValidator(_written)]
ShortText = Annotated[str, StringConstraints(min_length=1, max_length=120, pattern=_NO_CONTROLS)]
UnitCode = Annotated[str, StringConstraints(pattern=r"^(\*|[A-Za-z0-9][A-Za-z0-9_.-]{0,31})$")]

RECORD_ID, SHA256 = r"^[0-9A-Za-z-]{1,64}$", r"^[0-9a-f]{64}$"
RecordId = Annotated[str, Path(pattern=RECORD_ID)]
Digest = Annotated[str, Path(pattern=SHA256, description="SHA-256 of the file, in hex")]
AsOf = Annotated[Literal["head", "verified"], Query(alias="as", description="As it stands, or as it was verified.")]
Version = Annotated[int | None, Query(ge=1, le=2**31 - 1, description="As it was at this version.")]


class Body(BaseModel):
    """A request body: a name that is not known is a mistake, not a wish to be ignored."""

    model_config = ConfigDict(extra="forbid")


class Answer(BaseModel):
    """An answer, made from the value of the same shape that an inner package returned."""

    model_config = ConfigDict(from_attributes=True)


Year = Annotated[int | None, Field(ge=2000, le=2999, description="The one year; absent: every year.")]


class GrantItem(Answer):
    """One role in one unit; `*` is every unit, no year is every year."""

    unit: UnitCode
    role: ShortText
    year: Year = None


class NewGrant(Body):
    """One role in one unit; `*` is every unit, no year is every year."""

    unit: UnitCode
    role: ShortText
    year: Year = None

    def grant(self) -> Grant:
        """Raises RoleUnknown."""
        return Grant.of(self.unit, self.role, self.year)


def shown(grant: Grant) -> str:
    """A grant in one word, for the audit trail: `unit_head@09187/2026`."""
    return f"{grant.role}@{grant.unit}" + (f"/{grant.year}" if grant.year else "")
