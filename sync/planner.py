"""What a batch of ops does. Pure but for the `World` it asks: no clock, no SQL, no randomness (protocol C.3, C.4).

The database (`world.py`) and the model of the simulator are two worlds for one planner.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from auth.principal import Principal
from sync import canonical, together
from sync.draft import Draft, May
from sync.ledger import Ledger
from sync.op import UUID, Envelope, Op, OpFault, read
from sync.outcome import Known, Outcome
from sync.plan import Authority, Forked, OpRow, Plan, Waiting, World
from sync.types import Registry

MAX_ANSWER = 8 * 2**20  # characters of records in one answer; what does not fit is not taken and is sent again


@dataclass(slots=True)
class Planner:
    """Works through a batch, op by op, in memory. `fresh`: server-owned values that new records start with."""

    world: World
    registry: Registry
    fresh: dict[str, Any] = field(default_factory=dict)
    authority: Authority = field(default_factory=Authority)
    plan: Plan = field(default_factory=Plan)
    taken: set[tuple[str, int]] = field(default_factory=set)
    draft: Draft = field(init=False)
    ledger: Ledger = field(init=False)

    def __post_init__(self) -> None:
        self.draft = Draft(self.world, self.registry, self.fresh, self.plan)
        self.ledger = Ledger(self.draft, self.authority)

    def batch(self, envelopes: list[Envelope], principal: Principal, at: int) -> list[Outcome]:
        """Plans one push to its end; outcomes stand in the order of the request.

        Raises Forked; every other fault is an outcome.
        """
        outcomes = self.take(envelopes, principal, at)
        return self.finish([outcomes], at)[0]

    def take(self, envelopes: list[Envelope], principal: Principal, at: int) -> list[Outcome]:
        """Plans the ops of one push, in the order of `dev_seq`. Other pushes may follow; `finish` comes last.

        Raises Forked; then this plan is good for nothing.
        """
        outcomes: dict[int, Outcome] = {}
        shown: dict[str, int] = {}
        size, may = 0, cache(principal.may)  # hundreds of ops ask the same of a few scopes
        for unit in _units(envelopes):
            members = [envelopes[i] for i in unit]
            found = [_later(e) for e in members] if size > MAX_ANSWER else self._unit(members, principal, may, at)
            outcomes.update(zip(unit, found, strict=True))
            for record_id in {o.record_id for o in found if o.record_id}:
                size -= shown.get(record_id, 0)
                shown[record_id] = self.draft.size(record_id)
                size += shown[record_id]
        return [outcomes[i] for i in range(len(envelopes))]

    def finish(self, taken: list[list[Outcome]], at: int) -> list[list[Outcome]]:
        """Frees what waited for the ops of these pushes, and says what became of each by the end."""
        self.ledger.release(at)
        return [[self._final(outcome) for outcome in outcomes] for outcomes in taken]

    def serve(self, op: Op, at: int) -> Outcome:
        """Plans one op that the service itself makes: review decisions, file states, reference data."""
        outcome = self.ledger.serve(op, at)
        self.ledger.release(at)
        return outcome

    def replay(self, ops: list[Waiting], may: May, at: int, *, late: bool) -> list[Outcome]:
        """Plans stored ops of one group once more, as if they came now, on the word of `may`; authors are told."""
        outcomes = self.ledger.again(ops, may, at, late=late)
        self.ledger.release(at)
        return outcomes

    def _final(self, outcome: Outcome) -> Outcome:
        """What became of an op by the end of its batch: one that had to wait may have come free."""
        row = self.plan.rows.get(outcome.op_id)
        return row.outcome if row and outcome.status == "held" else outcome

    # One op, or the ops of one `tx`.

    def _unit(self, envelopes: list[Envelope], principal: Principal, may: May, at: int) -> list[Outcome]:
        known = [self.draft.known(e.op_id) for e in envelopes]
        new: dict[str, Envelope] = {}
        for envelope, stored in zip(envelopes, known, strict=True):
            if stored is None and envelope.op_id not in new:
                self._number(envelope)
                new[envelope.op_id] = envelope
        decided = self._decide(list(new.values()), [k for k in known if k], principal, may, at)
        outcomes = []
        for envelope in envelopes:
            outcome = decided.pop(envelope.op_id, None)
            outcomes.append(outcome or self._again(envelope, principal))
        return outcomes

    def _number(self, envelope: Envelope) -> None:
        if envelope.dev_seq is None:
            return
        if self._is_numbered(envelope.client_id, envelope.dev_seq):
            raise Forked
        self.taken.add((envelope.client_id, envelope.dev_seq))

    def _is_numbered(self, client_id: str, dev_seq: int) -> bool:
        return (client_id, dev_seq) in self.taken or self.world.is_numbered(client_id, dev_seq)

    def _decide(
        self, envelopes: list[Envelope], known: list[Known], principal: Principal, may: May, at: int
    ) -> dict[str, Outcome]:
        """Plans ops that are new, and stores them; `known`: what was stored of their group before."""
        ops: dict[str, Op] = {}
        outcomes: dict[str, Outcome] = {}
        for envelope in envelopes:
            try:
                ops[envelope.op_id] = read(envelope, principal.account_id, self.authority.signed)
            except OpFault as fault:
                outcomes[envelope.op_id] = refused(envelope, fault)
        stopped = together.stopped(list(ops.values()), known, outcomes)
        if stopped:
            outcomes |= stopped
        elif ops:
            outcomes |= self.ledger.apply(list(ops.values()), may, at, late=True)
        for envelope in envelopes:
            outcome, op = outcomes[envelope.op_id], ops.get(envelope.op_id)
            outcome.signed, outcome.captured = op is not None and op.signed, envelope.captured
            self.ledger.store(_row(envelope, principal, outcome), op)
        return outcomes

    def _again(self, envelope: Envelope, principal: Principal) -> Outcome:
        """An op that is here already; another body under its id, or another device, is kept under an id of its own."""
        known = self.draft.known(envelope.op_id)
        if known is None:
            raise AssertionError("unreachable")
        mine = known.actor == principal.account_id
        same = known.digest == envelope.digest and mine
        if same and known.client_id == envelope.client_id:
            return Outcome.again(envelope.op_id, envelope.dev_seq, known)
        code = "op_of_another_device" if same else "op_id_reuse"
        outcome = Outcome(
            envelope.op_id, envelope.dev_seq, "rejected", code, record_id=known.record_id if mine else None
        )
        stored_as = canonical.derived_id(envelope.op_id + (envelope.client_id if same else ""), envelope.digest)
        if self.draft.known(stored_as) is None:
            row = _row(envelope, principal, outcome)
            row.op_id = stored_as
            if row.dev_seq and self._is_numbered(row.client_id, row.dev_seq):
                row.dev_seq = None
            if row.dev_seq:
                self.taken.add((row.client_id, row.dev_seq))
            self.ledger.store(row, None)
        return outcome


def _units(envelopes: list[Envelope]) -> Iterator[list[int]]:
    """Indexes of ops that are planned together, by `dev_seq`; a group stands where its first op does."""
    order = sorted(range(len(envelopes)), key=lambda i: (envelopes[i].dev_seq or 2**53, i))
    units: dict[Any, list[int]] = {}
    for i in order:
        units.setdefault(envelopes[i].tx or i, []).append(i)
    yield from units.values()


def _later(envelope: Envelope) -> Outcome:
    return Outcome(envelope.op_id, envelope.dev_seq, "retry")


def refused(envelope: Envelope, fault: OpFault) -> Outcome:
    """Rejected before it was understood."""
    outcome = Outcome(envelope.op_id, envelope.dev_seq, "rejected", fault.code, fault.params)
    outcome.fields = [{"path": fault.path, "reason": fault.code}] if fault.path else []
    named = str(envelope.raw.get("record_id")) if isinstance(envelope.raw, dict) else ""
    outcome.record_id = named if UUID.fullmatch(named) else None
    return outcome


def _row(envelope: Envelope, principal: Principal, outcome: Outcome) -> OpRow:
    who = (envelope.client_id, envelope.dev_seq, principal.account_id)
    return OpRow(envelope.op_id, *who, envelope.digest, envelope.body, outcome, envelope.scope, envelope.tx)
