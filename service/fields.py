"""What the shapes of requests and answers share: bounded text, instants as RFC 3339, grants."""

from typing import Annotated, Literal

from fastapi import Query
from pydantic import BaseModel, ConfigDict, PlainSerializer, StringConstraints, WithJsonSchema

from sync.instant import iso

_NO_CONTROLS = r"^[^\u0000-\u001f\u007f]*$"

Instant = Annotated[
    int,
    PlainSerializer(iso, return_type=str),
    WithJsonSchema({"type": "string", "format": "date-time"}, mode="serialization"),
]
ShortText = Annotated[str, StringConstraints(min_length=1, max_length=120, pattern=_NO_CONTROLS)]
UnitCode = Annotated[str, StringConstraints(pattern=r"^(\*|[A-Za-z0-9][A-Za-z0-9_.-]{0,31})$")]


AsOf = Annotated[Literal["head", "verified"], Query(alias="as", description="As it stands, or as it was verified.")]
Version = Annotated[int | None, Query(ge=1, le=2**31 - 1, description="As it was at this version.")]


class Body(BaseModel):
    """A request body: a name that is not known is a mistake, not a wish to be ignored."""

    model_config = ConfigDict(extra="forbid")


class Answer(BaseModel):
    """An answer, made from the value of the same shape that an inner package returned."""

    model_config = ConfigDict(from_attributes=True)


class GrantItem(Answer):
    """One role in one unit; `*` is every unit."""

    unit: UnitCode
    role: ShortText
