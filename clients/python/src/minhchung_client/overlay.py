"""What the officer sees: the record as the service last told it, with the device's own unsent edits laid over. Pure."""

import copy
from typing import Any


def lay_over(doc: dict[str, Any] | None, ops: list[dict[str, Any]]) -> dict[str, Any] | None:
    """`doc` with `ops` applied in order; `pending` counts them. None where there is nothing to show."""
    if not ops:
        return doc
    shown = copy.deepcopy(doc)
    for op in ops:
        shown = _apply(shown, op)
    if shown is not None:
        shown["pending"] = len(ops)
    return shown


def _apply(doc: dict[str, Any] | None, op: dict[str, Any]) -> dict[str, Any]:
    if doc is None:
        doc = {
            "id": op["record_id"], "type": op["type"], "scope": op["scope"], "ver": 0, "deleted": False, "data": {},
            "conflicts": [],
        }  # fmt: skip
    data = doc["data"]
    for name, value in op.get("set", {}).items():
        data[name] = value["text"] if isinstance(value, dict) and set(value) <= {"text", "base_digest"} else value
    for name, values in op.get("add", {}).items():
        data[name] = [*data.get(name, []), *(v for v in values if v not in data.get(name, []))]
    for name, values in op.get("remove", {}).items():
        data[name] = [v for v in data.get(name, []) if v not in values]
    for name, delta in op.get("inc", {}).items():
        data[name] = data.get(name, 0) + delta
    if op.get("media"):
        data["media"] = [*data.get("media", []), *op["media"]]
    if op["action"] in ("delete", "restore"):
        doc["deleted"] = op["action"] == "delete"
    if op["action"] == "move":
        doc["scope"] = op["scope"]
    return doc
