"""What an op does to a record. Pure: no clock, no database (protocol C.6).

A value has been *seen* by an op when `value.ver <= op.base_ver`, or when the same client wrote it earlier. Unseen and
different: both are kept, the incumbent stays current, and only a `resolve` closes the conflict (the sticky rule).
"""

from collections.abc import Callable
from typing import Any

from sync import canonical
from sync.op import Action, Op
from sync.sight import Effect, Merged, Sight
from sync.state import PLACE, PRESENCE, SERVER_OWNED, Candidate, Dot, Register, State
from sync.text import three_way
from sync.types import Kind, RecordType
from sync.validate import text_of

ANSWERS = frozenset({Action.RESOLVE, Action.MOVE, Action.DELETE, Action.RESTORE})  # to all that their author has seen
TextAt = Callable[[str, int], str | None]  # field, ver -> the text that stood there


def apply(state: State, op: Op, record_type: RecordType, text_at: TextAt) -> Merged:
    """Merges a validated op into `state`; by the status of the result the caller keeps it as version `ver + 1`."""
    base = op.base_ver if op.base_ver <= state.ver else 0  # a base from a lineage that is gone has seen nothing here
    sight = Sight(op, Dot(state.ver + 1, op.client_id, op.dev_seq or 0, op.actor), base)
    merged = Merged()
    if op.action in (Action.DELETE, Action.RESTORE):
        _presence(state, sight, merged, deleted=op.action is Action.DELETE)
    elif op.action is Action.MOVE:
        _move(state, sight, merged)
    else:
        _edit(state, record_type, sight, merged, text_at)
    return merged


def _edit(state: State, record_type: RecordType, sight: Sight, merged: Merged, text_at: TextAt) -> None:
    op, new = sight.op, state.ver == 0
    if op.action is Action.RESOLVE and not op.set and _asked(state):
        _presence(state, sight, merged, deleted=False)  # that names no field: the record stays
    for name, value in op.set.items():
        rule = record_type.rule(name)
        kind = rule.kind if rule else Kind.REGISTER
        if rule is None and name in SERVER_OWNED and sight.me.client:
            merged.refused.append((name, "field_server_owned"))
        elif kind is Kind.SET:
            _elements(state, name, value, [], sight, merged)
        elif kind is Kind.COUNTER:
            _count(state, name, value or 0, sight, merged)
        elif new:  # nothing to merge with: its values share the first mark
            state.data[name], merged.effects[name] = text_of(value) if kind is Kind.TEXT else value, Effect.APPLIED
        elif kind is Kind.FACT and name in state.data:
            _again(state, name, value, merged)
        elif kind is Kind.TEXT:
            _write(state, name, text_of(value), sight, merged, text_at)
        else:
            merged.effects[name] = _set(state, name, value, sight)
    for name in {*op.add, *op.remove}:
        _elements(state, name, op.add.get(name, []), op.remove.get(name, []), sight, merged)
    for name, delta in op.inc.items():
        _count(state, name, delta, sight, merged)
    if state.deleted and op.action is not Action.RESOLVE and merged.effects:
        merged.effects["@deleted"] = Effect.CONFLICT  # the words are kept on the tombstone; only `restore` revives
        merged.code = "record_deleted"


def _again(state: State, name: str, value: Any, merged: Merged) -> None:
    """A fact is written once; another value is reported, and stays in the op."""
    if canonical.same(state.data[name], value):
        merged.effects[name] = Effect.MERGED
    else:
        merged.refused.append((name, "field_fixed"))


def _set(state: State, name: str, value: Any, sight: Sight) -> Effect:
    register = state.register(name)
    if _late(register, sight):
        return Effect.SUPERSEDED
    current, effect = _contend(register, name in state.data, state.data.get(name), value, sight)
    state.data[name] = current
    return effect


def _late(register: Register, sight: Sight) -> bool:
    """Whether a later op of the same client already spoke; else notes that this one has."""
    last = register.clock.get(sight.me.client)
    if last and last[0] >= sight.me.dev_seq and sight.me.client:
        return True
    register.clock[sight.me.client] = [sight.me.dev_seq, sight.me.ver]
    return False


def _contend(
    register: Register, held: bool, current: Any, value: Any, sight: Sight, *, blind: bool = False
) -> tuple[Any, Effect]:
    """The sticky rule: the value that is now current, and what became of the new one.

    What several people said apart is nobody's own: it falls to those who have seen all of them. `blind`: the new value
    cannot be current, for reasons beside this register.
    """
    gone = sight.seen if sight.op.action in ANSWERS else sight.own
    register.others = [c for c in register.others if not gone(c.dot)]
    twins = [c for c in register.others if canonical.same(c.value, value)]
    if not blind and (not held or register.dot is None or sight.seen(register.dot)):
        register.others = [c for c in register.others if c not in twins]
        register.dot = sight.me if all(sight.seen(c.dot) for c in twins) else sight.shared(sight.me)
        return value, Effect.APPLIED
    if register.dot and canonical.same(current, value):
        register.dot = sight.shared(register.dot)
        return current, Effect.MERGED
    if twins:
        twins[0].dot = sight.shared(twins[0].dot)
    else:
        register.others.append(Candidate(value, sight.me, sight.op.op_id))
    return current, Effect.CONFLICT


def _write(state: State, name: str, text: Any, sight: Sight, merged: Merged, text_at: TextAt) -> None:
    """Long text: words inserted apart are all kept; where both changed one place, both texts are."""
    register = state.register(name)
    basis = _basis(register, name, sight, text_at)
    if _late(register, sight):
        merged.effects[name] = Effect.SUPERSEDED
        return
    current = state.data.get(name)
    apart = name in state.data and register.dot is not None and not sight.seen(register.dot)
    if apart and sight.op.action is not Action.RESOLVE and isinstance(current, str) and isinstance(text, str):
        joined = three_way(basis or "", current, text)
        if joined is not None:
            me = sight.me
            # A joined text is nobody's own: a later op of this client has not seen the other's words in it.
            register.dot = me if canonical.same(joined, text) else sight.shared(me)
            register.texts[me.client] = [me.ver, text]
            state.data[name] = joined
            merged.effects[name] = Effect.MERGED
            return
    state.data[name], merged.effects[name] = _contend(register, name in state.data, current, text, sight)
    if merged.effects[name] is Effect.CONFLICT:
        register.texts[sight.me.client] = [sight.me.ver, None]
    else:
        register.texts.pop(sight.me.client, None)


def _basis(register: Register, name: str, sight: Sight, text_at: TextAt) -> str | None:
    """The text that the writer started from.

    That is the text at `base_ver`, unless the same client wrote again before it pulled: then it started from its own
    last text. `texts[client]` holds that text when it was joined with others' words, or None when it stands as a
    candidate, in which case its words count as new and the text at `base_ver` is the basis.
    """
    last = register.clock.get(sight.me.client)
    if last and last[1] > sight.base and last[0] < sight.me.dev_seq:
        ver, text = register.texts.get(sight.me.client, (0, None))
        if ver != last[1]:
            return text_at(name, last[1])
        if text is not None:
            return str(text)
    return text_at(name, sight.base) if sight.base else None


def _elements(state: State, name: str, adds: list[Any], removes: list[Any], sight: Sight, merged: Merged) -> None:
    """Sets: each element on its own. Add wins over a concurrent remove; a remove takes only adds it has seen."""
    values = {_key(v): v for v in state.data.get(name, [])}
    dots = state.marks.elements.setdefault(name, {})
    effect = Effect.SUPERSEDED if adds or removes else Effect.APPLIED
    for value in removes:
        key = _key(value)
        last = state.marks.removed.setdefault(name, {}).setdefault(key, {})
        last[sight.me.client] = max(sight.me.dev_seq, last.get(sight.me.client, 0))
        left = [d for d in dots.get(key, [state.marks.first]) if not sight.seen(d)] if key in values else []
        if left:
            dots[key] = left
        else:
            values.pop(key, None)
            dots.pop(key, None)
        effect = max(effect, Effect.MERGED if left else Effect.APPLIED)
    for value in adds:
        key = _key(value)
        if state.marks.removed.get(name, {}).get(key, {}).get(sight.me.client, -1) > sight.me.dev_seq:
            continue  # the same client took it out again, in an op that came first
        left = [d for d in dots.get(key, [state.marks.first]) if not sight.seen(d)] if key in values else []
        if left or state.marks.first != sight.me:
            dots[key] = [*left, sight.me]
        values.setdefault(key, value)
        effect = max(effect, Effect.MERGED if left else Effect.APPLIED)
    if not dots:
        del state.marks.elements[name]
    state.data[name] = list(values.values())
    merged.effects[name] = effect


def _key(value: Any) -> str:
    """By what an element is told: both spellings of a text are one element."""
    return canonical.nfc(value) if isinstance(value, str) else canonical.settled(value).decode()


def _count(state: State, name: str, delta: int, sight: Sight, merged: Merged) -> None:
    register = state.register(name)
    register.dot = sight.me if register.dot is None or sight.seen(register.dot) else sight.shared(sight.me)
    state.data[name] = state.data.get(name, 0) + delta
    merged.effects[name] = Effect.APPLIED


def _presence(state: State, sight: Sight, merged: Merged, *, deleted: bool) -> None:
    """A delete that has not seen somebody's edit leaves the record and opens a conflict (protocol P33)."""
    register, before = state.register(PRESENCE), state.deleted
    if _late(register, sight):
        merged.effects[PRESENCE] = Effect.SUPERSEDED
        return
    blind = deleted and not before and any(not sight.seen(d) for d in state.dots())
    state.deleted, effect = _contend(register, True, before, deleted, sight, blind=blind)
    same = effect is Effect.APPLIED and before == deleted
    merged.effects[PRESENCE] = Effect.MERGED if same else effect
    if deleted and effect is Effect.CONFLICT:
        merged.code = "delete_vs_edit"


def _asked(state: State) -> bool:
    """Whether a delete or a restore waits for an answer."""
    register = state.marks.registers.get(PRESENCE)
    return register is not None and bool(register.others)


def _move(state: State, sight: Sight, merged: Merged) -> None:
    register = state.marks.registers.setdefault(PLACE, Register(state.marks.first))
    if _late(register, sight):
        merged.effects[PLACE] = Effect.SUPERSEDED
        return
    before = state.scope
    state.scope, merged.effects[PLACE] = _contend(register, True, before, sight.op.scope, sight)
    if state.scope != before:
        merged.moved_from = before
