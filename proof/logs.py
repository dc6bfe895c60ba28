"""Does a log hold together, and does it agree with receipts and checkpoints? Pure.

A body that was erased is not a fault: its digest stands in for it (protocol P58).
"""

from collections.abc import Iterable
from typing import Any

from proof import chain

Doc = dict[str, Any]


class ChainCheck:
    """Follows the logs of any number of scopes, entry by entry, each in the order of `seq`; collects `faults`.

    Digests and hashes are bytes. `body` is told of ops before the entries that name them.
    """

    def __init__(self) -> None:
        self.faults: list[str] = []
        self._bodies: dict[str, bytes | None] = {}
        self._ends: dict[str, tuple[int, bytes]] = {}

    def body(self, op_id: str, salt: bytes | None, body: str | None) -> None:
        """An op as it is kept; both parts None where it was erased."""
        erased = salt is None or body is None
        self._bodies[op_id] = None if erased else chain.payload_digest(salt or b"", (body or "").encode())

    def entry(self, line: Doc) -> None:
        """The next entry of its scope: `scope seq` and `HEADER`, `payload_digest`, `entry_hash`."""
        scope, seq = line["scope"], line["seq"]
        last, previous = self._ends.get(scope, (0, chain.START))
        if seq != last + 1:
            self.faults.append(f"{scope}: entry {last + 1} is missing, {seq} stands in its place")
        header = [line[name] for name in chain.HEADER]
        found = chain.entry_hash(scope, last + 1, previous, header, line["payload_digest"])
        if found != line["entry_hash"]:
            self.faults.append(f"{scope}: entry {last + 1} does not follow from the one before it")
        said = self._bodies.get(line["op_id"])
        if said is not None and said != line["payload_digest"]:
            self.faults.append(f"{scope}: the body of entry {last + 1} is not the one that was logged")
        self._ends[scope] = (last + 1, found)

    def heads(self) -> list[tuple[str, int, str]]:
        """`(scope, seq, hash in hex)` of every scope that was followed, by scope."""
        return [(scope, seq, head.hex()) for scope, (seq, head) in sorted(self._ends.items())]


def check_log(pages: Iterable[Doc]) -> list[str]:
    """Faults of a scope's log, from its start to its head, in pages of `GET /v1/proofs`; empty when it holds."""
    check, scope, head = ChainCheck(), "", None
    for page in pages:
        scope, head = page["scope"], page["head"]
        for line in page["entries"]:
            feed(check, scope, line)
    ends = check.heads() or [(scope, 0, chain.START.hex())]
    if head is None or ends != [(scope, head["seq"], head["hash"])]:
        check.faults.append("the log does not end at its head")
    return check.faults


def feed(check: ChainCheck, scope: str, line: Doc) -> None:
    """Gives `check` an entry as the wire shows it: digests in hex, with `payload` and `salt` where they are told."""
    if line.get("payload") is not None and line.get("salt") is not None:
        check.body(line["op_id"], _hex(line["salt"]), line["payload"])
    digests = {name: _hex(line[name]) for name in ("payload_digest", "entry_hash")}
    check.entry({**line, **digests, "scope": scope})


def _hex(text: str) -> bytes:
    """Bytes of lower-case hex, in its one spelling. Raises ValueError."""
    data = bytes.fromhex(text)
    if data.hex() != text:
        raise ValueError("not lower-case hex")
    return data


def check_receipt(receipt: Doc, pages: Iterable[Doc]) -> list[str]:
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
