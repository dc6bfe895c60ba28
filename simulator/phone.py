"""One phone of a schedule: the reference client as it is, over a network that loses, repeats and delays.

The ledger beside it is the tester's: what was captured, and what was truly on the screen when it was.
"""

import json
from dataclasses import dataclass, field
from random import Random
from typing import Any

from minhchung_client import Device, Replica, Unreachable
from minhchung_client.ids import uuid7
from simulator.disk import Crash, Disk
from simulator.server import ModelServer

YEAR_MS = 365 * 86_400_000


class PhoneClock:
    """Off by up to ten years, and jumping."""

    boot_id = "boot"

    def __init__(self, rng: Random) -> None:
        self.rng, self.offset = rng, rng.randint(-10, 10) * YEAR_MS

    def wall(self) -> int:
        if self.rng.random() < 0.05:
            self.offset = self.rng.randint(-10, 10) * YEAR_MS
        return max(0, 1_700_000_000_000 + self.offset)

    def mono(self) -> int:
        return 0


@dataclass(slots=True)
class Captured:
    """An op as it was made: its change, and every value of its record that its author had seen by then.

    `over`: earlier edits of the same record were still waiting, so that its base is theirs.
    """

    op: dict[str, Any]
    seen: frozenset[str]
    over: bool


@dataclass(slots=True)
class Faults:
    """How often things go wrong in this schedule; each seed draws its own mix."""

    drop: float
    lose: float
    repeat: float
    crash: float
    delay: float


@dataclass
class Phone:
    """An account with one install."""

    account: str
    server: ModelServer
    rng: Random
    faults: Faults
    replica_type: type[Replica] = Replica
    ledger: dict[str, Captured] = field(default_factory=dict)
    seen: dict[str, set[str]] = field(default_factory=dict)
    late: list[tuple[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.client = f"client-{self.account}"
        self.clock = PhoneClock(self.rng)
        self.disk = Disk()
        self.start()

    def start(self) -> None:
        """A fresh process over the same disk."""
        self.disk.restart()
        self.replica = self.replica_type(self.disk, clock=self.clock, new_id=self._new_id)  # type: ignore[arg-type]
        self.device = Device(self.replica, self)

    def _new_id(self, now: int) -> str:
        return uuid7(now, self.rng.randbytes)

    def capture(self, action: str, scope: str, record_id: str | None = None, **change: Any) -> str:
        """Edits, and notes what was on the screen."""
        over = self._waits(record_id)
        made = self.replica.edit(action, "thing", scope, record_id, **change)
        row = self.disk.execute("select body from outbox order by dev_seq desc limit 1").fetchone()
        body = json.loads(row[0])
        seen = self.seen.setdefault(made, set())
        self.ledger[body["op_id"]] = Captured(body, frozenset(seen), over)
        seen |= values_of(body.get("set", {}))
        return made

    def _waits(self, record_id: str | None) -> bool:
        """Whether earlier edits of a record are still to be sent."""
        query = "select 1 from outbox where record_id = ? limit 1"
        return self.disk.execute(query, (record_id,)).fetchone() is not None

    def known(self) -> list[str]:
        """Ids of the records that the replica shows, sorted."""
        query = "select id from base where doc is not null union select record_id from waiting order by 1"
        return [record_id for (record_id,) in self.disk.execute(query)]

    def look(self, record_id: str) -> dict[str, Any] | None:
        """The record on the screen: whatever it shows has been seen."""
        shown = self.replica.record(record_id)
        if shown is not None:
            seen = self.seen.setdefault(record_id, set())
            seen |= values_of(shown["data"])
            for conflict in shown.get("conflicts", []):
                for other in conflict["others"]:
                    seen |= values_of({conflict["field"]: other["v"]})
        return shown

    # Its network: a `Transport` that fails.

    def push(self, body: dict[str, Any]) -> Any:
        return self._call("push", body)

    def pull(self, body: dict[str, Any]) -> Any:
        return self._call("pull", {**body, "limit": self.rng.choice((1, 2, 5, 500))})

    def _call(self, what: str, body: dict[str, Any]) -> Any:
        faults, rng = self.faults, self.rng
        if rng.random() < faults.drop:
            raise Unreachable("request lost")
        answer = getattr(self.server, what)(self.account, self.client, body)
        if rng.random() < faults.repeat:
            self.late.append((what, body))
        if rng.random() < faults.delay:
            self.late.append((f"answer to {what}", answer))
        if rng.random() < faults.lose:
            raise Unreachable("answer lost")
        return answer

    def step(self, what: str) -> None:
        """One sync step, in which the process may die at any statement."""
        if self.rng.random() < self.faults.crash:
            self.disk.left = self.rng.randrange(12)
        try:
            getattr(self.device, what)()
        except Unreachable:
            pass
        except Crash:
            self.start()
        self.disk.left = -1

    def something_late(self) -> None:
        """A request that a proxy sends again, or an answer that comes after all."""
        if not self.late:
            return
        what, body = self.late.pop(self.rng.randrange(len(self.late)))
        if what == "answer to push":
            self.replica.apply_results(body)
        elif what in ("push", "pull"):
            getattr(self.server, what)(self.account, self.client, body)


def values_of(fields: dict[str, Any]) -> set[str]:
    """The unique words of `title`, `place` and `note` in some fields."""
    words: set[str] = set()
    for name in ("title", "place", "note"):
        if isinstance(fields.get(name), str):
            words |= set(fields[name].split())
    return words
