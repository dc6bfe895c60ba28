"""What became of each op: applying, storing, waiting, coming free. Pure but for the `World` it asks (protocol P27)."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from auth.principal import Principal
from sync import together
from sync.draft import Draft, May, touched
from sync.notice import notice
from sync.op import Op, OpFault
from sync.outcome import EFFECTIVE, Outcome
from sync.plan import Authority, OpRow, Waiting


@dataclass(slots=True)
class Ledger:
    """The ops of a plan, and the held ones that it touches. `settled`: stored ops whose outcome it has changed."""

    draft: Draft
    authority: Authority
    waiting: dict[str, Waiting] = field(default_factory=dict)
    settled: set[str] = field(default_factory=set)

    def apply(
        self, ops: list[Op], may: May | None, at: int, given: frozenset[str] = frozenset(), *, late: bool = False
    ) -> dict[str, Outcome]:
        """Applies ops, those of a group together, and stores nothing. Faults are outcomes.

        `late`: an op whose author has lost the right since it was captured is held for a supervisor.
        """

        def fault(op: Op, error: OpFault) -> Outcome:
            if late and error.code == "not_permitted" and error.path == "/scope" and self._was_entitled(op, at):
                return Outcome.asks(op.op_id, op.dev_seq, op.record_id, "actor_inactive")
            return faulty(op, error)

        if len(ops) > 1:
            return together.apply(self.draft, ops, may, at, fault, given)
        try:
            return {ops[0].op_id: self.draft.apply(ops[0], may, at, given)}
        except OpFault as error:
            return {ops[0].op_id: fault(ops[0], error)}

    def _was_entitled(self, op: Op, at: int) -> bool:
        if op.captured is None:
            return False
        then = Principal(op.actor, op.client_id, self.authority.grants_at(op.actor, min(op.captured.at, at)))
        return all(then.may(together.CAPTURE, scope) for scope in touched(op, self.draft.record(op.record_id)))

    def serve(self, op: Op, at: int) -> Outcome:
        """Applies an op of the service itself."""
        outcome = self.draft.apply(op, None, at)
        self.store(OpRow(op.op_id, op.client_id, op.dev_seq, op.actor, op.digest, op.body, outcome, op.scope), op)
        return outcome

    def store(self, row: OpRow, op: Op | None) -> None:
        """An op with its outcome; others may have waited for it."""
        self.draft.plan.rows[row.op_id] = row
        if row.outcome.status in EFFECTIVE:
            self.draft.news.append(f"op:{row.op_id}")
        elif op is not None and row.outcome.code == "waiting_for":
            self._wait(op, row.outcome)

    def again(self, ops: list[Waiting], may: May, at: int, *, late: bool) -> list[Outcome]:
        """Applies stored ops once more, on the word of `may`."""
        self.waiting.update({held.op.op_id: held for held in ops})
        return self._free([held.op for held in ops], at, may, late=late)

    def _wait(self, op: Op, outcome: Outcome, salt: bytes = b"") -> None:
        needs = set(outcome.waiting_for)
        self.waiting[op.op_id] = Waiting(op, needs, salt)
        self.draft.plan.waits[op.op_id] = needs

    def change(self, row: OpRow, outcome: Outcome, at: int) -> None:
        """A stored op gets another outcome; its author hears of it."""
        self.draft.plan.released.append(row)
        self.draft.plan.waits.setdefault(row.op_id, set())
        self.settled.add(row.op_id)
        if outcome.status in EFFECTIVE:
            self.draft.freed.add(row.op_id)
        word = notice(row.op_id, row.actor, outcome, at)
        if row.client_id and self.draft.known(word.op_id) is None:
            self.serve(word, at)

    def release(self, at: int) -> None:
        """Frees the held ops that waited for what came, and those that waited for them; their authors hear of it."""
        awaited = {need for held in self.waiting.values() for need in held.needs}
        arrived = self._news()
        if arrived or awaited:
            brought = together.provided(held.op for held in self.waiting.values())
            arrived |= self.draft.world.arrivals(awaited, arrived | brought)
        circle: list[Op] = []
        while arrived or (circle := self._circle()):
            if arrived:
                for group in together.groups(self._ready(arrived)):
                    self._free(group, at)
            else:
                self._free(circle, at, given=together.provided(circle))
                self.settled |= {op.op_id for op in circle}
            arrived = self._news()

    def _circle(self) -> list[Op]:
        """Held ops that no arrival could free: they wait for nothing but each other."""
        if not self.waiting.keys() - self.settled:
            return []
        around = dict(self.waiting)
        queue = list(around.values())
        while queue:
            for need in together.provided([queue.pop().op]):
                new = {
                    w.op.op_id: w
                    for w in self.draft.world.waiters(need)
                    if self._is_new(w) and w.op.op_id not in around
                }
                around |= new
                queue += new.values()
        found = together.circle(around, self.settled)
        self.waiting |= {op.op_id: around[op.op_id] for op in found}
        return found

    def _is_new(self, held: Waiting) -> bool:
        """Whether a stored op still waits as far as this plan goes, and was not met before."""
        op_id = held.op.op_id
        return op_id not in self.draft.plan.rows and op_id not in self.settled and op_id not in self.waiting

    def _news(self) -> set[str]:
        found = set(self.draft.news)
        self.draft.news.clear()
        return found

    def _ready(self, arrived: set[str]) -> list[Op]:
        """Those that wait for nothing more now."""
        found = {i: w for i, w in self.waiting.items() if w.needs & arrived}
        for need in arrived:
            for held in self.draft.world.waiters(need):
                if self._is_new(held):
                    found[held.op.op_id] = held
        for op_id, held in found.items():
            held.needs -= arrived
            self.waiting[op_id] = held
            self.draft.plan.waits[op_id] = held.needs
        ready = [held.op for held in found.values() if not held.needs]
        return sorted(ready, key=lambda op: (op.client_id, op.dev_seq or 0))

    def _free(
        self,
        ops: list[Op],
        at: int,
        may: May | None = None,
        given: frozenset[str] = frozenset(),
        *,
        late: bool = False,
    ) -> list[Outcome]:
        """Applies ops that waited. `may` None: they were allowed where they said when they came."""
        held = [self.waiting.pop(op.op_id) for op in ops]
        outcomes = self.apply(ops, may or self._allowed(ops[0], at), at, given, late=late)
        for op, was in zip(ops, held, strict=True):
            outcome = outcomes[op.op_id]
            outcome.signed, outcome.captured = op.signed, op.captured
            if outcome.code == "tx_rejected" and not op.tx:  # one of a circle failed; the others wait on
                self.waiting[op.op_id] = was
                continue
            if outcome.status == "held" and outcome.code == "waiting_for":
                self._wait(op, outcome, was.salt)
            else:
                self.draft.plan.waits[op.op_id] = set()
            if outcome.status != "held" or may is not None:
                self._settle(op, outcome, was.salt, at)
        return [outcomes[op.op_id] for op in ops]

    def _allowed(self, op: Op, at: int) -> May | None:
        if not op.client_id:
            return None
        author: list[Principal] = []  # asked for only where the op reaches beyond its own scope

        def may(permission: Any, scope: str) -> bool:
            if scope == op.scope:
                return True
            if not author:
                author.append(Principal(op.actor, op.client_id, self.authority.grants_at(op.actor, at)))
            return author[0].may(permission, scope)

        return may

    def _settle(self, op: Op, outcome: Outcome, salt: bytes, at: int) -> None:
        row = self.draft.plan.rows.get(op.op_id)
        if row is not None:
            row.outcome = outcome
        else:
            self.change(_row(op, outcome, salt), outcome, at)
        if outcome.status in EFFECTIVE:
            self.draft.news.append(f"op:{op.op_id}")


def _row(op: Op, outcome: Outcome, salt: bytes) -> OpRow:
    return OpRow(op.op_id, op.client_id, op.dev_seq, op.actor, op.digest, op.body, outcome, op.scope, op.tx, salt)


def told(stored: Sequence[Any], outcome: Outcome) -> OpRow:
    """The row of a stored op whose outcome changes unread; columns as in `held.STORED`."""
    op_id, client_id, dev_seq, actor, digest, salt, body, _ = stored[:8]
    return OpRow(op_id, client_id, dev_seq, actor, digest, body or "", outcome, salt=salt or b"")


def faulty(op: Op, fault: OpFault) -> Outcome:
    """Rejected for what it says."""
    outcome = Outcome(op.op_id, op.dev_seq, "rejected", fault.code, fault.params, record_id=op.record_id)
    outcome.fields = [{"path": fault.path, "reason": fault.code}] if fault.path else []
    return outcome
