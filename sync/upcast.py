"""Ops of apps that are older than the service: what they say, in the words of today. Pure (protocol C.10).

The op is kept and hashed as it was sent; only what is merged is brought over.
"""

from dataclasses import replace
from typing import Any

from sync.op import MAPS, Op
from sync.types import RecordType


def upcast(op: Op, record_type: RecordType) -> Op:
    """The op as one of the type's own schema; a step that needs no change needs no function."""
    changes: Any = {name: dict(getattr(op, name)) for name in MAPS}
    for schema in range(max(op.schema, 1), record_type.schema):
        step = record_type.upcasts.get(schema)
        changes = step(changes) if step else changes
    return replace(op, **changes, schema=record_type.schema)


def newer(op: Op, record_type: RecordType) -> set[str]:
    """What an op waits for whose app is newer than this service: the release that knows its schema."""
    return {need(op.type, op.schema)} if op.schema > record_type.schema else set()


def need(type_name: str, schema: int) -> str:
    return f"schema:{type_name}/{schema}"
