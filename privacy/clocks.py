"""When a request has to be answered and carried out, and a breach notified. Pure (Decree 356/2025, Law 91/2025).

Days are whole days in Việt Nam: the day on which something came does not count, and a period ends with its last day.
"""

from collections.abc import Collection
from datetime import UTC, date, datetime, time, timedelta

from programme.calendar import VIETNAM

DAY = timedelta(days=1)
HOUR_MS = 3_600_000


def working_days(start: int, days: int, holidays: Collection[date]) -> int:
    """The end (ms) of the `days`-th working day after the day of `start` (ms)."""
    at = _day(start)
    while days > 0:
        at += DAY
        days -= at.weekday() < 5 and at not in holidays
    return _end(at)


def calendar_days(start: int, days: int) -> int:
    """The end (ms) of the `days`-th day after the day of `start` (ms)."""
    return _end(_day(start) + days * DAY)


def hours(start: int, count: int) -> int:
    """`count` hours after `start`, by the clock: nights and holidays count."""
    return start + count * HOUR_MS


def _day(ms: int) -> date:
    return datetime.fromtimestamp(ms / 1000, UTC).astimezone(VIETNAM).date()


def _end(day: date) -> int:
    return int(datetime.combine(day + DAY, time(), VIETNAM).timestamp() * 1000)
