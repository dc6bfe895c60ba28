"""The offline verifier: does a log hold together, and does it agree with a receipt or a checkpoint? Pure.

Needs nothing of the service but what it handed out. A redacted body is not a fault: its digest stands in for it.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from sync import chain
from sync.outcome import Entry

Log = dict[str, Any]  # one page of `proof.log_page`


def check_log(pages: Iterable[Log]) -> list[str]:
    """Faults of a scope's log, from its start to its head, in pages as they were fetched; empty when it holds."""
    return list(_faults(pages))


def _faults(pages: Iterable[Log]) -> Iterator[str]:
    seq, previous, head = 0, chain.START, None
    for page in pages:
        head = page["head"]
        for line in page["entries"]:
            seq += 1
            if line["seq"] != seq:
                yield f"entry {seq} is missing: {line['seq']} stands in its place"
                return
            found = _hash(page["scope"], line, previous)
            if found.hex() != line["entry_hash"]:
                yield f"entry {seq} does not follow from the one before it"
                return
            yield from _payload_faults(line)
            previous = found
    if head is None or head["seq"] != seq or head["hash"] != previous.hex():
        yield f"the log ends at {seq}, which is not its head"


def _hash(scope: str, line: dict[str, Any], previous: bytes) -> bytes:
    entry = Entry(scope, line["kind"], line["record_id"], line["ver"], line["op_id"], line["actor"], b"", line["at"])
    entry.seq = line["seq"]
    return chain.entry_hash(entry, previous, bytes.fromhex(line["payload_digest"]))


def _payload_faults(line: dict[str, Any]) -> Iterator[str]:
    payload, salt = line.get("payload"), line.get("salt")
    if payload is None or salt is None:
        return
    if chain.payload_digest(bytes.fromhex(salt), payload.encode()).hex() != line["payload_digest"]:
        yield f"the body of entry {line['seq']} is not the one that was logged"


def check_receipt(receipt: dict[str, Any], pages: Iterable[Log]) -> list[str]:
    """Ops of a verified receipt that the log of their scope does not show as receipted."""
    held = {(page["scope"], line["seq"]): line for page in pages for line in page["entries"]}
    scopes = {scope for scope, _ in held}
    faults = []
    for row in receipt["ops"]:
        op = dict(zip(receipt["columns"], row, strict=True))
        line = held.get((op["scope"], op["seq"]))
        if op["scope"] in scopes and (line is None or line["entry_hash"] != op["entry_hash"]):
            faults.append(f"op {op['op_id']} was receipted at {op['scope']} {op['seq']}, and is not there")
    return faults
