"""Parts of a long run, as other processes play them: many seeds in, the red ones out with their story."""

import logging

from simulator.schedule import Schedule
from simulator.server import ModelServer
from simulator.stack.day import Day

Red = list[tuple[int, list[str], list[str]]]


def model(seeds: range) -> Red:
    """Plays model-level schedules; the red ones with what is broken and what happened."""
    return [(s.seed, broken, s.trace) for seed in seeds if (broken := played(s := Schedule(seed, ModelServer())))]


def stack(seeds: range) -> Red:
    """Plays whole-stack schedules; the same of them."""
    logging.disable(logging.CRITICAL)  # what is broken on purpose would fill the log
    return [(day.seed, broken, day.trace) for seed in seeds if (broken := played(day := Day(seed)))]


def played(schedule: Schedule | Day) -> list[str]:
    """What does not hold; a schedule that cannot even end is as red as any."""
    try:
        return schedule.play()
    except Exception as error:  # noqa: BLE001  # one bad seed must not end a long run
        return [f"raised {error!r}"]
