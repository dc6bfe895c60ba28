"""Twenty thousand schedules hold every promise, and every planted mistake is found (trust §1.4, §1.5)."""

import os

import pytest

from simulator.bugs import BUGS
from simulator.schedule import Schedule
from simulator.server import ModelServer

SCHEDULES = int(os.environ.get("SCHEDULES", "20000"))
START = int(os.environ.get("SEED", "0"))
PART = 500


@pytest.mark.parametrize("first", range(START, START + SCHEDULES, PART))
def test_schedules_hold_every_promise(first: int) -> None:
    for seed in range(first, first + PART):
        schedule = Schedule(seed, ModelServer())
        broken = schedule.play()
        assert not broken, story(schedule, broken)


@pytest.mark.parametrize("name", sorted(BUGS))
def test_a_planted_mistake_is_found(name: str) -> None:
    bug = BUGS[name]
    with bug.patch():
        for seed in range(bug.within):
            if any(bug.says in told for told in Schedule(seed, bug.server(), bug.replica).play()):
                return
    pytest.fail(f"{bug.says!r} was not said within {bug.within} schedules")


def test_a_seed_always_plays_the_same_schedule() -> None:
    for seed in range(25):
        first, again = Schedule(seed, ModelServer()), Schedule(seed, ModelServer())
        assert first.play() == again.play()
        assert first.trace == again.trace
        ends = [{i: r.doc for i, r in s.server.tables.records.items()} for s in (first, again)]
        assert ends[0] == ends[1]


def story(schedule: Schedule, broken: list[str]) -> str:
    """What happened, for a person: play it again with `SEED=<seed> SCHEDULES=1`."""
    return "\n".join([f"seed {schedule.seed}:", *broken, "timeline:", *schedule.trace])
