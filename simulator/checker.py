"""What must hold at the end of a schedule, told from the tester's ledgers and not from the engine's own marks."""

from collections.abc import Iterator, Sequence

from simulator.ending import Doc, Ending, Fate
from simulator.handset import Captured, Handset, words, words_of
from sync import canonical

Ledger = dict[str, Captured]


def check(end: Ending, ledger: Ledger, phones: Sequence[Handset]) -> list[str]:
    """Every promise that is broken, in words; empty when all hold."""
    effective = [c for op_id, c in ledger.items() if op_id in end.fates and _took_effect(end.fates[op_id].status)]
    found = [*_acknowledged(end, ledger), *_overwritten(end, effective), *_sets_and_counts(end, effective)]
    return found + list(_converged(end, phones)) + end.others


def _took_effect(status: str) -> bool:
    return status not in ("rejected", "held")


def _acknowledged(end: Ending, ledger: Ledger) -> Iterator[str]:
    """Nothing acknowledged is lost, nothing captured is still on its way, nothing is held whose record is there.

    An op may go on waiting where the creation of its record was rejected: a replay of that would free it.
    """
    for op_id, captured in ledger.items():
        fate = end.fates.get(op_id)
        if fate is None:
            if not captured.gone:
                yield f"lost: {op_id} was captured and is nowhere"
        elif fate.by != captured.by:
            yield f"in another name: {op_id} of {captured.by} stands under {fate.by}"
        elif not _as_captured(captured.op, fate):
            yield f"changed: {op_id} is not what was captured"
        elif fate.status == "held" and captured.op["record_id"] in end.docs:
            yield f"held for ever: {op_id}"
        elif fate.status == "rejected" and fate.code != "not_permitted":
            yield f"rejected as {fate.code}: {op_id}"


def _as_captured(op: Doc, fate: Fate) -> bool:
    """Whether it is stored as it was captured, or under the number it came with: a cloned phone numbers anew."""
    versions = (op, {**op, "dev_seq": fate.dev_seq})
    return any(canonical.sha256(canonical.encode(version)) == fate.digest for version in versions)


def _overwritten(end: Ending, effective: list[Captured]) -> Iterator[str]:
    """No silent overwrite: a word is there, current or as a candidate, unless somebody who had seen it took it out."""
    by_field: dict[tuple[str, str], list[tuple[Captured, set[str]]]] = {}
    for captured in effective:
        for name, value in captured.op.get("set", {}).items():
            key = (captured.op["record_id"], name)
            by_field.setdefault(key, []).append((captured, words_of({name: value})))
    for (record_id, name), edits in by_field.items():
        doc = end.docs.get(record_id)
        kept = _visible(doc, name) if doc else set()
        for captured, said in edits:
            for word in said - kept:
                if not any(word in other.seen and word not in theirs for other, theirs in edits):
                    yield f"overwritten in silence: {word} in {name} of {record_id} by {captured.op['op_id']}"


def _visible(doc: Doc, name: str) -> set[str]:
    others = (other["v"] for c in doc["conflicts"] if c["field"] == name for other in c["others"])
    return words([doc["data"].get(name), *others])


def _sets_and_counts(end: Ending, effective: list[Captured]) -> Iterator[str]:
    """A set holds what was added and not taken out; a counter is the sum of what was counted, each once.

    An element may outlive a removal that was made over waiting edits: its base is an older one, and add wins.
    """
    by_record: dict[str, list[Captured]] = {}
    for captured in effective:
        by_record.setdefault(captured.op["record_id"], []).append(captured)
    for record_id, doc in end.docs.items():
        mine, data = by_record.get(record_id, []), doc["data"]
        tags = set(data.get("tags", []))
        added = {tag for c in mine for tag in c.op.get("add", {}).get("tags", [])}
        taken = {tag for c in mine for tag in c.op.get("remove", {}).get("tags", [])}
        surely = {tag for c in mine if not c.over for tag in c.op.get("remove", {}).get("tags", [])}
        if not added - taken <= tags <= added - surely:
            yield f"set of {record_id} is {sorted(tags)}: added {sorted(added)}, taken out {sorted(taken)}"
        count = sum(c.op.get("inc", {}).get("count", 0) for c in mine)
        if data.get("count", 0) != count:
            yield f"counter of {record_id} is {data.get('count', 0)}, not {count}"


def _converged(end: Ending, phones: Sequence[Handset]) -> Iterator[str]:
    """Every phone shows exactly what its account may see, as the server has it."""
    for phone in phones:
        want = {i: d for i, d in end.docs.items() if d["scope"] in end.reach[phone.account]}
        have = phone.base()
        for record_id in sorted({*want, *have}):
            if want.get(record_id) != have.get(record_id):
                theirs, ours = want.get(record_id, {}).get("ver"), have.get(record_id, {}).get("ver")
                yield f"{phone.account} differs on {record_id}: server ver {theirs}, phone ver {ours}"
