"""The whole service under a virtual clock: three hundred schedules hold every promise (trust §1.3, §1.5)."""

import json
import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

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
    bug = STACK_BUGS[name]
    with bug.plant():
        days = (Day(seed, bug.replica, bug.often).play() for seed in range(bug.within))
        assert any(bug.says in told for broken in days for told in broken), f"not found within {bug.within} schedules"


TOLD = """
import json, logging, sys
from simulator.schedule import Schedule
from simulator.server import ModelServer
from simulator.stack.day import Day
logging.disable(logging.CRITICAL)
for seed in map(int, sys.argv[1:]):
    for schedule in (Schedule(seed, ModelServer()), Day(seed)):
        schedule.play()
        print(json.dumps([schedule.trace, sorted(schedule.ledger)]))
"""


def test_a_seed_plays_the_same_day_in_every_process() -> None:
    """Neither the order of sets, nor what was drawn for ids and salts, nor what was played before may matter."""
    elsewhere = subprocess.run(
        [sys.executable, "-c", TOLD, "1", "2"],
        env={**os.environ, "PYTHONHASHSEED": "1"}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    here = {seed: [told(Schedule(seed, ModelServer())), told(Day(seed))] for seed in (2, 1)}
    assert [json.loads(line) for line in elsewhere.stdout.splitlines()] == [*here[1], *here[2]]


def told(schedule: Schedule | Day) -> Any:
    schedule.play()
    return [schedule.trace, sorted(schedule.ledger)]


@pytest.mark.parametrize("path", REGRESSIONS, ids=lambda path: path.stem)
def test_what_was_red_once_holds_now(path: Path) -> None:
    kept = json.loads(path.read_text())
    seed = kept["seed"]
    assert not (Day(seed) if kept["simulator"] == "stack" else Schedule(seed, ModelServer())).play()
