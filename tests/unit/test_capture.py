"""When something was captured, by two readings of a clock that may be wrong (P50, P51)."""

import pytest

from sync.capture import DAY, TRAVEL, Captured, estimate

NOW = 1_790_000_000_000  # 2026-09-21T13:33:20Z
HOUR = 3_600_000


def reading(wall: str, mono_ms: int | None = None, boot_id: str | None = None) -> dict[str, object]:
    return {"wall": wall, "mono_ms": mono_ms, "boot_id": boot_id}


@pytest.mark.parametrize("year", [2016, 2026, 2036])
def test_one_boot_gives_a_time_and_how_wrong_it_can_be(year: int) -> None:
    """The monotonic clock of one boot tells how long ago it was, whatever year the phone believes in."""
    then = reading(f"{year}-09-21T08:00:00Z", 1_000, "boot")
    sent = reading(f"{year}-09-21T13:00:00Z", 1_000 + 5 * HOUR, "boot")
    assert estimate(then, sent, NOW) == Captured(NOW - 5 * HOUR, TRAVEL + HOUR // 1000, year != 2026)


def test_without_one_boot_nothing_is_promised() -> None:
    """Started anew since, set back since, or no monotonic clock: the two walls are compared, and no error is named."""
    then, sent = reading("2026-09-21T08:00:00Z", 9_000, "old"), reading("2026-09-21T13:00:00Z", 5_000, "new")
    assert estimate(then, sent, NOW) == Captured(NOW - 5 * HOUR, None, odd=False)
    assert estimate({**then, "boot_id": "new"}, sent, NOW) == Captured(NOW - 5 * HOUR, None, odd=False)
    assert estimate(reading("2036-09-21T08:00:00Z"), None, NOW - DAY) == Captured(2_105_596_800_000, None, odd=True)


def test_a_time_with_an_offset_is_one_instant() -> None:
    there, here = (
        estimate(reading("2026-09-21T15:00:00+07:00"), None, NOW),
        estimate(reading("2026-09-21T08:00:00Z"), None, NOW),
    )
    assert there == here


@pytest.mark.parametrize("said", [None, 7, {}, {"wall": 7}, {"wall": "hôm qua"}, {"wall": "9999-99-99T00:00:00Z"}])
def test_what_is_no_reading_is_none(said: object) -> None:
    assert estimate(said, reading("2026-09-21T08:00:00Z"), NOW) is None
