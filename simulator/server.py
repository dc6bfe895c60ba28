"""The model server: the engine's own planner over dictionaries, so that a commit can be lost or delayed."""

import copy
from collections.abc import Iterator
from functools import cache
from random import Random
from typing import Any

import orjson

from auth.principal import Grant, Permission, Principal, Role
from simulator.ending import Ending, Fate
from simulator.tables import ModelWorld, Stored, Tables
from simulator.types import TYPES
from sync.chain import START, entry_hash, payload_digest
from sync.notice import server_op
from sync.op import Action, envelope
from sync.outcome import Entry, Outcome
from sync.plan import Authority
from sync.planner import Planner
from sync.state import dump_marks
from sync.types import Registry


@cache
def _principal(account: str, client: str, units: tuple[str, ...]) -> Principal:
    return Principal(account, client, tuple(Grant(unit, Role.FIELD_OFFICER) for unit in units))


class ModelServer:
    """Push, pull and decide, each one step that either happens or does not."""

    epoch = "00000000-0000-4000-8000-000000000001"

    def __init__(self, types: Registry = TYPES) -> None:
        self.tables, self.types, self.authority = Tables(), types, Authority()
        self.grants: dict[str, set[str]] = {}
        self.now = 1_700_000_000_000

    def principal(self, account: str, client: str) -> Principal:
        return _principal(account, client, tuple(sorted(self.grants[account])))

    def reach(self, account: str) -> set[str]:
        """The scopes that somebody may read now."""
        return {f"{unit}/2026" for unit in self.grants[account]} | {f"user:{account}"}

    def push(self, account: str, client: str, body: dict[str, Any]) -> dict[str, Any]:
        principal = self.principal(account, client)
        planner = Planner(self.world(), self.types, authority=self.authority)
        envelopes = [envelope(raw, client) for raw in body["ops"]]
        outcomes = planner.batch(envelopes, principal, self.now)
        self.commit(planner)
        results = [self._result(outcome, principal) for outcome in outcomes]
        return {"epoch": self.epoch, "server_time": "", "acked_through": 0, "missing_dev_seq": [], "results": results}

    def world(self) -> ModelWorld:
        return ModelWorld(self.tables)

    def commit(self, planner: Planner) -> None:
        plan, tables = planner.plan, self.tables
        for row in plan.rows.values():
            tables.ops[row.op_id] = row
            if row.dev_seq:
                tables.dev_seqs[row.client_id, row.dev_seq] = row.op_id
        for row in plan.released:
            tables.ops[row.op_id].outcome = row.outcome
        for op_id, needs in plan.waits.items():
            if needs:
                tables.waits[op_id] = set(needs)
            else:
                tables.waits.pop(op_id, None)
        tables.numbers.update(plan.numbers)
        self.number(plan.entries)
        last = {e.record_id: e for e in plan.entries if e.kind == "put"}
        for record_id, changed in plan.changed.items():
            held = tables.records.get(record_id)
            if held:
                tables.past[record_id, held.ver] = held.doc
            for ver, doc in changed.docs.items():
                if ver < changed.state.ver:
                    tables.past[record_id, ver] = doc
            state, entry = changed.state, last[record_id]
            tables.records[record_id] = Stored(
                state.scope, entry.seq, state.ver, changed.docs[state.ver], dump_marks(state.marks)
            )

    def number(self, entries: list[Entry]) -> None:
        for entry in entries:
            log = self.tables.entries.setdefault(entry.scope, [])
            entry.seq, entry.at = len(log) + 1, self.now
            previous = log[-1].entry_hash if log else START
            entry.entry_hash = entry_hash(entry, previous, payload_digest(b"", self.hashed(entry)))
            log.append(entry)
            if entry.kind == "left":
                self.tables.lefts.setdefault(entry.scope, []).append(entry)

    def _result(self, outcome: Outcome, principal: Principal) -> dict[str, Any]:
        held = self.tables.records.get(outcome.record_id or "")
        readable = held is not None and principal.may(Permission.READ, held.scope)
        return {
            "op_id": outcome.op_id,
            "dev_seq": outcome.dev_seq,
            "status": outcome.status,
            "code": outcome.code,
            "record": orjson.loads(held.doc) if held and readable else None,
            **({"seq": {"scope": outcome.entry.scope, "seq": outcome.entry.seq}} if outcome.entry else {}),
        }

    def pull(self, account: str, client: str, body: dict[str, Any]) -> dict[str, Any]:
        """One page in the order of `seq`, scope by scope; the cursor is plain JSON here."""
        principal = self.principal(account, client)
        scopes = [s for s in self.tables.entries if principal.may(Permission.READ, s)]
        places: dict[str, int] = orjson.loads(body["cursor"]) if body.get("cursor") else {}
        known = {*places, *body.get("held", ())}
        removed = sorted(s for s in known - set(scopes) if not principal.may(Permission.READ, s))
        places = {s: p for s, p in places.items() if s in scopes}
        changes: list[dict[str, Any]] = []
        more = False
        for scope in sorted(scopes, key=lambda s: (s != principal.own_scope, s)):
            if places.get(scope) == self.head(scope):
                continue
            rows = self.changes(scope, places.get(scope, 0))
            taken = rows[: body["limit"] - len(changes)]
            changes += taken
            more = more or len(taken) < len(rows)
            if len(taken) == len(rows):
                places[scope] = self.head(scope)
            elif taken:
                places[scope] = taken[-1]["seq"]
        cursor = orjson.dumps(places, option=orjson.OPT_SORT_KEYS).decode()
        page = {"epoch": self.epoch, "cursor": cursor, "more": more, "removed": removed, "reload": []}
        return {**page, "heads": {}, "changes": changes}

    def head(self, scope: str) -> int:
        return len(self.tables.entries[scope])

    def changes(self, scope: str, after: int) -> list[dict[str, Any]]:
        puts = [
            {"scope": scope, "seq": r.seq, "kind": "put", "record": orjson.loads(r.doc)}
            for r in self.tables.records.values()
            if r.scope == scope and r.seq > after
        ]
        lefts = [
            {"scope": scope, "seq": e.seq, "kind": "left", "id": e.record_id, "ver": e.ver}
            for e in self.tables.lefts.get(scope, ())
            if e.seq > after
        ]
        return sorted(puts + lefts, key=lambda c: c["seq"])

    def decide(self, record_id: str, seen: dict[str, Any], review_id: str) -> bool:
        """A decision bound to what was seen; False when the content has moved on or has an open conflict."""
        doc = orjson.loads(self.tables.records[record_id].doc)
        if not self.still_as_seen(doc, seen) or doc["conflicts"]:
            return False
        review = {"state": "verified", "verified_ver": doc["ver"], "verified_digest": doc["content_digest"]}
        planner = Planner(self.world(), self.types)
        planner.serve(
            server_op(
                review_id,
                doc["type"],
                record_id,
                doc["scope"],
                Action.PATCH,
                base_ver=doc["ver"],
                server={"review": review},
            ),
            self.now,
        )
        self.commit(planner)
        self.tables.reviews.append({"record_id": record_id, "shown": copy.deepcopy(seen["data"]), **review})
        return True

    def still_as_seen(self, doc: dict[str, Any], seen: dict[str, Any]) -> bool:
        return bool(doc["content_digest"] == seen["content_digest"])

    def hashed(self, entry: Entry) -> bytes:
        """What the chain says of an op."""
        return entry.payload

    def docs(self) -> list[str]:
        """Every record, as a reviewer of the whole province is sent it."""
        return [r.doc for r in self.tables.records.values() if not r.scope.startswith("user:")]

    def idle(self, rng: Random) -> None:
        """Time passes; a sound server has nothing left to do."""

    def settle(self) -> None:
        """The faults stop; whatever was under way has ended."""

    def ending(self) -> Ending:
        """How it ended, for the checker."""
        tables = self.tables
        return Ending(
            {
                op_id: Fate(row.digest, row.dev_seq, row.actor, row.outcome.status, row.outcome.code)
                for op_id, row in tables.ops.items()
            },
            {record_id: orjson.loads(held.doc) for record_id, held in tables.records.items()},
            {account: self.reach(account) for account in self.grants},
            [*self._logs(), *self._reviews()],
        )

    def _logs(self) -> Iterator[str]:
        """Each scope counts 1, 2, 3 … and its hashes follow from each other."""
        for scope, entries in self.tables.entries.items():
            previous = START
            for n, entry in enumerate(entries, 1):
                if entry.seq != n:
                    yield f"{scope} has {entry.seq} where {n} belongs"
                previous = entry_hash(entry, previous, payload_digest(b"", self.hashed(entry)))
                if previous != entry.entry_hash:
                    yield f"{scope} does not chain at {n}"

    def _reviews(self) -> Iterator[str]:
        """What was verified is what the reviewer had on the screen, and it still can be read."""
        for review in self.tables.reviews:
            record_id, ver = review["record_id"], review["verified_ver"]
            held = self.tables.records[record_id]
            doc = orjson.loads(held.doc if held.ver == ver else self.tables.past[record_id, ver])
            if doc["data"] != review["shown"]:
                yield f"verified unseen: {record_id} at {ver}"
