"""One schedule: what people do, in an order and under faults that its seed decides; then the faults stop."""

from collections.abc import Callable
from itertools import accumulate
from random import Random
from typing import Any

import orjson

from minhchung_client import ClientError, Replica
from simulator.checker import check
from simulator.handset import Captured
from simulator.pen import Pen
from simulator.phone import Faults, Phone
from simulator.server import ModelServer

UNITS, YEAR = ("A1", "B2"), 2026


class Schedule:
    """Two to four phones in two units, one server, one reviewer."""

    def __init__(self, seed: int, server: ModelServer, replica_type: type[Replica] = Replica) -> None:
        self.seed, self.rng, self.server = seed, Random(seed), server  # noqa: S311  # a schedule is its seed
        faults = Faults(*(self.rng.choice((0.0, high / 3, high)) for high in (0.3, 0.4, 0.4, 0.3, 0.3)))
        self.ledger: dict[str, Captured] = {}
        self.phones: list[Phone] = []
        for i in range(self.rng.randint(2, 4)):
            account = f"p{i}"
            server.grants[account] = {UNITS[0], self.rng.choice(UNITS)}
            self.phones.append(
                Phone(account, self.rng, "thing", replica_type, self.ledger, server=server, faults=faults)
            )
        self.made: dict[str, None] = {}
        self.pen = Pen(self.rng, YEAR, ("title", "place"), lambda _phone: {"inc": {"count": 1}})
        self.screen: dict[str, Any] | None = None
        self.trace: list[str] = []

    def play(self) -> list[str]:
        """Runs the schedule to its quiet end; returns what does not hold."""
        for _ in range(self.rng.randint(15, 60)):
            phone = self.rng.choice(self.phones)
            (action,) = self.rng.choices(ACTIONS, cum_weights=SHARES)
            self.trace.append(f"{phone.account} {action.__name__}")
            action(self, phone)
            self.server.idle(self.rng)
        broken = self._quiet() or check(self.server.ending(), self.ledger, self.phones)
        broken += [leak for phone in self.phones for leak in phone.leaks]
        for phone in self.phones:
            phone.disk.give_back()
        return broken

    def edit(self, phone: Phone) -> None:
        """Somebody captures something, with or without signal."""
        known = [record_id for record_id in phone.known() if record_id in self.made]
        if not known or self.rng.random() < 0.3:
            unit = self.rng.choice(sorted(self.server.grants[phone.account]))
            made = phone.capture("create", f"{unit}/{YEAR}", set=self.pen.values(None))
            self.made[made] = None
            return
        shown = phone.look(self.rng.choice(known))
        if shown is not None:
            self.pen.change(phone, shown, self.server.grants[phone.account])

    def push(self, phone: Phone) -> None:
        """One batch goes out, or seems to."""
        phone.step("push_once")

    def pull(self, phone: Phone) -> None:
        """One page comes in, or seems to."""
        phone.step("pull_once")

    def late(self, phone: Phone) -> None:
        """Something from the past arrives."""
        phone.something_late()

    def restart(self, phone: Phone) -> None:
        """The app is killed and opened again."""
        phone.start()

    def regrant(self, phone: Phone) -> None:
        """A grant is given or taken."""
        held = self.server.grants[phone.account]
        held ^= {UNITS[1]}

    def review(self, _phone: Phone) -> None:
        """The reviewer opens a record, or decides on the one that is open."""
        if self.screen is not None and self.rng.random() < 0.6:
            self.server.decide(self.screen["id"], self.screen, f"review-{self.pen.word()}")
            self.screen = None
            return
        shown = self.server.docs()
        if shown:
            self.screen = orjson.loads(self.rng.choice(shown))

    def _quiet(self) -> list[str]:
        """No more faults: every outbox empties and every cursor reaches its head, in a bounded number of rounds."""
        self.server.settle()
        for phone in self.phones:
            phone.start()
            phone.faults, phone.pages = Faults(0, 0, 0, 0, 0), phone.pages[-1:]  # nothing happens between pages now
            while phone.late:
                phone.something_late()
        steps: tuple[Callable[[Phone], bool], ...] = (_pushes, _pulls)
        return [p for step in steps for phone in self.phones if (p := _comes_to_rest(phone, step))][:1]


def _comes_to_rest(phone: Phone, step: Callable[[Phone], bool]) -> str | None:
    """Repeats a step until nothing is left to do; what is wrong where that never comes."""
    try:
        for _ in range(300):
            if not step(phone):
                return None
    except ClientError as error:
        return f"{phone.account} cannot go on: {error!r}"
    return f"{phone.account} does not come to rest: {phone.replica.pending()} ops wait"


def _pushes(phone: Phone) -> bool:
    return phone.device.push_once() > 0


def _pulls(phone: Phone) -> bool:
    return phone.device.pull_once()


OFTEN = {
    Schedule.edit: 36, Schedule.push: 24, Schedule.pull: 22, Schedule.late: 6,
    Schedule.restart: 3, Schedule.regrant: 3, Schedule.review: 7,
}  # fmt: skip
ACTIONS, SHARES = list(OFTEN), list(accumulate(OFTEN.values()))
