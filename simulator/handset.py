"""What both simulators know of a phone: a disk, a clock that is wrong, the reference client, and its owner's eyes.

The ledger beside it is the tester's: what was captured, and what was truly on the screen when it was.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from random import Random
from typing import Any

import orjson

from minhchung_client import Replica
from minhchung_client.ids import uuid7
from simulator.disk import Disk

YEAR_MS = 365 * 86_400_000
WORDY = ("title", "place", "chair", "note")  # fields whose values are made of words that nobody else uses


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

    `over`: earlier edits of the same record were still waiting, so that its base is theirs. `gone`: it was on no disk
    any more before anybody said that it had arrived; whether it did is a matter of luck.
    """

    op: dict[str, Any]
    by: str
    seen: frozenset[str]
    over: bool
    gone: bool = False


@dataclass
class Handset:
    """An account's phone."""

    account: str
    rng: Random
    type_name: str
    replica_type: type[Replica] = Replica
    ledger: dict[str, Captured] = field(default_factory=dict)
    seen: dict[str, set[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.clock, self.disk = PhoneClock(self.rng), self.database()
        self.start()

    def database(self) -> Disk:
        """One for this account alone."""
        return Disk()

    def start(self) -> None:
        """A fresh process over the same disk."""
        self.disk.restart()
        self.replica = self.replica_type(self.disk, clock=self.clock, new_id=self._new_id)  # type: ignore[arg-type]

    def _new_id(self, now: int) -> str:
        return uuid7(now, self.rng.randbytes)

    def capture(self, action: str, scope: str, record_id: str | None = None, **change: Any) -> str:
        """Edits, and notes what was on the screen."""
        made = self.replica.edit(action, self.type_name, scope, record_id, **change)
        query = "select body from outbox where record_id = ? order by dev_seq desc limit 2"
        (newest,), *earlier = self.disk.execute(query, (made,)).fetchall()
        body = orjson.loads(newest)
        seen = self.seen.setdefault(made, set())
        self.ledger[body["op_id"]] = Captured(body, self.account, frozenset(seen), bool(earlier))
        seen |= words_of(body.get("set", {}))
        return made

    def known(self) -> list[str]:
        """Ids of the records that the replica shows, sorted."""
        query = "select id from base where doc is not null union select record_id from waiting order by 1"
        return [record_id for (record_id,) in self.disk.execute(query)]

    def base(self) -> dict[str, Any]:
        """What the service has said, by id: `Replica.base`, read quicker."""
        rows = self.disk.execute("select id, doc from base where doc is not null")
        return {record_id: orjson.loads(doc) for record_id, doc in rows}

    def look(self, record_id: str) -> dict[str, Any] | None:
        """The record on the screen: whatever it shows has been seen."""
        shown = self.replica.record(record_id)
        if shown is not None:
            seen = self.seen.setdefault(record_id, set())
            seen |= words_of(shown["data"])
            for conflict in shown.get("conflicts", []):
                seen |= words(o["v"] for o in conflict["others"] if conflict["field"] in WORDY)
        return shown


def words_of(fields: dict[str, Any]) -> set[str]:
    """The unique words of some fields."""
    return words(fields.get(name) for name in WORDY)


def words(values: Iterable[Any]) -> set[str]:
    """The words of those values that are texts."""
    return {word for value in values if isinstance(value, str) for word in value.split()}
