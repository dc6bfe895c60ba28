"""When something was captured: an estimate from two readings of a device's clock. Pure (protocol P50).

No merge and no order asks for it; a reviewer sees it, and a supervisor decides by it on what came too late.
"""

from datetime import datetime
from typing import Any, NamedTuple

DAY = 86_400_000
FIRST = 1_577_836_800_000  # 2020: no device of the programme is older
TRAVEL = 60_000  # between the reading that a push carries and its arrival
DRIFT = 5_000  # a quartz clock is wrong by less than one part in this many


class Captured(NamedTuple):
    """ms since 1970 UTC, give or take `within` ms; None: the clock may have been set since, so nothing is promised.

    `odd`: the device's clock is far from the service's.
    """

    at: int
    within: int | None
    odd: bool


def estimate(captured: Any, clock: Any, now: int) -> Captured | None:
    """From `captured` of an op and `clock` of the push that brought it; None where the op does not say."""
    then, sent = _reading(captured), _reading(clock)
    if then is None:
        return None
    wall, mono, boot = then
    odd = sent is not None and abs(sent[0] - now) > DAY
    if sent and None not in (boot, mono, sent[1]) and boot == sent[2] and sent[1] - mono >= 0:
        passed = sent[1] - mono
        return Captured(now - passed, TRAVEL + passed // DRIFT, odd)
    at = wall + (now - sent[0]) if sent else wall
    return Captured(at, None, odd or at > now + DAY or at < FIRST)


def _reading(value: Any) -> tuple[int, Any, Any] | None:
    """Wall clock in ms, monotonic ms and boot id of a reading; None where it has no usable wall clock."""
    if not isinstance(value, dict) or not isinstance(value.get("wall"), str):
        return None
    try:
        wall = round(datetime.fromisoformat(value["wall"]).timestamp() * 1000)
    except (ValueError, OverflowError):
        return None
    mono, boot = value.get("mono_ms"), value.get("boot_id")
    counted = isinstance(mono, int) and not isinstance(mono, bool)
    return wall, mono if counted else None, boot if isinstance(boot, str) else None
