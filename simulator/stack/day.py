"""One whole-stack schedule: people, service, machine and network on one seed; then the faults stop."""

import shutil
from collections.abc import Callable, Collection
from dataclasses import fields
from itertools import accumulate
from random import Random
from typing import Any

import httpx

from auth.principal import Grant, Role
from minhchung_client import ClientError, Replica
from minhchung_client.uploads import waiting
from simulator.checker import check
from simulator.handset import Captured
from simulator.stack.desk import Desk
from simulator.stack.ending import ending
from simulator.stack.network import Weather
from simulator.stack.phone import FieldPhone
from simulator.stack.site import Site
from simulator.stack.workshop import OFFICERS, UNITS

YEAR = 2026
MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
DEPTH = 2  # a request may wait for others, whose requests may wait for others


class Day:
    """Two or three officers of two units, their phones, a reviewer, and two processes of the service."""

    def __init__(self, seed: int, replica_type: type[Replica] = Replica, often: Collection[str] = ()) -> None:
        """`often`: names of what people do more than on other days."""
        self.seed, self.rng = seed, Random(seed)  # noqa: S311  # a schedule is its seed
        self.site = Site(self.rng)
        self.weather = Weather.drawn(self.rng)
        self.shares = list(accumulate(share * (5 if a.__name__ in often else 1) for a, share in ACTIONS.items()))
        self.trace: list[str] = []
        self.ledger: dict[str, Captured] = {}
        self.made: dict[str, None] = {}
        self.words = self.depth = 0
        self.odd: list[str] = []
        self.held: dict[str, set[str]] = {}
        self.backups: list[tuple[FieldPhone, bytes]] = []
        self.replica_type = replica_type
        self.phones: list[FieldPhone] = []
        shutil.rmtree(self.site.shop.folder / "phones", ignore_errors=True)
        for account in OFFICERS[: self.rng.randint(2, 3)]:
            self.held[account] = {UNITS[0]}
            if self.rng.random() < 0.5:
                self._grant(account, UNITS[1])
            self._phone(account)
        self.desk = Desk(self.site, self.rng, self.weather)
        self.site.turns.hold, self.site.turns.between = self._hold, self._between

    def _phone(self, account: str) -> FieldPhone:
        folder = self.site.shop.folder / "phones" / f"{len(self.phones)}"
        phone = FieldPhone(
            account, self.rng, "minutes", self.replica_type, self.ledger,
            site=self.site, weather=self.weather, folder=folder,
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
        for phone in self.phones:
            phone.disk.give_back()

    def _something(self) -> None:
        phone = self.rng.choice(self.phones)
        (action,) = self.rng.choices(list(ACTIONS), cum_weights=self.shares)
        at = len(self.trace)
        self.trace.append("")
        try:
            became = action(self, phone)
        except Exception as error:  # noqa: BLE001  # a fault of the simulator or of the client; either way it is told
            became = f"raised {error!r}"
            self.odd.append(f"{action.__name__} raised {error!r}")
        who = "tuấn" if action is Day.review else f"{phone.account}{self.phones.index(phone)}"
        if action in (Day.work, Day.kill, Day.time):
            who = "the service"
        self.trace[at] = f"{'  ' * self.depth}{who} {action.__name__}: {became}"

    def _hold(self) -> bool:
        return self.depth < DEPTH and self.rng.random() < self.weather.hold

    def _between(self) -> None:
        """While a request waits, somebody else does something."""
        self.depth += 1
        try:
            self._something()
        finally:
            self.depth -= 1

    def _word(self) -> str:
        self.words += 1
        return f"w{self.words}"

    def edit(self, phone: FieldPhone) -> str:
        """Somebody captures something, with or without signal."""
        with phone.disk.safe():
            return self._edit(phone)

    def _edit(self, phone: FieldPhone) -> str:
        known = [record_id for record_id in phone.known() if record_id in self.made]
        if not known or self.rng.random() < 0.35:
            unit = self.rng.choice(sorted(self.held[phone.account]))
            files = phone.file() if self.rng.random() < 0.5 else None
            made = phone.capture("create", f"{unit}/{YEAR}", files=files, set=self._values(None))
            self.made[made] = None
            return f"makes {made[-4:]}{' with a file' if files else ''}"
        record_id = self.rng.choice(known)
        shown = phone.look(record_id)
        return f"{record_id[-4:]} {self._change(phone, shown)}" if shown else "shows nothing"

    def _change(self, phone: FieldPhone, shown: dict[str, Any]) -> str:
        scope, record_id, dice = shown["scope"], shown["id"], self.rng.random()
        if shown["conflicts"] and dice < 0.4:
            name = self.rng.choice(shown["conflicts"])["field"]
            settled = {name: self._value(name, shown)} if name in ("title", "chair", "note") else {}
            phone.capture("resolve", scope, record_id, set=settled)
            return f"resolves {name}"
        if dice < 0.82:
            change = self._patch(phone, shown)
            phone.capture("patch", scope, record_id, **change)
            return f"patches {sorted(change)}"
        if dice < 0.9:
            action = "delete" if not shown["deleted"] else "restore"
            phone.capture(action, scope, record_id)
            return action
        if len(self.held[phone.account]) > 1:
            other = next(u for u in UNITS if not scope.startswith(u))
            phone.capture("move", f"{other}/{YEAR}", record_id)
            return f"moves to {other}"
        return "stays as it is"

    def _values(self, shown: dict[str, Any] | None) -> dict[str, Any]:
        names = self.rng.sample(("title", "chair", "note"), self.rng.randint(1, 3))
        return {name: self._value(name, shown) for name in names}

    def _value(self, name: str, shown: dict[str, Any] | None) -> str:
        if name != "note":
            return self._word()
        said = (shown or {"data": {}})["data"].get("note", "một hai ba bốn năm sáu").split(" ")
        said.insert(self.rng.randrange(len(said) + 1), self._word())
        return " ".join(said)

    def _patch(self, phone: FieldPhone, shown: dict[str, Any]) -> dict[str, Any]:
        dice, tags = self.rng.random(), shown["data"].get("tags")
        if dice < 0.6:
            return {"set": self._values(shown)}
        if dice < 0.75:
            return {"files": phone.file()}
        if tags and dice < 0.85:
            return {"remove": {"tags": [self.rng.choice(tags)]}}
        return {"add": {"tags": [self._word()]}}

    def push(self, phone: FieldPhone) -> str:
        """One batch goes out, or seems to."""
        return phone.step("push_once")

    def upload(self, phone: FieldPhone) -> str:
        """Some pieces of a file go out, or seem to."""
        return phone.step("upload_once", self.rng.choice((1, 2, None)))

    def pull(self, phone: FieldPhone) -> str:
        """One page comes in, or seems to."""
        return phone.step("pull_once")

    def late(self, phone: FieldPhone) -> str:
        """Something from the past arrives."""
        return phone.something_late() or "nothing"

    def restart(self, phone: FieldPhone) -> str:
        """The app is killed and opened again."""
        if phone.working:
            return "is at it"
        phone.start()
        return "the app"

    def backup(self, phone: FieldPhone) -> str:
        """The phone is copied, restored from its copy, or a second one is set up from that."""
        mine = [copy for owner, copy in self.backups if owner is phone]
        if phone.working or phone.disk.real.in_transaction:
            return "is at it"
        if not mine:
            self.backups.append((phone, phone.disk.copy()))
            return "is kept"
        if self.rng.random() < 0.4 and len(self.phones) < 5:
            twin = self._phone(phone.account)
            shutil.copytree(phone.folder, twin.folder, dirs_exist_ok=True)
            twin.disk.put_back(mine[-1])
            twin.seen = {record_id: set(seen) for record_id, seen in phone.seen.items()}
            twin.went_back = True
            twin.start()
            return "has a twin"
        unsent = phone.held_ops() - phone.answered_ops()
        phone.disk.put_back(mine[-1])
        phone.went_back = True
        phone.start()
        for op_id in unsent - {op for p in self.phones for op in p.held_ops()}:
            self.ledger[op_id].gone = True
        return f"goes back in time, {len(unsent)} ops were still unsent"

    def regrant(self, phone: FieldPhone) -> str:
        """A grant is given or taken."""
        self.site.pass_time(1)
        held = self.held[phone.account]
        if UNITS[1] in held:
            held.discard(UNITS[1])
            self.site.revoke(phone.account, Grant(UNITS[1], Role.FIELD_OFFICER))
            return f"loses {UNITS[1]}"
        self._grant(phone.account, UNITS[1])
        return f"gets {UNITS[1]}"

    def _grant(self, account: str, unit: str) -> None:
        self.held[account].add(unit)
        self.site.grant(account, Grant(unit, Role.FIELD_OFFICER))

    def review(self, _phone: FieldPhone) -> str:
        """The reviewer opens a record, or decides on the one that is open."""
        return self.desk.work()

    def work(self, _phone: FieldPhone) -> str:
        """A worker does what waits."""
        return f"{self.site.work()} jobs"

    def kill(self, _phone: FieldPhone) -> str:
        """A process dies between two requests."""
        number = self.rng.randrange(2)
        self.site.kill(number)
        return f"process {number}"

    def time(self, _phone: FieldPhone) -> str:
        """It passes: tokens expire, and sometimes uploads do."""
        hours = self.rng.choice((0.3, 2, 30, 200))
        self.site.pass_time(int(hours * HOUR))
        self.site.attend()
        return f"{hours} hours"

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
            self.desk.settle()
        except httpx.TransportError as error:
            return [f"the reviewer cannot go on: {error!r}"]
        steps: tuple[Callable[[FieldPhone], bool], ...] = (_sends, _uploads, self._works, _pulls)
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


ACTIONS = {
    Day.edit: 30, Day.push: 18, Day.upload: 13, Day.pull: 14, Day.late: 4, Day.restart: 2,
    Day.backup: 3, Day.regrant: 3, Day.review: 7, Day.work: 2, Day.kill: 2, Day.time: 2,
}  # fmt: skip
