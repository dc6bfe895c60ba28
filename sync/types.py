"""How a record type is declared to the engine: kinds of fields and their rules (protocol C.6). Pure.

`programme` fills a `Registry`; the engine looks types up there and never names one.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

SHA256 = re.compile(r"[0-9a-f]{64}")

Check = Callable[[Any], str | None]  # the fault in a value, in English, or None


Changes = dict[str, dict[str, Any]]  # `set add remove inc` of an op: field -> values
Upcast = Callable[[Changes], Changes]  # what an op of one schema says, as the next schema says it


class Kind(StrEnum):
    """The merge rule of a field."""

    FACT = "fact"  # written once
    REGISTER = "register"  # one value; concurrent and different: both kept
    TEXT = "text"  # long text, three-way merge
    SET = "set"  # elements added and removed; add wins
    COUNTER = "counter"  # sum of deltas
    REFERENCE = "reference"  # a register that names a record; held until the record is there


@dataclass(frozen=True, slots=True)
class Field:
    """One field. `check` sees a value (for sets: one element); `reviewed` fields are covered by a decision."""

    kind: Kind
    check: Check
    reviewed: bool = True


def _file_fault(value: Any) -> str | None:
    """The fault in one element of `media`: `{sha256, size, mime, name}`; further keys are kept."""
    if not isinstance(value, dict) or not isinstance(value.get("sha256"), str):
        return "a file is an object with sha256, size, mime and name"
    if not SHA256.fullmatch(value["sha256"]):
        return "sha256 is 64 lower-case hex digits"
    size = value.get("size", 0)
    if not isinstance(size, int) or isinstance(size, bool) or size < 0:
        return "size is a count of bytes"
    if not all(isinstance(value.get(key, ""), str) and len(value.get(key, "")) <= 1024 for key in ("mime", "name")):
        return "mime and name are short texts"
    return None


# The files of a record: a set like any other, whose digests a review covers.
MEDIA = "media"
MEDIA_FIELD = Field(Kind.SET, _file_fault)


@dataclass(frozen=True, slots=True)
class Issue:
    """Something a reviewer should see; never a reason to refuse (protocol P37)."""

    code: str
    field: str

    def as_json(self) -> dict[str, str]:
        return {"code": self.code, "field": self.field}


@dataclass(frozen=True, slots=True)
class RecordType:
    """A type of record. `issues` looks across fields; `state` names what a queue or report sorts by.

    `schema` is the version that the server writes; `upcasts[n]` brings what an op of schema n says to n + 1, and leaves
    fields that it does not know as they are. Elements of a `numbered` set get a running number within the scope.
    `shared` types are written by the service alone. `refuses` gets the data of a record and the changes of an op: the
    code with which it is rejected for what it brings (`sync.outcome.SEALED`: and shown to nobody), or None.
    """

    name: str
    fields: Mapping[str, Field]
    schema: int = 1
    upcasts: Mapping[int, Upcast] = field(default_factory=dict)
    media: bool = False
    numbered: tuple[str, ...] = ()
    shared: bool = False
    issues: Callable[[dict[str, Any]], list[Issue]] = lambda _data: []
    refuses: Callable[[dict[str, Any], Changes], str | None] = lambda _data, _changes: None
    state: Callable[[dict[str, Any]], str] = lambda _doc: ""  # may complete the server-owned part of the doc

    def rule(self, name: str) -> Field | None:
        """The declaration of a field; None for one that this schema does not know."""
        return MEDIA_FIELD if name == MEDIA and self.media else self.fields.get(name)


@dataclass(frozen=True, slots=True)
class Written:
    """A record as a transaction leaves it; `server` holds its server-owned parts."""

    id: str
    type: str
    scope: str
    state: str
    ver: int
    content_digest: str
    deleted: bool
    data: dict[str, Any]
    server: dict[str, Any]


Follower = Callable[[Any, list[Written], int], None]  # session, what was written, now (ms)


@dataclass(slots=True)
class Registry:
    """The record types in force. `followers` keep tables of their own in step, in the transaction that writes."""

    types: dict[str, RecordType] = field(default_factory=dict)
    followers: list[Follower] = field(default_factory=list)

    def add(self, *types: RecordType) -> None:
        for record_type in types:
            self.types[record_type.name] = record_type

    def get(self, name: str) -> RecordType | None:
        return self.types.get(name)
