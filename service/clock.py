"""The one clock. Everything else is told the time, so that tests and the simulator can own it."""

import time
from typing import Protocol


class Clock(Protocol):
    """Gives the present as milliseconds since 1970-01-01 UTC."""

    def now(self) -> int: ...


class SystemClock:
    """The machine's wall clock. Orders nothing: order comes from `(scope, seq)` and `(client_id, dev_seq)`."""

    def now(self) -> int:
        return time.time_ns() // 1_000_000


class ManualClock:
    """A clock that moves only when told to; for tests and the demo's virtual calendar."""

    def __init__(self, start: int) -> None:
        self._now = start

    def now(self) -> int:
        return self._now

    def advance(self, ms: int) -> None:
        self._now += ms
