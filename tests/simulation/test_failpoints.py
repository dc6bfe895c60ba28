"""Fail at the n-th point of every flow, for n after n: then try again, and nothing is lost, doubled or half done.

A point is a statement, either side of a commit, either side of a call of the store, a call of the file system
(`simulator/failpoints.py`); the sweep ends where a flow passes none any more, so new code is swept by itself.
"""

import logging
import os
from collections.abc import Callable, Iterator

import pytest
from sqlalchemy.exc import OperationalError

from auth.principal import Grant, Role
from simulator.failpoints import Fault, Killed, Mishap, busy, killed, mishap, watched_files
from simulator.stack.day import Day
from simulator.stack.workshop import UNITS, YEAR

STRIDE = int(os.environ.get("STRIDE", "8"))  # `make soak` takes every point, `make test` one in eight
SCOPE = f"{UNITS[0]}/{YEAR}"
Flow = Callable[[Day], None]


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """What is broken on purpose would fill the log; the file system of the store has points as well."""
    logging.disable(logging.CRITICAL)
    with watched_files(Day(0).site.points):
        yield
    logging.disable(logging.NOTSET)


def captured(day: Day, *, file: bool = False) -> None:
    """Lan has a record on her phone."""
    lan = day.phones[0]
    made = lan.capture("create", SCOPE, files=lan.file() if file else None, set={"title": "w1", "note": "một hai"})
    lan.capture("patch", SCOPE, made, add={"tags": ["w2"]})


def pushed(day: Day) -> None:
    captured(day, file=True)
    day.phones[0].step("push_once")


def uploaded(day: Day) -> None:
    pushed(day)
    day.phones[0].step("upload_once")


def on_the_screen(day: Day) -> None:
    captured(day)
    day.phones[0].step("push_once")
    day.desks[0].work()


def push(day: Day) -> None:
    day.phones[0].step("push_once")


def upload(day: Day) -> None:
    day.phones[0].step("upload_once")


def pull(day: Day) -> None:
    day.phones[1].step("pull_once")


def review(day: Day) -> None:
    day.desks[0].work()


def job(day: Day) -> None:
    day.site.work()


def account(day: Day) -> None:
    """Minh gets a role, by the office's own hands; asked again if that failed."""
    day.held["minh"].add(UNITS[1])
    day.site.grant("minh", Grant(UNITS[1], Role.FIELD_OFFICER), safe=False)


FLOWS: dict[str, tuple[Flow, Flow]] = {
    "push": (captured, push),
    "upload": (pushed, upload),
    "review": (on_the_screen, review),
    "pull": (pushed, pull),
    "account": (captured, account),
    "job": (uploaded, job),
}


@pytest.mark.parametrize("fault", [mishap, killed, busy], ids=lambda fault: fault.__name__)
@pytest.mark.parametrize("name", FLOWS)
def test_whatever_fails_the_next_try_makes_it_good(name: str, fault: Fault) -> None:
    before, flow = FLOWS[name]
    points = 0
    while failed_at(points, before, flow, fault):
        points += STRIDE
    assert points > 3, "a flow without points proves nothing"


def failed_at(point: int, before: Flow, flow: Flow, fault: Fault) -> bool:
    """Plays a flow that fails at a point, and the rest of the day; whether the flow came as far as the point."""
    day = Day(1)
    day.calm()
    before(day)
    day.site.points.arm(point, fault)
    try:
        flow(day)
    except (Mishap, OperationalError):
        flow(day)
    except Killed:
        day.site.kill(0)
        flow(day)
    passed, waiting = list(day.site.points.passed), day.site.points.disarm()
    broken = day.finish()
    day.close()
    assert not broken, f"{fault.__name__} at point {point}, {passed[point : point + 1]}: {broken}"
    return not waiting
