"""What of a record is shown to whom: exact places to those who may have originals, to others about a kilometre. Pure.

The stored document, its digest and its log stay whole; only what leaves is coarser (domain L5). Whoever gains or loses
the permission reads the scope anew, because rights are part of the view (`sync.visibility.view`).
"""

from decimal import ROUND_FLOOR, Decimal, InvalidOperation
from typing import Any

import orjson

from auth.principal import Permission, Principal

EXACT = frozenset({"lat", "lon", "latitude", "longitude", "accuracy_m", "altitude"})
MARKS = tuple(f'"{name}":' for name in sorted(EXACT))
CELL = Decimal("0.01")  # degrees: about 1.1 km


def seen_by(principal: Principal, scope: str, doc: str) -> str:
    """A record's stored JSON as `principal` gets it."""
    if principal.may(Permission.ORIGINAL, scope) or not any(mark in doc for mark in MARKS):
        return doc
    return orjson.dumps(coarse(orjson.loads(doc))).decode()


def coarse(value: Any) -> Any:
    """A value without exact places, however deep; where one stood, the cell that it lies in."""
    if isinstance(value, list):
        return [coarse(one) for one in value]
    if not isinstance(value, dict):
        return value
    left = {name: coarse(part) for name, part in value.items() if name not in EXACT}
    if len(left) < len(value) and (cell := _cell(value)):
        left.setdefault("cell", cell)
    return left


def _cell(place: dict[str, Any]) -> str:
    """The south-west corner of the cell, `21.18,106.07`; empty where there are no two numbers."""
    named = (place.get("lat", place.get("latitude")), place.get("lon", place.get("longitude")))
    try:
        found = [Decimal(str(one)).quantize(CELL, ROUND_FLOOR) for one in named]
    except InvalidOperation:
        return ""
    return f"{found[0]},{found[1]}"
