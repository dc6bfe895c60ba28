"""What became of an op, as it is stored and as it is answered (protocol C.4 *Answers*). Pure."""

from dataclasses import dataclass, field
from typing import Any

import orjson

from sync.capture import Captured

# The client stops sending for every status but `retry`: each is durable, with the op's body kept.
EFFECTIVE = frozenset({"applied", "merged", "conflict", "superseded"})  # what an op did stands in its record
SEALED = frozenset({"secret_content"})  # codes of ops whose body is kept and shown to nobody
STATUSES = ("applied", "merged", "conflict", "superseded", "duplicate", "held", "rejected", "retry")


@dataclass(slots=True)
class Entry:
    """One line of a scope's log. `seq` and `entry_hash` are given at the head of the scope, last before commit."""

    scope: str
    kind: str  # put | left
    record_id: str
    ver: int
    op_id: str
    actor: str
    payload: bytes
    at: int = 0
    seq: int = 0
    entry_hash: bytes = b""


@dataclass(slots=True)
class Outcome:
    """The result of one op. `fields` name places and reasons; `params` fill the text of `code`.

    `signed`: the device's own signature was right. `told_later`: a later result of the same answer carries the record.
    """

    op_id: str
    dev_seq: int | None
    status: str
    code: str | None = None
    params: dict[str, Any] = field(default_factory=dict)
    fields: list[dict[str, str]] = field(default_factory=list)
    record_id: str | None = None
    waiting_for: list[str] = field(default_factory=list)
    entry: Entry | None = None
    doc: str | None = None
    signed: bool = False
    captured: Captured | None = None
    told_later: bool = False

    def stored(self) -> str:
        """The part that the op row keeps; `seq` and hash stand in the log, and the record is read afresh."""
        found: dict[str, Any] = {"code": self.code, "params": self.params, "fields": self.fields}
        found |= {
            "waiting_for": self.waiting_for,
            "signed": self.signed,
            "captured": self.captured and list(self.captured),
        }
        if self.entry:
            found |= {"scope": self.entry.scope, "ver": self.entry.ver}
        return orjson.dumps({k: v for k, v in found.items() if v}).decode()

    @classmethod
    def held(cls, op_id: str, dev_seq: int | None, record_id: str, needs: set[str]) -> "Outcome":
        """Waits until all of `needs` are here."""
        wanted = sorted(needs)
        found = cls(op_id, dev_seq, "held", "waiting_for", {"what": ", ".join(wanted)}, record_id=record_id)
        found.waiting_for = wanted
        return found

    @classmethod
    def asks(cls, op_id: str, dev_seq: int | None, record_id: str | None, code: str) -> "Outcome":
        """Waits for a person to decide, and for nothing else."""
        found = cls(op_id, dev_seq, "held", code, record_id=record_id)
        found.waiting_for = ["supervisor"]
        return found

    @classmethod
    def again(cls, op_id: str, dev_seq: int | None, known: "Known") -> "Outcome":
        """The answer to an op that is here already: `duplicate`, with what was decided then."""
        found = known.result
        outcome = cls(op_id, dev_seq, "duplicate", found.get("code"), dict(found.get("params", {})))
        outcome.params["original"] = known.status
        outcome.fields, outcome.waiting_for = found.get("fields", []), found.get("waiting_for", [])
        outcome.record_id, outcome.signed = known.record_id, bool(found.get("signed"))
        outcome.entry = known.entry
        return outcome


@dataclass(frozen=True, slots=True)
class Known:
    """An op that is stored: enough to tell a retry from a reuse, and to answer it again."""

    op_id: str
    actor: str
    client_id: str
    digest: bytes
    status: str
    record_id: str | None
    result: dict[str, Any]
    entry: Entry | None = None
