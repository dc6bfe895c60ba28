"""What differs between two versions of a record, field by field, for reviewers. Pure."""

from typing import Any

MISSING = object()


def differences(before: dict[str, Any], after: dict[str, Any]) -> list[dict[str, Any]]:
    """`[{pointer, before, after}]` over the fields of the record and its deletion mark; sets as added and removed."""
    old, new = before["data"], after["data"]
    found = []
    if before["deleted"] != after["deleted"]:
        found.append({"pointer": "/deleted", "before": before["deleted"], "after": after["deleted"]})
    for name in sorted({*old, *new}):
        was, now = old.get(name, MISSING), new.get(name, MISSING)
        if was != now:
            found.append({"pointer": f"/data/{name}", **_change(was, now)})
    return found


def _change(was: Any, now: Any) -> dict[str, Any]:
    if isinstance(was, list) and isinstance(now, list):
        return {"added": [v for v in now if v not in was], "removed": [v for v in was if v not in now]}
    return {"before": None if was is MISSING else was, "after": None if now is MISSING else now}
