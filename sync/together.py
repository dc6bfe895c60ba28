"""Ops that take effect together or not at all: those of one `tx`, and those that wait for each other. Pure."""

from collections.abc import Callable, Iterable

from auth.principal import Permission
from sync.draft import Draft, May
from sync.op import Action, Op, OpFault
from sync.outcome import EFFECTIVE, Known, Outcome
from sync.plan import Waiting

CAPTURE = Permission.CAPTURE
Fault = Callable[[Op, OpFault], Outcome]


def apply(
    draft: Draft, ops: list[Op], may: May | None, at: int, fault: Fault, given: frozenset[str] = frozenset()
) -> dict[str, Outcome]:
    """Outcome of each op: all took effect, or the draft is as before and every op says what kept them from it.

    Ops of a group may come in any order and may name each other.
    """
    before = draft.before({op.record_id for op in ops})
    given = given | provided(ops)
    done: dict[str, Outcome] = {}
    left = ops
    while left:
        held: dict[str, Outcome] = {}
        for op in left:
            try:
                outcome = draft.apply(op, may, at, given)
            except OpFault as error:
                outcome = fault(op, error)
            if outcome.status in EFFECTIVE:
                done[op.op_id] = outcome
            elif outcome.code == "waiting_for":
                held[op.op_id] = outcome
            else:
                draft.undo(before)
                return _stopped(ops, outcome)
        if len(held) == len(left):
            draft.undo(before)
            needs = {need for outcome in held.values() for need in outcome.waiting_for}
            return {op.op_id: Outcome.held(op.op_id, op.dev_seq, op.record_id, needs) for op in ops}
        left = [op for op in left if op.op_id in held]
    return done


def stopped(ops: list[Op], known: list[Known], refused: dict[str, Outcome]) -> dict[str, Outcome]:
    """Outcomes of ops whose group has a member that cannot be read, or one that was answered before and not applied."""
    for outcome in refused.values():
        return _others(ops, outcome.op_id, outcome.code)
    for stored in known:
        if stored.status == "held":
            return {op.op_id: _like(op, stored) for op in ops}
        if stored.status not in EFFECTIVE:
            return _others(ops, stored.op_id, stored.result.get("code"))
    return {}


def _like(op: Op, stored: Known) -> Outcome:
    if stored.result.get("code") == "waiting_for":
        return Outcome.held(op.op_id, op.dev_seq, op.record_id, set(stored.result["waiting_for"]))
    return Outcome.asks(op.op_id, op.dev_seq, op.record_id, stored.result["code"])


def _stopped(ops: list[Op], outcome: Outcome) -> dict[str, Outcome]:
    """One op was refused, or asks for a supervisor: so do the others."""
    if outcome.status == "held":
        return {op.op_id: Outcome.asks(op.op_id, op.dev_seq, op.record_id, outcome.code or "") for op in ops}
    return {**_others(ops, outcome.op_id, outcome.code), outcome.op_id: outcome}


def _others(ops: list[Op], culprit: str, code: str | None) -> dict[str, Outcome]:
    params = {"op": culprit, "code": code or ""}
    return {
        op.op_id: Outcome(op.op_id, op.dev_seq, "rejected", "tx_rejected", params, record_id=op.record_id) for op in ops
    }


def provided(ops: Iterable[Op]) -> frozenset[str]:
    """What ops give to those that wait for it."""
    made = {f"record:{op.record_id}" for op in ops if op.action is Action.CREATE}
    return frozenset(made | {f"op:{op.op_id}" for op in ops})


def groups(ops: list[Op]) -> list[list[Op]]:
    """Ops of one `tx` stand together."""
    found: dict[tuple[str, str], list[Op]] = {}
    for op in ops:
        found.setdefault((op.client_id, op.tx or op.op_id), []).append(op)
    return list(found.values())


def circle(waiting: dict[str, Waiting], tried: set[str]) -> list[Op]:
    """Held ops that wait for nothing but each other: no arrival could ever free them."""
    held = {op_id: w for op_id, w in waiting.items() if op_id not in tried}
    while held:
        given = provided(w.op for w in held.values())
        kept = {op_id: w for op_id, w in held.items() if w.needs <= given}
        if len(kept) == len(held):
            break
        held = kept
    return sorted((w.op for w in held.values()), key=lambda op: (op.client_id, op.dev_seq or 0))
