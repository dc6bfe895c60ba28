"""What the values of evidence fields look like: the fault in English, or None. Pure.

Only what no field could hold is a fault; what a reviewer should merely see is an issue (`evidence.py`).
"""

import re
from datetime import datetime
from typing import Any

from sync.types import Check

UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
ITEM = re.compile(r"[A-Z]{2,4}-[A-Z][0-9]{2}")


def text(longest: int) -> Check:
    def check(value: Any) -> str | None:
        return None if isinstance(value, str) and len(value) <= longest else f"a text of at most {longest} characters"

    return check


def instant(value: Any) -> str | None:
    """RFC 3339 with an offset: the device's own clock and zone, as it showed them."""
    try:
        known = isinstance(value, str) and datetime.fromisoformat(value).tzinfo is not None
    except ValueError:
        known = False
    return None if known else "an RFC 3339 time with an offset"


def day(value: Any) -> str | None:
    try:
        known = isinstance(value, str) and len(value) == 10 and bool(datetime.fromisoformat(value))
    except ValueError:
        known = False
    return None if known else "a date as YYYY-MM-DD"


def boolean(value: Any) -> str | None:
    return None if isinstance(value, bool) else "true or false"


def between(low: int, high: int) -> Check:
    def check(value: Any) -> str | None:
        whole = isinstance(value, int) and not isinstance(value, bool)
        return None if whole and low <= value <= high else f"a whole number from {low} to {high}"

    return check


def one_of(*words: str) -> Check:
    def check(value: Any) -> str | None:
        return None if isinstance(value, str) and value in words else "one of " + ", ".join(words)

    return check


def matching(pattern: str, words: str) -> Check:
    def check(value: Any) -> str | None:
        return None if isinstance(value, str) and re.fullmatch(pattern, value) else words

    return check


def item_code(value: Any) -> str | None:
    return None if isinstance(value, str) and ITEM.fullmatch(value) else "a criterion code such as XA-A01"


def record_id(value: Any) -> str | None:
    return None if isinstance(value, str) and UUID.fullmatch(value) else "the id of a record"


def entry(**parts: Check) -> Check:
    """An object whose known keys hold what `parts` say; other keys are kept as they are."""

    def check(value: Any) -> str | None:
        if not isinstance(value, dict):
            return "an object" + (" with " if parts else "") + ", ".join(parts)
        faults = (f"{name}: {fault}" for name, part in parts.items() if name in value and (fault := part(value[name])))
        return next(faults, None)

    return check
