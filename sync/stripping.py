"""What is left of a record, its versions and its ops when something is erased from them. Pure (protocol P58).

`fields` names what goes; None is everything that people wrote.
"""

from collections.abc import Collection
from typing import Any

import orjson

from sync.op import MAPS
from sync.state import PLACE, PRESENCE, Dot, State
from sync.types import MEDIA, Kind, RecordType

Fields = frozenset[str] | None
MARK = "redacted"  # the server-owned part of a record that tells what was erased from it, oldest first
WORDS = frozenset({"comment", "note"})  # what people say beside the data


def erased(state: State) -> bool:
    """Whether all that people wrote was taken out of this record, for good."""
    return any(mark["fields"] is None for mark in state.server.get(MARK, ()))


def covered(state: State, fields: Fields) -> bool:
    """Whether `fields` were erased before."""
    done = {name for mark in state.server.get(MARK, ()) for name in mark["fields"] or ()}
    return erased(state) or (fields is not None and fields <= done)


def strip_state(state: State, record_type: RecordType, fields: Fields, me: Dot) -> None:
    """Takes the values out of `state`, in the name of `me`: what has not seen that can no more take their place.

    Marks of who wrote when stay, so that late ops are judged as before; marks that hold values go.
    """
    marks = state.marks
    if fields is None:
        state.data, state.deleted = {}, True
        marks.registers = {n: r for n, r in marks.registers.items() if n in (PRESENCE, PLACE)}
        marks.elements, marks.removed = {}, {}
        state.register(PRESENCE).dot = me
        for register in marks.registers.values():
            register.others = []
        state.server = {name: _wordless(part) for name, part in state.server.items()}
        return
    for name in fields:
        rule = record_type.rule(name)
        register = state.register(name)
        register.dot, register.others, register.texts = me, [], {}
        marks.elements.pop(name, None)
        marks.removed.pop(name, None)
        if state.data.pop(name, None) is not None and (rule is None or rule.kind not in (Kind.SET, Kind.COUNTER)):
            state.data[name] = None  # emptied, not never written


def strip_doc(text: str, fields: Fields, marks: list[dict[str, Any]]) -> str:
    """An earlier version, as JSON text, without them; it says so by `marks` and keeps its digest."""
    doc = orjson.loads(text)
    if fields is None:
        doc = {name: _wordless(part) for name, part in doc.items()}
        doc |= {"data": {}, "conflicts": []}
    else:
        doc["data"] = {name: value for name, value in doc["data"].items() if name not in fields}
        doc["conflicts"] = [found for found in doc["conflicts"] if found["field"] not in fields]
    if "files" in doc and MEDIA not in doc["data"]:
        doc["files"] = {}
    return orjson.dumps({**doc, MARK: marks}).decode()


def _wordless(part: Any) -> Any:
    return {name: value for name, value in part.items() if name not in WORDS} if isinstance(part, dict) else part


def says(body: str, fields: Fields) -> bool:
    """Whether the body of an op tells something of them; one that cannot be read may."""
    try:
        raw = orjson.loads(body)
    except ValueError:
        return True
    if not isinstance(raw, dict):
        return True
    if MARK in _dict(raw.get("server")) and "dev_seq" not in raw:
        return False  # the word that erased before
    if fields is None:
        return True
    parts = [raw.get(name) for name in MAPS]
    odd = any(part is not None and not isinstance(part, dict) for part in parts)
    named: Collection[str] = {name for part in parts for name in _dict(part)} | ({MEDIA} if MEDIA in raw else set())
    return odd or not fields.isdisjoint(named)


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
