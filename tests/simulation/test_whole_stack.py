"""The whole service under a virtual clock: three hundred schedules hold every promise (trust §1.3, §1.5)."""

import json
import logging
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from simulator.schedule import Schedule
from simulator.server import ModelServer
from simulator.stack.bugs import STACK_BUGS
from simulator.stack.day import Day

SCHEDULES = int(os.environ.get("STACK_SCHEDULES", "300"))
START = int(os.environ.get("SEED", "0"))
PART = 15
REGRESSIONS = sorted((Path(__file__).parent / "regressions").glob("*.json"))


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """What is broken on purpose would fill the log."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


@pytest.mark.parametrize("first", range(START, START + SCHEDULES, PART))
def test_whole_days_hold_every_promise(first: int) -> None:
    for seed in range(first, first + PART):
        day = Day(seed)
        broken = day.play()
        assert not broken, "\n".join([f"seed {seed}:", *broken, "timeline:", *day.trace])


@pytest.mark.parametrize("name", sorted(STACK_BUGS))
def test_a_mistake_around_the_engine_is_found(name: str) -> None:
    within, planted = STACK_BUGS[name]
    with planted():
        assert any(Day(seed).play() for seed in range(within)), f"not found within {within} schedules"


def test_a_seed_always_plays_the_same_day() -> None:
    for seed in range(6):
        first, again = Day(seed), None
        broken = first.play()
        again = Day(seed)
        assert again.play() == broken
        assert again.trace == first.trace
        assert [sorted(d.ledger) for d in (first, again)] == [sorted(first.ledger)] * 2


@pytest.mark.parametrize("path", REGRESSIONS, ids=lambda path: path.stem)
def test_what_was_red_once_holds_now(path: Path) -> None:
    kept = json.loads(path.read_text())
    seed = kept["seed"]
    assert not (Day(seed) if kept["simulator"] == "stack" else Schedule(seed, ModelServer())).play()
