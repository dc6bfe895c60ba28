"""Mistakes that sync systems really make, one class each. A simulator that misses one of them proves nothing.

`BUGS` maps a name to what plays it (a server, a client, or a patch of the merge), what the checker has to say of it,
and within how many schedules.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from random import Random
from typing import Any

from minhchung_client import Replica
from simulator.server import ModelServer, ModelWorld, Stored
from sync import merge
from sync.outcome import Entry, Known
from sync.planner import Planner
from sync.sight import Effect, Sight
from sync.state import Register


class Forgetful(ModelWorld):
    """Remembers no op."""

    def known(self, _op_id: str) -> Known | None:
        return None

    def op_at(self, _dev_seq: int) -> str | None:
        return None


class NoIdempotency(ModelServer):
    """A retry is applied again."""

    def world(self, client: str) -> ModelWorld:
        return Forgetful(self.tables, client)


def _said(op: dict[str, Any]) -> Any:
    return [op.get(k) for k in ("action", "record_id", "set", "add", "remove", "inc")]


class DedupByBody(ModelServer):
    """Two equal deltas are counted once."""

    def push(self, account: str, client: str, body: dict[str, Any]) -> dict[str, Any]:
        known = {op_id: _said(json.loads(row.body)) for op_id, row in self.tables.ops.items() if row.body[:1] == "{"}
        fresh = [op for op in body["ops"] if op["op_id"] in known or _said(op) not in known.values()]
        answer = super().push(account, client, {**body, "ops": fresh})
        gone = [op for op in body["ops"] if op not in fresh]
        answer["results"] += [{"op_id": op["op_id"], "status": "duplicate", "record": None} for op in gone]
        return answer


class AckBeforeCommit(ModelServer):
    """Answers, and then the power goes."""

    def __init__(self) -> None:
        super().__init__()
        self.power = Random(5)  # noqa: S311  # a schedule is its seed

    def commit(self, planner: Planner) -> None:
        if self.power.random() > 0.1:
            super().commit(planner)


class EarlySequence(ModelServer):
    """Takes `seq` when the transaction begins; transactions commit in another order."""

    def __init__(self) -> None:
        super().__init__()
        self.open: dict[str, Stored] = {}

    def commit(self, planner: Planner) -> None:
        before = dict(self.tables.records)
        super().commit(planner)
        for record_id in planner.plan.changed:
            if record_id not in before:
                self.open[record_id] = self.tables.records[record_id]

    def changes(self, scope: str, after: int) -> list[dict[str, Any]]:
        hidden = set(self.open)
        return [c for c in super().changes(scope, after) if c["kind"] == "left" or c["record"]["id"] not in hidden]

    def idle(self, rng: Random) -> None:
        if self.open and rng.random() < 0.3:
            del self.open[rng.choice(sorted(self.open))]

    def settle(self) -> None:
        self.open.clear()


class TimestampCursor(ModelServer):
    """A cursor is the time of the last change that was read; two changes may have the same."""

    def commit(self, planner: Planner) -> None:
        self.now += len(self.tables.ops) % 2
        super().commit(planner)

    def number(self, entries: list[Entry]) -> None:
        super().number(entries)
        self.at = getattr(self, "at", {}) | {(e.scope, e.record_id): e.at for e in entries}

    def changes(self, scope: str, after: int) -> list[dict[str, Any]]:
        found = super().changes(scope, 0)
        for change in found:
            record_id = change["id"] if change["kind"] == "left" else change["record"]["id"]
            change["seq"] = self.at[scope, record_id]
        return sorted((c for c in found if c["seq"] > after), key=lambda c: c["seq"])

    def head(self, scope: str) -> int:
        return max(entry.at for entry in self.tables.entries[scope])


class ChainOverText(ModelServer):
    """Hashes what the record says, which later changes make untrue, instead of what was done."""

    def hashed(self, entry: Entry) -> bytes:
        held = self.tables.records.get(entry.record_id)
        return held.doc.encode() if held else b""


class ByOriginalScope(ModelServer):
    """A pull finds records where they were made, not where they are."""

    def changes(self, scope: str, after: int) -> list[dict[str, Any]]:
        first = {e.record_id: s for s, log in reversed(self.tables.entries.items()) for e in log if e.ver == 1}
        found = super().changes(scope, after)
        return [c for c in found if c["kind"] == "left" or first.get(c["record"]["id"]) == scope]


class NoLeft(ModelServer):
    """A record that moves away is not mentioned where it was."""

    def changes(self, scope: str, after: int) -> list[dict[str, Any]]:
        return [c for c in super().changes(scope, after) if c["kind"] == "put"]


class NoRemoved(ModelServer):
    """Whoever loses a grant keeps what they had."""

    def pull(self, account: str, client: str, body: dict[str, Any]) -> dict[str, Any]:
        return {**super().pull(account, client, body), "removed": []}


class ReviewById(ModelServer):
    """A decision counts for whatever the record is by then."""

    def still_as_seen(self, _doc: dict[str, Any], _seen: dict[str, Any]) -> bool:
        return True


class CursorFirst(Replica):
    """Saves the cursor, then applies the page."""

    def apply_page(self, page: Any) -> bool:
        self.put("cursor", page["cursor"])
        return super().apply_page(page)


class LateAnswer(Replica):
    """Takes the records of an answer without asking whether it still waits for one."""

    def apply_results(self, answer: Any) -> int:
        with self.transaction():
            for result in answer["results"]:
                if doc := result.get("record"):
                    row = (doc["id"], doc["type"], doc["scope"], doc["ver"], json.dumps(doc))
                    self.connection.execute("insert or replace into base values (?, ?, ?, ?, 0, ?)", row)
        return super().apply_results(answer)


class Restamped(Replica):
    """Gives waiting ops the newest version as their base."""

    def apply_page(self, page: Any) -> bool:
        more = super().apply_page(page)
        for dev_seq, body in self.connection.execute("select dev_seq, body from outbox").fetchall():
            op = json.loads(body)
            held = self.connection.execute("select ver from base where id = ?", (op["record_id"],)).fetchone()
            op["base_ver"] = held[0] if held else op["base_ver"]
            self.connection.execute("update outbox set body = ? where dev_seq = ?", (json.dumps(op), dev_seq))
        return more


class VersionOnly(Replica):
    """Takes the version out of an answer, and not what it says."""

    def _adopt(self, doc: dict[str, Any]) -> None:
        where = (doc["ver"], doc["id"], doc["ver"])
        self.connection.execute("update base set ver = ? where id = ? and ver < ?", where)


class HiddenBase(Replica):
    """Believes that what lies under waiting edits was seen."""

    def _seen(self, record_id: str) -> tuple[int, str | None]:
        row = self.connection.execute("select ver from base where id = ? and doc is not null", (record_id,)).fetchone()
        return (int(row[0]) if row else 0), super()._seen(record_id)[1]


@contextmanager
def last_write_wins() -> Iterator[None]:
    """The newest value takes the place of all others."""

    def contend(
        register: Register, _held: bool, _current: Any, value: Any, sight: Sight, **_more: Any
    ) -> tuple[Any, Effect]:
        register.others, register.dot = [], sight.me
        return value, Effect.APPLIED

    sound = merge._contend  # noqa: SLF001  # the mistake is made on purpose, where it would be made
    merge._contend = contend  # noqa: SLF001
    try:
        yield
    finally:
        merge._contend = sound  # noqa: SLF001


@dataclass(frozen=True, slots=True)
class Bug:
    """How to play a mistake, how it shows, and within how many schedules it has to be found.

    A red schedule that says something else has found something else.
    """

    says: str
    within: int
    server: Callable[[], ModelServer] = ModelServer
    replica: type[Replica] = Replica
    patch: Callable[[], AbstractContextManager[None]] = nullcontext


BUGS = {
    "idempotency table removed": Bug("counter of", 100, server=NoIdempotency),
    "dedup by body": Bug("lost:", 600, server=DedupByBody),
    "answer before commit": Bug("lost:", 100, server=AckBeforeCommit),
    "seq before the lock": Bug("differs on", 300, server=EarlySequence),
    "timestamp cursor": Bug("differs on", 300, server=TimestampCursor),
    "chain over mutable text": Bug("does not chain", 100, server=ChainOverText),
    "pull by original scope": Bug("differs on", 300, server=ByOriginalScope),
    "move without left": Bug("differs on", 600, server=NoLeft),
    "revoke without removed": Bug("differs on", 300, server=NoRemoved),
    "review by id": Bug("verified unseen", 600, server=ReviewById),
    "last write wins": Bug("overwritten in silence", 200, patch=last_write_wins),
    "cursor before page": Bug("differs on", 600, replica=CursorFirst),
    "late answer writes": Bug("differs on", 600, replica=LateAnswer),
    "base stamped anew": Bug("overwritten in silence", 600, replica=Restamped),
    "version without record": Bug("overwritten in silence", 900, replica=VersionOnly),
    "hidden base": Bug("overwritten in silence", 2500, replica=HiddenBase),
}
