"""What a batch of ops does. Pure but for the `World` it asks: no clock, no SQL, no randomness (protocol C.3, C.4).

The database (`world.py`) and the model of the simulator are two worlds for one planner.
"""

from collections import deque
from dataclasses import dataclass, field, replace
from typing import Any

import orjson

from auth.principal import Permission, Principal
from sync import canonical, merge
from sync.instant import iso
from sync.notice import notice
from sync.op import UUID, Action, Envelope, Op, OpFault, read
from sync.outcome import Entry, Known, Outcome
from sync.plan import Changed, Forked, OpRow, Plan, Waiting, World
from sync.stamp import stamp
from sync.state import Dot, Marks, State, render
from sync.types import MEDIA, Kind, RecordType, Registry
from sync.validate import validate
from sync.versions import seen_in, text_at


@dataclass(slots=True)
class Planner:
    """Works through a batch, op by op, in memory.

    `fresh`: server-owned values that new records start with. `news`: what has come and may free held ops.
    """

    world: World
    registry: Registry
    fresh: dict[str, Any] = field(default_factory=dict)
    plan: Plan = field(default_factory=Plan)
    waiting: dict[str, Waiting] = field(default_factory=dict)
    taken: dict[int, str] = field(default_factory=dict)
    news: deque[str] = field(default_factory=deque)

    def push(self, envelope: Envelope, principal: Principal, at: int) -> Outcome:
        """Plans one op from a device. Raises Forked; every other fault is an outcome."""
        known = self._known(envelope.op_id)
        if known and known.digest == envelope.digest and known.actor == principal.account_id:
            return Outcome.again(envelope.op_id, envelope.dev_seq, known)
        if known:
            return self._reused(envelope, known, principal)
        if envelope.dev_seq and self._holder(envelope.dev_seq) is not None:
            raise Forked
        try:
            op = read(envelope, principal.account_id)
            outcome = self._apply(op, principal, at)
        except OpFault as fault:
            outcome = self._refuse(envelope, fault)
        self._store(_row(envelope, principal, outcome, envelope.op_id))
        if outcome.status not in ("held", "rejected"):
            self.news.append(f"op:{envelope.op_id}")
        self._release(at)
        return outcome

    def _holder(self, dev_seq: int) -> str | None:
        return self.taken.get(dev_seq) or self.world.op_at(dev_seq)

    def serve(self, op: Op, at: int) -> Outcome:
        """Plans one op that the service itself makes: review decisions, file states, reference data."""
        outcome = self._serve(op, at)
        self._release(at)
        return outcome

    def _serve(self, op: Op, at: int) -> Outcome:
        outcome = self._apply(op, None, at)
        self._store(OpRow(op.op_id, op.client_id, op.dev_seq, op.actor, op.digest, op.body, outcome))
        return outcome

    def _store(self, row: OpRow) -> None:
        self.plan.rows[row.op_id] = row
        if row.dev_seq:
            self.taken[row.dev_seq] = row.op_id

    def _known(self, op_id: str) -> Known | None:
        row = self.plan.rows.get(op_id)
        if row is None:
            return self.world.known(op_id)
        outcome = row.outcome
        result: dict[str, Any] = {"code": outcome.code, "params": outcome.params, "fields": outcome.fields}
        return Known(op_id, row.actor, row.digest, outcome.status, outcome.record_id, result, outcome.entry)

    def _reused(self, envelope: Envelope, known: Known, principal: Principal) -> Outcome:
        """The same op id with another body. The body is kept under an id of its own."""
        outcome = Outcome(envelope.op_id, envelope.dev_seq, "rejected", "op_id_reuse", record_id=known.record_id)
        stored_as = canonical.derived_id(envelope.op_id, envelope.digest)
        if self._known(stored_as) is None:
            self._store(_row(envelope, principal, outcome, stored_as))
        return outcome

    def _refuse(self, envelope: Envelope, fault: OpFault) -> Outcome:
        outcome = Outcome(envelope.op_id, envelope.dev_seq, "rejected", fault.code, fault.params)
        outcome.fields = [{"path": fault.path, "reason": fault.code}] if fault.path else []
        named = str(envelope.raw.get("record_id")) if isinstance(envelope.raw, dict) else ""
        outcome.record_id = named if UUID.fullmatch(named) else None
        return outcome

    def record(self, record_id: str) -> State | None:
        """The record as this plan has it."""
        changed = self.plan.changed.get(record_id)
        return changed.state if changed else self.world.record(record_id)

    def _apply(self, op: Op, principal: Principal | None, at: int) -> Outcome:
        """`principal` None: the service itself, or a held op whose author was checked when it came."""
        record_type = self._type(op, principal)
        state = self.record(op.record_id)
        if principal is not None:
            self._permit(op, state, principal)
        elif op.client_id and state is not None:
            _still_fits(op, state)
        validate(op, record_type)
        needs = self._needs(op, record_type, state)
        if needs:
            return self._hold(op, needs)
        return self._merge(op, state, record_type, at)

    def _type(self, op: Op, principal: Principal | None) -> RecordType:
        record_type = self.registry.get(op.type)
        if record_type is None:
            raise OpFault("type_unknown", "/type", type=op.type)
        if record_type.shared and principal is not None:
            raise OpFault("not_permitted", "/type")
        return record_type

    def _permit(self, op: Op, state: State | None, principal: Principal) -> None:
        scopes = {op.scope} if state is None or op.action is Action.MOVE else set()
        scopes |= {state.scope} if state else set()
        if not all(principal.may(Permission.CAPTURE, scope) for scope in scopes):
            raise OpFault("not_permitted", "/scope")
        if state and state.type != op.type:
            raise OpFault("type_mismatch", "/type", type=state.type)

    def _needs(self, op: Op, record_type: RecordType, state: State | None) -> set[str]:
        needs = {dep for dep in op.deps if dep.startswith("op:") and self._known(dep[3:]) is None}
        if state is None and op.action is not Action.CREATE:
            needs.add(f"record:{op.record_id}")
        for name, value in op.set.items():
            rule = record_type.rule(name)
            if rule and rule.kind is Kind.REFERENCE and value and self.record(value) is None:
                needs.add(f"record:{value}")
        return needs - {f"op:{op.op_id}", f"record:{op.record_id}" if op.action is Action.CREATE else ""}

    def _hold(self, op: Op, needs: set[str]) -> Outcome:
        self.plan.waits[op.op_id] = needs
        self.waiting[op.op_id] = Waiting(op, set(needs))
        outcome = Outcome(op.op_id, op.dev_seq, "held", "waiting_for", {"what": ", ".join(sorted(needs))})
        outcome.record_id, outcome.waiting_for = op.record_id, sorted(needs)
        return outcome

    def _merge(self, op: Op, state: State | None, record_type: RecordType, at: int) -> Outcome:
        fresh = state is None
        if state is None:
            first = Dot(1, op.client_id, op.dev_seq or 0, op.actor)
            state = State(op.record_id, op.type, op.scope, record_type.schema, Marks(first))
            state.server |= {"created_at": iso(at), **({} if record_type.shared else self.fresh)}
        if not fresh:
            seen = seen_in(self.world, self.plan, op, state, record_type)
            op = op if seen == op.base_ver else replace(op, base_ver=seen)
        files = {m["sha256"] for m in state.data.get(MEDIA, ())}
        merged = merge.apply(
            state, op, record_type, lambda name, ver: text_at(self.world, self.plan, op.record_id, name, ver)
        )
        outcome = Outcome(op.op_id, op.dev_seq, merged.status, merged.code, record_id=op.record_id)
        outcome.fields = merged.reports()
        if not outcome.code and outcome.status == "conflict":
            outcome.code, outcome.params = "field_conflict", {"field": ", ".join(merged.apart())}
        elif not outcome.code and merged.refused:
            outcome.code, outcome.params = merged.refused[0][1], {"field": merged.refused[0][0]}
        if outcome.status == "superseded" or (outcome.status == "rejected" and not fresh):
            return outcome
        if merged.moved_from:
            state.server.pop("numbers", None)  # a number counts within a scope
        stamp(self.world, self.plan, op, state, record_type, files, at)
        self._commit(op, state, record_type, merged.moved_from, outcome)
        if fresh:
            self.news.append(f"record:{state.id}")
        return outcome

    def _commit(self, op: Op, state: State, record_type: RecordType, moved_from: str | None, outcome: Outcome) -> None:
        changed = self.plan.changed.get(state.id)
        if changed is None:
            changed = self.plan.changed[state.id] = self._before(state)
        shown = render(state, record_type)
        doc = orjson.dumps(shown).decode()
        changed.docs[state.ver] = doc
        changed.shown[state.ver] = (shown["state"], shown["content_digest"])
        payload = op.body.encode()
        if moved_from:
            self.plan.entries.append(Entry(moved_from, "left", state.id, state.ver, op.op_id, op.actor, payload))
        outcome.entry = Entry(state.scope, "put", state.id, state.ver, op.op_id, op.actor, payload)
        outcome.doc = doc
        self.plan.entries.append(outcome.entry)

    def _before(self, state: State) -> Changed:
        if state.ver == 1:
            return Changed(state, None)
        stored = self.world.doc(state.id)
        return Changed(state, stored, orjson.loads(stored)["content_digest"])

    def _release(self, at: int) -> None:
        """Frees the held ops that waited for what came, and those that waited for them; their authors hear of it."""
        while self.news:
            arrived = self.news.popleft()
            for held in self._waiters(arrived):
                held.needs.discard(arrived)
                self.waiting[held.op.op_id] = held
                self.plan.waits[held.op.op_id] = held.needs
                if not held.needs:
                    del self.waiting[held.op.op_id]
                    self._free(held.op, at)

    def _waiters(self, arrived: str) -> list[Waiting]:
        here = {w.op.op_id: w for w in self.waiting.values() if arrived in w.needs}
        stored = {w.op.op_id: w for w in self.world.waiters(arrived) if w.op.op_id not in self.plan.rows}
        return sorted({**stored, **here}.values(), key=lambda w: (w.op.client_id, w.op.dev_seq or 0))

    def _free(self, op: Op, at: int) -> None:
        try:
            outcome = self._apply(op, None, at)
        except OpFault as fault:
            outcome = Outcome(op.op_id, op.dev_seq, "rejected", fault.code, fault.params, record_id=op.record_id)
        if outcome.status == "held":
            return
        if op.op_id in self.plan.rows:
            self.plan.rows[op.op_id].outcome = outcome
        else:
            self.plan.released.append(OpRow(op.op_id, op.client_id, op.dev_seq, op.actor, op.digest, op.body, outcome))
        if op.client_id:
            self._serve(notice(op, outcome, at), at)
        if outcome.status != "rejected":
            self.news.append(f"op:{op.op_id}")


def _still_fits(op: Op, state: State) -> None:
    """A held op was allowed in its scope before its record was known; the record has to be of that scope and type."""
    if state.scope != op.scope:
        raise OpFault("not_permitted", "/scope")
    if state.type != op.type:
        raise OpFault("type_mismatch", "/type", type=state.type)


def _row(envelope: Envelope, principal: Principal, outcome: Outcome, op_id: str) -> OpRow:
    """A row whose `dev_seq` is the client's only under the op's own name."""
    dev_seq = envelope.dev_seq if op_id == envelope.op_id else None
    return OpRow(op_id, envelope.client_id, dev_seq, principal.account_id, envelope.digest, envelope.body, outcome)
