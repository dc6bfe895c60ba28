"""What must hold at the end of a schedule, told from the tester's ledgers and not from the engine's own marks."""

from collections.abc import Iterator
from typing import Any

import orjson

from simulator.phone import Captured, Phone, values_of
from simulator.server import ModelServer
from sync import canonical
from sync.chain import START, entry_hash, payload_digest


def check(server: ModelServer, phones: list[Phone]) -> list[str]:
    """Every promise that is broken, in words; empty when all hold."""
    found: list[str] = []
    for part in (_acknowledged, _words, _sets_and_counts, _converged):
        found += part(server, phones)
    return found + list(_logs(server)) + list(_reviews(server))


def _acknowledged(server: ModelServer, phones: list[Phone]) -> Iterator[str]:
    """Nothing acknowledged is lost, nothing captured is still on its way, nothing is held whose record is there.

    An op may go on waiting where the creation of its record was rejected: a replay of that would free it.
    """
    for phone in phones:
        for op_id, captured in phone.ledger.items():
            row = server.tables.ops.get(op_id)
            if row is None:
                yield f"lost: {op_id} of {phone.account} was captured and is nowhere"
            elif row.digest != canonical.sha256(canonical.encode(captured.op)):
                yield f"changed: {op_id} of {phone.account} is not what was captured"
            elif row.outcome.status == "held" and captured.op["record_id"] in server.tables.records:
                yield f"held for ever: {op_id}"
            elif row.outcome.status == "rejected" and row.outcome.code != "not_permitted":
                yield f"rejected as {row.outcome.code}: {op_id}"


def _effective(server: ModelServer, phones: list[Phone]) -> list[Captured]:
    ledger = {op_id: c for phone in phones for op_id, c in phone.ledger.items()}
    rows = server.tables.ops
    return [
        c for op_id, c in ledger.items() if op_id in rows and rows[op_id].outcome.status not in ("rejected", "held")
    ]


def _words(server: ModelServer, phones: list[Phone]) -> Iterator[str]:
    """No silent overwrite: a word is there, current or as a candidate, unless somebody who had seen it took it out."""
    by_field: dict[tuple[str, str], list[tuple[Captured, set[str]]]] = {}
    for captured in _effective(server, phones):
        for name, value in captured.op.get("set", {}).items():
            key = (captured.op["record_id"], name)
            by_field.setdefault(key, []).append((captured, values_of({name: value})))
    for (record_id, name), edits in by_field.items():
        doc = orjson.loads(server.tables.records[record_id].doc) if record_id in server.tables.records else None
        kept = _visible(doc, name) if doc else set()
        for captured, words in edits:
            for word in words - kept:
                if not any(word in other.seen and word not in said for other, said in edits):
                    yield f"overwritten in silence: {word} in {name} of {record_id} by {captured.op['op_id']}"


def _visible(doc: dict[str, Any], name: str) -> set[str]:
    words = values_of({name: doc["data"].get(name)})
    for conflict in doc["conflicts"]:
        if conflict["field"] == name:
            for other in conflict["others"]:
                words |= values_of({name: other["v"]})
    return words


def _sets_and_counts(server: ModelServer, phones: list[Phone]) -> Iterator[str]:
    """A set holds what was added and not taken out; a counter is the sum of what was counted, each once.

    An element may outlive a removal that was made over waiting edits: its base is an older one, and add wins.
    """
    captured = _effective(server, phones)
    for record_id, held in server.tables.records.items():
        mine = [c for c in captured if c.op["record_id"] == record_id]
        data = orjson.loads(held.doc)["data"]
        tags = set(data.get("tags", []))
        added = {tag for c in mine for tag in c.op.get("add", {}).get("tags", [])}
        taken = {tag for c in mine for tag in c.op.get("remove", {}).get("tags", [])}
        surely = {tag for c in mine if not c.over for tag in c.op.get("remove", {}).get("tags", [])}
        if not added - taken <= tags <= added - surely:
            yield f"set of {record_id} is {sorted(tags)}: added {sorted(added)}, taken out {sorted(taken)}"
        count = sum(c.op.get("inc", {}).get("count", 0) for c in mine)
        if data.get("count", 0) != count:
            yield f"counter of {record_id} is {data.get('count', 0)}, not {count}"


def _converged(server: ModelServer, phones: list[Phone]) -> Iterator[str]:
    """Every phone shows exactly what its account may see, as the server has it."""
    for phone in phones:
        scopes = {f"{u}/2026" for u in server.grants[phone.account]} | {f"user:{phone.account}"}
        want = {i: orjson.loads(r.doc) for i, r in server.tables.records.items() if r.scope in scopes}
        have = {doc["id"]: doc for doc in phone.replica.base()}
        for record_id in sorted({*want, *have}):
            if want.get(record_id) != have.get(record_id):
                theirs, ours = want.get(record_id, {}).get("ver"), have.get(record_id, {}).get("ver")
                yield f"{phone.account} differs on {record_id}: server ver {theirs}, phone ver {ours}"


def _logs(server: ModelServer) -> Iterator[str]:
    """Each scope counts 1, 2, 3 … and its hashes follow from each other."""
    for scope, entries in server.tables.entries.items():
        previous = START
        for n, entry in enumerate(entries, 1):
            if entry.seq != n:
                yield f"{scope} has {entry.seq} where {n} belongs"
            previous = entry_hash(entry, previous, payload_digest(b"", entry.payload))
            if previous != entry.entry_hash:
                yield f"{scope} does not chain at {n}"


def _reviews(server: ModelServer) -> Iterator[str]:
    """What was verified is what the reviewer had on the screen, and it still can be read."""
    for review in server.tables.reviews:
        record_id, ver = review["record_id"], review["verified_ver"]
        held = server.tables.records[record_id]
        doc = orjson.loads(held.doc if held.ver == ver else server.tables.past[record_id, ver])
        if doc["data"] != review["shown"]:
            yield f"verified unseen: {record_id} at {ver}"
