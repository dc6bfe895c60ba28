"""A record type with one field of each kind, for the simulator and the property tests of the engine."""

from typing import Any

from sync.notice import NOTICE
from sync.types import Field, Kind, RecordType, Registry


def _anything(_value: Any) -> None:
    return None


THING = RecordType(
    "thing",
    {
        "title": Field(Kind.REGISTER, _anything),
        "place": Field(Kind.REGISTER, _anything),
        "note": Field(Kind.TEXT, _anything),
        "tags": Field(Kind.SET, _anything),
        "count": Field(Kind.COUNTER, _anything),
        "seen_at": Field(Kind.FACT, _anything),
    },
    numbered=("tags",),
)
TYPES = Registry()
TYPES.add(NOTICE, THING)
