"""What ops do to records, in memory: one op after the other, with a way back. Pure but for the `World` it asks.

Nothing here knows who pushes, what is a retry, or who is told: that is the planner's (protocol C.3, C.6).
"""

import copy
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import orjson

from auth.principal import Permission
from sync import merge
from sync.instant import iso
from sync.op import Action, Op, OpFault
from sync.outcome import EFFECTIVE, Entry, Known, Outcome
from sync.plan import Changed, Plan, World
from sync.stamp import stamp
from sync.state import Dot, Marks, State, render
from sync.stripping import Fields, erased, strip_state
from sync.types import MEDIA, Kind, RecordType, Registry
from sync.upcast import newer, upcast
from sync.validate import validate
from sync.versions import seen_in, text_at

MAX_RECORD = 2 * 2**20  # characters of a record's document: what one answer and one phone can still carry

May = Callable[[Permission, str], bool]  # on whose word an op is applied: what they may do in a scope


@dataclass(frozen=True, slots=True)
class Before:
    """A point of the draft to return to."""

    lengths: tuple[int, ...]
    dicts: tuple[dict[Any, Any], ...]
    states: dict[str, State | None]
    changed: dict[str, Changed]


@dataclass(slots=True)
class Draft:
    """The plan of a batch as far as it has come.

    `news`: what has come and may free held ops. `freed`: ops that were stored before and have taken effect now.
    """

    world: World
    registry: Registry
    fresh: dict[str, Any]
    plan: Plan
    news: list[str] = field(default_factory=list)
    freed: set[str] = field(default_factory=set)
    states: dict[str, State | None] = field(default_factory=dict)

    def record(self, record_id: str) -> State | None:
        """The record as this plan has it."""
        changed = self.plan.changed.get(record_id)
        if changed:
            return changed.state
        return self.states[record_id] if record_id in self.states else self.world.record(record_id)

    def known(self, op_id: str) -> Known | None:
        """An op that is stored, or that this plan will store."""
        row = self.plan.rows.get(op_id)
        if row is None:
            return self.world.known(op_id)
        outcome = row.outcome
        result: dict[str, Any] = {"code": outcome.code, "params": outcome.params, "fields": outcome.fields}
        result["waiting_for"] = outcome.waiting_for
        who = (row.actor, row.client_id, row.digest)
        return Known(op_id, *who, outcome.status, outcome.record_id, result, outcome.entry)

    def apply(self, op: Op, may: May | None, at: int, given: frozenset[str] = frozenset()) -> Outcome:
        """Applies one op, or holds it. `may` None: the service itself. `given`: needs that are met by ops beside it.

        Raises OpFault, with nothing changed.
        """
        record_type = self._type(op, may)
        state = self.record(op.record_id)
        if may is not None:
            if code := record_type.refuses(state.data if state else {}, op.changes):  # before anybody is shown it
                raise OpFault(code)
            _permit(op, state, may)
            if state and erased(state):
                raise OpFault("record_redacted", "/record_id")
        needs = newer(op, record_type)
        if needs:
            return Outcome.held(op.op_id, op.dev_seq, op.record_id, needs)
        op = op if op.schema == record_type.schema else upcast(op, record_type)
        validate(op, record_type)
        needs = self._needs(op, record_type, state, may) - given
        if state is None and op.action is not Action.CREATE:
            needs.add(f"record:{op.record_id}")
        if needs:
            return Outcome.held(op.op_id, op.dev_seq, op.record_id, needs)
        held = self.size(op.record_id)
        if may is None or held + 2 * len(op.body) <= MAX_RECORD:  # a value stands at most twice for its op
            return self._merge(op, state, record_type, at)
        before = self.before({op.record_id})
        outcome = self._merge(op, state, record_type, at)
        if self.size(op.record_id) > max(MAX_RECORD, held):
            self.undo(before)
            raise OpFault("record_too_large", "")
        return outcome

    def size(self, record_id: str) -> int:
        """Characters of a record's document as this plan has it; 0 where there is none."""
        changed = self.plan.changed.get(record_id)
        if changed:
            return len(changed.docs[changed.state.ver])
        return len(self.world.doc(record_id)) if self.record(record_id) else 0

    def _type(self, op: Op, may: May | None) -> RecordType:
        record_type = self.registry.get(op.type)
        if record_type is None:
            raise OpFault("type_unknown", "/type", type=op.type)
        if record_type.shared and may is not None:
            raise OpFault("not_permitted", "/type")
        return record_type

    def _needs(self, op: Op, record_type: RecordType, state: State | None, may: May | None) -> set[str]:
        needs = {dep for dep in op.deps if not self.is_here(dep, may)}
        for name, value in op.set.items():
            rule = record_type.rule(name)
            if rule and rule.kind is Kind.REFERENCE and value and not self.is_here(f"record:{value}", may):
                needs.add(f"record:{value}")
        return needs - {f"op:{op.op_id}", f"record:{op.record_id}" if state is None else ""}

    def is_here(self, need: str, may: May | None) -> bool:
        """Whether an op has taken effect, or a record is there that its author may know of."""
        kind, _, name = need.partition(":")
        if kind == "op":
            known = self.known(name)
            return name in self.freed or (known is not None and known.status in EFFECTIVE)
        state = self.record(name)
        return state is not None and (may is None or _sees(may, state.scope))

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
        self._keep(op, state, record_type, merged.moved_from, outcome)
        if fresh:
            self.news.append(f"record:{state.id}")
        return outcome

    def redact(self, op: Op, fields: Fields, at: int) -> Outcome:
        """Takes `fields` (None: all that people wrote) out of a record that is there, on the service's word."""
        state, record_type = self.record(op.record_id), self.registry.get(op.type)
        if state is None or record_type is None:
            raise AssertionError("unreachable")
        files = {m["sha256"] for m in state.data.get(MEDIA, ())}
        strip_state(state, record_type, fields, Dot(state.ver + 1, "", 0, op.actor))
        stamp(self.world, self.plan, op, state, record_type, files, at)
        outcome = Outcome(op.op_id, None, "applied", record_id=state.id)
        self._keep(op, state, record_type, None, outcome)
        return outcome

    def _keep(self, op: Op, state: State, record_type: RecordType, moved_from: str | None, outcome: Outcome) -> None:
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

    # A way back, for ops that are applied together or not at all.

    def before(self, record_ids: set[str]) -> Before:
        """Where the draft stands, before ops that touch these records alone."""
        states = {r: copy.deepcopy(self.record(r)) for r in record_ids if r not in self.plan.changed}
        changed = {r: copy.deepcopy(self.plan.changed[r]) for r in record_ids if r in self.plan.changed}
        lengths = tuple(len(found) for found in self._lists())
        return Before(lengths, tuple(dict(found) for found in self._dicts()), states, changed)

    def undo(self, before: Before) -> None:
        """Goes back there; nothing of what was drafted since is left."""
        for line, length in zip(self._lists(), before.lengths, strict=True):
            del line[length:]
        for found, kept in zip(self._dicts(), before.dicts, strict=True):
            found.clear()
            found.update(kept)
        self.plan.changed.update(before.changed)
        self.states.update(before.states)

    def _lists(self) -> tuple[list[Any], ...]:
        return (self.plan.entries, self.plan.detached, self.news)

    def _dicts(self) -> tuple[dict[Any, Any], ...]:
        return (self.plan.rows, self.plan.changed, self.plan.attached, self.plan.numbers)


def _permit(op: Op, state: State | None, may: May) -> None:
    if not all(may(Permission.CAPTURE, scope) for scope in touched(op, state)):
        raise OpFault("not_permitted", "/scope")
    if state and state.type != op.type:
        raise OpFault("type_mismatch", "/type", type=state.type)


def touched(op: Op, state: State | None) -> set[str]:
    """The scopes in which an op does something."""
    scopes = {op.scope} if state is None or op.action is Action.MOVE else set()
    return scopes | ({state.scope} if state else set())


def _sees(may: May, scope: str) -> bool:
    return may(Permission.READ, scope) or may(Permission.CAPTURE, scope)
