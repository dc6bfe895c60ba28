"""Mistakes of a server that sync systems really make, one class each."""

import json
from random import Random
from typing import Any

from simulator.server import ModelServer
from simulator.tables import ModelWorld, Stored
from sync.outcome import Entry, Known
from sync.planner import Planner


class Forgetful(ModelWorld):
    """Remembers no op."""

    def known(self, _op_id: str) -> Known | None:
        return None

    def is_numbered(self, _client_id: str, _dev_seq: int) -> bool:
        return False


class NoIdempotency(ModelServer):
    """A retry is applied again."""

    def world(self) -> ModelWorld:
        return Forgetful(self.tables)


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


class RightsOfTheFirstPage(ModelServer):
    """Whoever has begun to page reads on, though the grant has ended between two pages."""

    def __init__(self) -> None:
        super().__init__()
        self.paging: dict[str, set[str]] = {}

    def pull(self, account: str, client: str, body: dict[str, Any]) -> dict[str, Any]:
        now = self.grants[account]
        self.grants[account] = self.paging.setdefault(account, set(now))
        page = super().pull(account, client, body)
        self.grants[account] = now
        if not page["more"]:
            del self.paging[account]
        return page


class ReviewById(ModelServer):
    """A decision counts for whatever the record is by then."""

    def still_as_seen(self, _doc: dict[str, Any], _seen: dict[str, Any]) -> bool:
        return True
