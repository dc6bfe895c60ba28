"""Time as a phone tells it. The protocol orders nothing by it; a reviewer sees it beside the server's own."""

import time
import uuid
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """`wall`: ms since 1970 UTC as the device believes; `mono`: ms since `boot_id` began, never set back.

    A clock may also have `offset_min`, the device's offset from UTC in minutes; ops then carry it.
    """

    boot_id: str

    def wall(self) -> int: ...

    def mono(self) -> int: ...


class SystemClock:
    """The machine's clocks; a process counts as one boot."""

    def __init__(self) -> None:
        self.boot_id = str(uuid.uuid4())
        self.offset_min = -(time.altzone if time.localtime().tm_isdst > 0 else time.timezone) // 60

    def wall(self) -> int:
        return time.time_ns() // 1_000_000

    def mono(self) -> int:
        return time.monotonic_ns() // 1_000_000


def stamp(clock: Clock) -> dict[str, object]:
    """The clock as an envelope carries it."""
    wall = datetime.fromtimestamp(clock.wall() / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return {"wall": wall, "mono_ms": clock.mono(), "boot_id": clock.boot_id}


def captured(clock: Clock) -> dict[str, object]:
    """The clock as an op carries it."""
    offset = getattr(clock, "offset_min", None)
    return stamp(clock) | ({} if offset is None else {"offset_min": offset})
