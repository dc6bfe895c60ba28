"""A record in memory: its values, and the marks that tell which values an op has seen. Pure (protocol C.6).

A *dot* marks who wrote a value: at which `ver` of the record, by which client, as which of its ops, for which account.
All fields of a fresh record share one dot, so `marks` stays small until people edit apart.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import orjson

from sync import canonical
from sync.types import Kind, RecordType

OWN_KEYS = frozenset(
    {"id", "type", "scope", "schema", "ver", "deleted", "data", "conflicts", "issues", "content_digest"}
)
# What stands beside `data` in a record; no device writes it, unless a type declares a field of that name.
SERVER_OWNED = OWN_KEYS | {
    "state", "created_at", "updated_at", "authors", "catalogue", "numbers", "codes", "files", "media_state", "review",
    "redacted",
}  # fmt: skip
PRESENCE, PLACE = "@deleted", "@scope"  # registers beside the data; no field name may start with @


class Dot(NamedTuple):
    """Who wrote a value."""

    ver: int
    client: str
    dev_seq: int
    by: str


@dataclass(slots=True)
class Candidate:
    """A value that lost its place to nobody: kept beside the current one until a `resolve`."""

    value: Any
    dot: Dot
    op_id: str


@dataclass(slots=True)
class Register:
    """Marks of one field. `clock`: client -> [last dev_seq, its ver]. `texts`: see `merge._basis`."""

    dot: Dot | None = None
    clock: dict[str, list[int]] = field(default_factory=dict)
    others: list[Candidate] = field(default_factory=list)
    texts: dict[str, list[Any]] = field(default_factory=dict)


@dataclass(slots=True)
class Marks:
    """Marks of one record. `first` is the dot of every value that has no mark of its own."""

    first: Dot
    registers: dict[str, Register] = field(default_factory=dict)
    elements: dict[str, dict[str, list[Dot]]] = field(default_factory=dict)
    removed: dict[str, dict[str, dict[str, int]]] = field(default_factory=dict)
    authors: list[str] = field(default_factory=list)


@dataclass(slots=True)
class State:
    """One record. `ver` counts its changes; `seq` is that of the latest one in `scope`."""

    id: str
    type: str
    scope: str
    schema: int
    marks: Marks
    ver: int = 0
    seq: int = 0
    deleted: bool = False
    data: dict[str, Any] = field(default_factory=dict)
    server: dict[str, Any] = field(default_factory=dict)

    def register(self, name: str) -> Register:
        """The marks of a field, made its own if it still shared the first dot."""
        found = self.marks.registers.get(name)
        if found is None:
            first = self.marks.first
            held = name in self.data
            found = Register(first, {first.client: [first.dev_seq, first.ver]}) if held else Register()
            self.marks.registers[name] = found
        return found

    def dots(self) -> Iterator[Dot]:
        """Every live mark that a device's edit made; a wish to delete is none."""
        yield self.marks.first
        for name, register in self.marks.registers.items():
            if register.dot:
                yield register.dot
            if name != PRESENCE:
                yield from (c.dot for c in register.others)
        for elements in self.marks.elements.values():
            for dots in elements.values():
                yield from dots


def render(state: State, record_type: RecordType) -> dict[str, Any]:
    """The record as every pull, push result and API answer shows it, server-owned parts completed."""
    doc = {
        "id": state.id,
        "type": state.type,
        "scope": state.scope,
        "schema": state.schema,
        "ver": state.ver,
        "deleted": state.deleted,
        "data": state.data,
        "conflicts": [_conflict(state, n, r) for n, r in state.marks.registers.items() if r.others],
        "issues": [issue.as_json() for issue in record_type.issues(state.data)],
        "content_digest": content_digest(state, record_type),
        **state.server,
    }
    doc["state"] = record_type.state(doc)
    return doc


def content_digest(state: State, record_type: RecordType) -> str:
    """Hex SHA-256 of what a reviewer judges: reviewed fields, digests of the files, the catalogue in force.

    Another spelling of a text in Unicode is the same content (protocol P47).
    """
    fields = record_type.fields
    data = {n: v for n, v in state.data.items() if n != "media" and (n not in fields or fields[n].reviewed)}
    for name, value in data.items():
        if name in fields and fields[name].kind is Kind.SET:
            data[name] = sorted(value, key=canonical.settled)
    media = sorted({m["sha256"] for m in state.data.get("media", ())})
    content = {"type": state.type, "deleted": state.deleted, "data": data, "media": media}
    if "catalogue" in state.server:
        content["catalogue"] = state.server["catalogue"]
    return canonical.sha256(canonical.settled(content)).hex()


def _conflict(state: State, name: str, register: Register) -> dict[str, Any]:
    current: dict[str, Any] = {"v": _current(state, name)}
    if register.dot:
        current |= {"ver": register.dot.ver, "by": register.dot.by}
    others = [{"v": c.value, "ver": c.dot.ver, "by": c.dot.by, "op": c.op_id} for c in register.others]
    return {"field": name.removeprefix("@"), "current": current, "others": others}


def _current(state: State, name: str) -> Any:
    if name == PRESENCE:
        return state.deleted
    return state.scope if name == PLACE else state.data.get(name)


def dump_marks(marks: Marks) -> str:
    """Marks as compact JSON; empty parts are left out."""
    registers = {
        name: _lean(
            d=list(r.dot) if r.dot else None,
            c=r.clock,
            o=[[c.value, list(c.dot), c.op_id] for c in r.others],
            t=r.texts,
        )
        for name, r in marks.registers.items()
    }
    elements = {n: {k: [list(d) for d in dots] for k, dots in found.items()} for n, found in marks.elements.items()}
    return orjson.dumps(_lean(d=list(marks.first), f=registers, s=elements, r=marks.removed, a=marks.authors)).decode()


def _lean(**parts: Any) -> dict[str, Any]:
    return {k: v for k, v in parts.items() if v}


def load(doc: str, marks: str, seq: int) -> State:
    """The state of a stored record."""
    shown = orjson.loads(doc)
    return State(
        id=shown["id"],
        type=shown["type"],
        scope=shown["scope"],
        schema=shown["schema"],
        ver=shown["ver"],
        seq=seq,
        deleted=shown["deleted"],
        data=shown["data"],
        marks=_load_marks(orjson.loads(marks)),
        server={k: v for k, v in shown.items() if k not in OWN_KEYS and k != "state"},
    )


def _load_marks(raw: dict[str, Any]) -> Marks:
    return Marks(
        first=Dot(*raw["d"]),
        registers={
            name: Register(
                dot=Dot(*r["d"]) if "d" in r else None,
                clock=r.get("c", {}),
                others=[Candidate(v, Dot(*d), op_id) for v, d, op_id in r.get("o", ())],
                texts=r.get("t", {}),
            )
            for name, r in raw.get("f", {}).items()
        },
        elements={n: {k: [Dot(*d) for d in dots] for k, dots in e.items()} for n, e in raw.get("s", {}).items()},
        removed=raw.get("r", {}),
        authors=raw.get("a", []),
    )
