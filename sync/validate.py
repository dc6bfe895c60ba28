"""Could the values of an op be held at all? Faults of business are issues on the record, not this. Pure."""

from typing import Any

from sync.op import Action, Op, OpFault
from sync.types import MEDIA, Field, Kind, RecordType


def validate(op: Op, record_type: RecordType) -> None:
    """Raises OpFault `field_invalid` for a value that no merge could hold; business faults are issues, not this."""
    for name in op.fields:
        if not name[0].isalpha():
            raise OpFault("field_invalid", f"/{name}", why="a field name starts with a letter")
        rule = record_type.rule(name)
        if name == MEDIA and not record_type.media:
            raise OpFault("field_invalid", "/media", why="this type takes no files")
        if rule is None:
            if name in op.add or name in op.remove or name in op.inc:
                raise OpFault("field_invalid", f"/{name}", why="an unknown field can only be set")
            continue
        for value in _values(op, name, rule):
            fault = rule.check(value)
            empties = value is None and rule.kind is not Kind.SET  # a field may be emptied; an element is something
            if fault and not empties:
                raise OpFault("field_invalid", f"/{name}", why=fault)


def _values(op: Op, name: str, rule: Field) -> list[Any]:
    """The values an op gives to a field; for a set, its elements."""
    if (name in op.add or name in op.remove) and rule.kind is not Kind.SET:
        raise OpFault("field_invalid", f"/{name}", why="add and remove are for sets")
    if name in op.inc and rule.kind is not Kind.COUNTER:
        raise OpFault("field_invalid", f"/{name}", why="inc is for counters")
    if name not in op.set:
        return [*op.add.get(name, []), *op.remove.get(name, [])]
    value = op.set[name]
    if rule.kind in (Kind.SET, Kind.COUNTER):
        if op.action is not Action.CREATE:
            raise OpFault("field_invalid", f"/{name}", why="after create, a set takes add and remove, a counter inc")
        if rule.kind is Kind.SET and not isinstance(value, list):
            raise OpFault("field_invalid", f"/{name}", why="a set starts as a list")
        return [*value, *op.add.get(name, []), *op.remove.get(name, [])] if rule.kind is Kind.SET else [value]
    return [text_of(value)] if rule.kind is Kind.TEXT else [value]


def text_of(value: Any) -> Any:
    """Long text comes bare or as `{"text": …}`."""
    return value.get("text") if isinstance(value, dict) else value
