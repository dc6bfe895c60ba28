"""Clocks of requests and breaches: working days over weekends and holidays, whole days, and hours by the clock."""

from datetime import datetime

import pytest

from privacy.clocks import calendar_days, hours, working_days
from privacy.register import load
from sync.instant import iso

HOLIDAYS = load().holidays


def at(text: str) -> int:
    return int(datetime.fromisoformat(f"{text}+07:00").timestamp() * 1000)


@pytest.mark.parametrize(
    ("came", "ends"),
    [
        ("2026-09-21 20:33", "2026-09-23T17:00:00.000Z"),  # Monday evening: Tuesday, Wednesday
        ("2026-09-25 09:00", "2026-09-29T17:00:00.000Z"),  # Friday: over the weekend
        ("2026-09-26 09:00", "2026-09-29T17:00:00.000Z"),  # Saturday
        ("2026-04-29 16:00", "2026-05-05T17:00:00.000Z"),  # before Reunification and Labour Day, and a weekend
        ("2026-02-13 10:00", "2026-02-24T17:00:00.000Z"),  # before Tết
    ],
)
def test_two_working_days_end_with_the_last_of_them(came: str, ends: str) -> None:
    assert iso(working_days(at(came), 2, HOLIDAYS)) == ends


def test_days_are_whole_and_hours_are_not() -> None:
    came = at("2026-09-21 20:33")
    assert iso(calendar_days(came, 20)) == "2026-10-11T17:00:00.000Z"
    assert iso(hours(came, 72)) == "2026-09-24T13:33:00.000Z"
    assert calendar_days(calendar_days(came, 20) - 1, 15) == calendar_days(came, 35), "put off from its last day on"
