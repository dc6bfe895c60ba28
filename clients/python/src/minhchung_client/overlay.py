"""What the officer sees: the record as the service last told it, with own waiting edits laid over. Pure."""

import copy
from typing import Any

TEXT = {"text", "base_digest"}  # long text may come with the digest of what it was written over


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
        data[name] = value["text"] if _is_text(value) else value
    for name, values in (*op.get("add", {}).items(), ("media", op.get("media", []))):
        if values:
            held = _elements(data.get(name))
            data[name] = [*held, *(v for v in values if v not in held)]
    for name, values in op.get("remove", {}).items():
        data[name] = [v for v in _elements(data.get(name)) if v not in values]
    for name, delta in op.get("inc", {}).items():
        data[name] = (data[name] if isinstance(data.get(name), int) else 0) + delta
    if op["action"] in ("delete", "restore"):
        doc["deleted"] = op["action"] == "delete"
    if op["action"] == "move":
        doc["scope"] = op["scope"]
    settled = _settles(op)
    doc["conflicts"] = [c for c in doc.get("conflicts", []) if c["field"] not in settled]
    return doc


def _elements(value: Any) -> list[Any]:
    """A set that is empty, or no set at all, is one without elements; the service will say what is wrong with it."""
    return value if isinstance(value, list) else []


def _is_text(value: Any) -> bool:
    return isinstance(value, dict) and "text" in value and value.keys() <= TEXT


def _settles(op: dict[str, Any]) -> set[str]:
    """The conflicts that this op answers."""
    match op["action"]:
        case "resolve":
            return set(op.get("set", {})) or {"deleted"}
        case "delete" | "restore":
            return {"deleted"}
        case "move":
            return {"scope"}
    return set()
