"""Instants on the wire: RFC 3339, UTC, milliseconds. Pure."""

from datetime import UTC, datetime
from functools import lru_cache


@lru_cache(maxsize=256)  # the ops of a batch share theirs
def iso(ms: int) -> str:
    """`1764547200000` -> `2025-12-01T00:00:00.000Z`."""
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def milliseconds(text: str) -> int:
    """`2025-12-01T00:00:00.000Z` -> `1764547200000`. Raises ValueError."""
    return round(datetime.fromisoformat(text).timestamp() * 1000)
