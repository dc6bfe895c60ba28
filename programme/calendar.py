"""The deadlines of one yearly cycle, judged by the hour at which the service received something. Pure.

"Trước ngày 12/12" is stored as its last full day, 11 December: received at 23:59:59 that day in Việt Nam is in time,
at 00:00:00 of the next day is late (plan IV.2; domain §1.5, §5.3).
"""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from datetime import datetime, time, timedelta, timezone
from typing import Any

VIETNAM = timezone(timedelta(hours=7), "Asia/Ho_Chi_Minh")  # no summer time, so no table of zones is needed
DAY_MS = 86_400_000


@dataclass(frozen=True, slots=True)
class Calendar:
    """Last days allowed, as MM-DD of the year; `report` is a day of the month after. `remind` counts days before."""

    registration: str = "06-30"
    plan: str = "03-31"
    safety: str = "11-19"
    movement: str = "11-29"
    dossier: str = "12-11"
    maintenance: str = "11-30"
    report: int = 5
    remind: int = 7

    def closes(self, key: str, year: int, month: int = 0) -> int:
        """The first millisecond that is too late (ms since 1970 UTC); `report` wants the month that it is about."""
        if key == "report":
            day = datetime(year + month // 12, month % 12 + 1, self.report, tzinfo=VIETNAM)
        else:
            day = datetime.fromisoformat(f"{year}-{getattr(self, key)}").replace(tzinfo=VIETNAM)
        return int((datetime.combine(day, time(), VIETNAM) + timedelta(days=1)).timestamp() * 1000)

    def last_day(self, key: str, year: int, month: int = 0) -> str:
        """The last day allowed, YYYY-MM-DD."""
        return day_of(self.closes(key, year, month) - 1)

    def late(self, key: str, year: int, received: int, month: int = 0) -> bool:
        return received >= self.closes(key, year, month)

    def keys(self) -> Iterator[str]:
        """The deadlines that come once a year."""
        return (f.name for f in fields(self) if f.name not in ("report", "remind"))

    def report_closes(self, month: str) -> int:
        """The first millisecond that is too late for the report of a month (YYYY-MM)."""
        return self.closes("report", int(month[:4]), int(month[5:]))


def report_months(year: int, approval: dict[str, Any] | None) -> list[str]:
    """Months (YYYY-MM) that a unit reports on, from its approval to November (TT124 Điều 8: 16/11 to 15/11)."""
    since = str((approval or {}).get("date", ""))[:7]
    return [m for m in (f"{year - 1}-12", *(f"{year}-{m:02d}" for m in range(1, 12))) if m >= since]


def day_vi(day: str) -> str:
    """YYYY-MM-DD as people write it: 11/12/2026."""
    return "/".join(reversed(day[:10].split("-")))


def day_of(ms: int) -> str:
    """The day in Việt Nam, YYYY-MM-DD."""
    return datetime.fromtimestamp(ms / 1000, VIETNAM).date().isoformat()
