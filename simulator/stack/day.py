"""One whole-stack schedule: people, service, machine and network on one seed; then the faults stop."""

import shutil
from collections.abc import Callable, Mapping
from dataclasses import fields
from itertools import accumulate
from random import Random

import httpx

from auth.principal import Grant, Role
from minhchung_client import ClientError, Replica
from minhchung_client.uploads import waiting
from simulator.checker import check
from simulator.handset import Captured
from simulator.pen import Pen
from simulator.stack import accidents, people
from simulator.stack.desk import Desk, Docket
from simulator.stack.ending import ending
from simulator.stack.network import Weather
from simulator.stack.phone import FieldPhone
from simulator.stack.site import Site
from simulator.stack.workshop import OFFICERS, REVIEWERS, UNITS, YEAR

DAY = 86_400_000
DEPTH = 2  # a request may wait for others, whose requests may wait for others


class Day:
    """Two or three officers of two units, their phones, two reviewers, and two processes of the service."""

    def __init__(
        self, seed: int, replica_type: type[Replica] = Replica, often: Mapping[str, int] | None = None
    ) -> None:
        """`often`: what happens so many times as often as on other days, by name."""
        self.seed, self.rng = seed, Random(seed)  # noqa: S311  # a schedule is its seed
        self.site = Site(self.rng)
        self.weather = Weather.drawn(self.rng)
        often = often or {}
        drill = self.rng.random() < DRILLS or accidents.restore.__name__ in often
        shares = HAPPENINGS | DRILL if drill else HAPPENINGS
        self.happenings = list(shares)
        self.shares = list(accumulate(share * often.get(one.__name__, 1) for one, share in shares.items()))
        self.trace: list[str] = []
        self.ledger: dict[str, Captured] = {}
        self.made: dict[str, None] = {}
        self.pen = Pen(self.rng, YEAR, ("title", "chair"), lambda phone: {"files": phone.file()})
        self.depth = 0
        self.odd: list[str] = []
        self.held: dict[str, set[str]] = {}
        self.backups: list[tuple[FieldPhone, bytes]] = []
        self.saved: accidents.Saved | None = None
        self.only_there: set[str] = set()  # ops that were sent, and went from the phones that had made them
        self.replica_type = replica_type
        self.phones: list[FieldPhone] = []
        shutil.rmtree(self.site.shop.folder / "phones", ignore_errors=True)
        for account in OFFICERS[: self.rng.randint(2, 3)]:
            self.held[account] = {UNITS[0]}
            if self.rng.random() < 0.5:
                self.held[account].add(UNITS[1])
                self.site.grant(account, Grant(UNITS[1], Role.FIELD_OFFICER))
            self.phone(account)
        self.docket = Docket()
        self.desks = [Desk(name, self.docket, self.site, self.rng, self.weather) for name in REVIEWERS]
        self.site.turns.hold, self.site.turns.between = self._hold, self._between

    def phone(self, account: str, host: FieldPhone | None = None) -> FieldPhone:
        """One more phone, signed in; or the same as `host`, for another account."""
        folder = self.site.shop.folder / "phones" / f"{len(self.phones)}"
        phone = FieldPhone(
            account, self.rng, "minutes", self.replica_type, self.ledger,
            site=self.site, weather=self.weather, folder=folder, host=host,
        )  # fmt: skip
        self.phones.append(phone)
        return phone

    def play(self) -> list[str]:
        """Runs the schedule to its quiet end; returns what does not hold."""
        try:
            for _ in range(self.rng.randint(12, 36)):
                self._something()
            return self.finish()
        finally:
            self.close()

    def calm(self) -> None:
        """From here on nothing fails by itself."""
        for knob in fields(Weather):
            setattr(self.weather, knob.name, 0.0)

    def finish(self) -> list[str]:
        """The quiet end; what does not hold after it."""
        return self._quiet() or check(ending(self), self.ledger, self.phones)

    def close(self) -> None:
        """Nobody looks at the phones any more."""
        for disk in dict.fromkeys(phone.disk for phone in self.phones):
            disk.give_back()

    def on_phones(self) -> set[str]:
        """Ops that are on any phone."""
        return {op_id for phone in self.phones for op_id in phone.held_ops()}

    def _something(self) -> None:
        phone = self.rng.choice(self.phones)
        (happens,) = self.rng.choices(self.happenings, cum_weights=self.shares)
        at, name = len(self.trace), happens.__name__
        self.trace.append("")
        try:
            became = happens(self, phone)
        except Exception as error:  # noqa: BLE001  # a fault of the simulator or of the client; either way it is told
            became = f"raised {error!r}"
            self.odd.append(f"{name} raised {error!r}")
        who = f"{phone.account}{self.phones.index(phone)}" if happens in ON_PHONES else "the service"
        self.trace[at] = f"{'  ' * self.depth}{who} {name}: {became}"

    def _hold(self) -> bool:
        return self.depth < DEPTH and self.rng.random() < self.weather.hold

    def _between(self) -> None:
        """While a request waits, somebody else does something."""
        self.depth += 1
        try:
            self._something()
        finally:
            self.depth -= 1

    def _quiet(self) -> list[str]:
        """No more faults: outboxes empty, files arrive and cursors reach their heads, in bounded time."""
        self.calm()
        for number in range(2):
            self.site.kill(number)
        self.site.pass_time(DAY)
        self.trace.append("the faults stop")
        for phone in self.phones:
            phone.calm()
            phone.start()
            while phone.answers or phone.network.late:
                phone.something_late()
        try:
            for desk in self.desks:
                desk.settle()
        except httpx.TransportError as error:
            return [f"the reviewer cannot go on: {error!r}"]
        steps: tuple[Callable[[FieldPhone], bool], ...] = (_sends, _uploads, self._works, _pulls)
        if self.saved:
            steps = (_pulls, *steps)  # by which each hears that the service was restored, and has lost something of it
        found = [problem for step in steps for phone in self.phones if (problem := _comes_to_rest(phone, step))]
        return found[:1]

    def _works(self, _phone: FieldPhone) -> bool:
        return self.site.work() > 0


def _comes_to_rest(phone: FieldPhone, step: Callable[[FieldPhone], bool]) -> str | None:
    """Repeats a step until nothing is left to do; what is wrong where that never comes."""
    try:
        for _ in range(200):
            if not step(phone):
                return None
    except ClientError as error:
        return f"{phone.account} cannot go on: {error!r}"
    return f"{phone.account} does not come to rest in {step.__name__}: {phone.replica.pending()} ops wait"


def _sends(phone: FieldPhone) -> bool:
    before = phone.replica.pending()
    phone.step("push_once")
    return before > 0


def _uploads(phone: FieldPhone) -> bool:
    before = waiting(phone.replica)
    phone.step("upload_once")
    return before > 0


def _pulls(phone: FieldPhone) -> bool:
    return phone.step("pull_once") != "False"


Happening = Callable[[Day, FieldPhone], str]
ON_PHONES: dict[Happening, int] = {
    people.edit: 30, people.push: 18, people.upload: 13, people.pull: 14, people.late: 4, people.restart: 2,
    people.free: 2, people.lend: 1, people.regrant: 3, accidents.backup: 3,
}  # fmt: skip
ELSEWHERE: dict[Happening, int] = {
    people.review: 7, accidents.work: 2, accidents.kill: 2, accidents.blackout: 1, accidents.time: 2,
}  # fmt: skip
HAPPENINGS = ON_PHONES | ELSEWHERE  # what happens -> how often
DRILL: dict[Happening, int] = {accidents.save: 8, accidents.restore: 8}
DRILLS = 0.08  # on so many days: a backup and a restore cost as much as all the rest
