"""What a model server keeps, and the engine's view of it."""

from dataclasses import dataclass, field
from typing import Any

import orjson

from sync import state as records
from sync.op import Envelope, read
from sync.outcome import Entry, Known
from sync.plan import OpRow, Waiting


@dataclass(slots=True)
class Stored:
    """A record as a database would hold it."""

    scope: str
    seq: int
    ver: int
    doc: str
    marks: str


@dataclass(slots=True)
class Tables:
    """Everything durable. `entries` and `lefts` are per scope, in the order of `seq`."""

    ops: dict[str, OpRow] = field(default_factory=dict)
    dev_seqs: dict[tuple[str, int], str] = field(default_factory=dict)
    records: dict[str, Stored] = field(default_factory=dict)
    past: dict[tuple[str, int], str] = field(default_factory=dict)
    waits: dict[str, set[str]] = field(default_factory=dict)
    entries: dict[str, list[Entry]] = field(default_factory=dict)
    lefts: dict[str, list[Entry]] = field(default_factory=dict)
    numbers: dict[tuple[str, str], int] = field(default_factory=dict)
    reviews: list[dict[str, Any]] = field(default_factory=list)


class ModelWorld:
    """A `plan.World` over `Tables`."""

    def __init__(self, tables: Tables) -> None:
        self.tables = tables
        self.states: dict[str, records.State | None] = {}

    def record(self, record_id: str) -> records.State | None:
        if record_id not in self.states:
            held = self.tables.records.get(record_id)
            self.states[record_id] = records.load(held.doc, held.marks, held.seq) if held else None
        return self.states[record_id]

    def doc(self, record_id: str) -> str:
        return self.tables.records[record_id].doc

    def known(self, op_id: str) -> Known | None:
        row = self.tables.ops.get(op_id)
        if row is None:
            return None
        return Known(
            op_id,
            row.actor,
            row.client_id,
            row.digest,
            row.outcome.status,
            row.outcome.record_id,
            {"code": row.outcome.code},
            row.outcome.entry,
        )

    def is_numbered(self, client_id: str, dev_seq: int) -> bool:
        return (client_id, dev_seq) in self.tables.dev_seqs

    def text_at(self, record_id: str, name: str, ver: int) -> str | None:
        held = self.tables.records.get(record_id)
        doc = held.doc if held and held.ver == ver else self.tables.past.get((record_id, ver))
        text = orjson.loads(doc)["data"].get(name) if doc else None
        return text if isinstance(text, str) else None

    def ver_of(self, record_id: str, content_digest: str) -> int | None:
        found = [v for (r, v), d in self.tables.past.items() if r == record_id and content_digest in d]
        return max(found, default=None)

    def shared_ver(self, _record_id: str, _epoch: str | None) -> int | None:
        return None

    def waiters(self, needs: str) -> list[Waiting]:
        found = []
        for op_id, waiting in self.tables.waits.items():
            if needs in waiting:
                row = self.tables.ops[op_id]
                raw = orjson.loads(row.body)
                envelope = Envelope(op_id, row.client_id, raw["dev_seq"], row.digest, row.body, raw)
                op = read(envelope, row.actor, lambda *_: False)
                found.append(Waiting(op, set(waiting)))
        return found

    def arrivals(self, _awaited: set[str], _news: set[str]) -> set[str]:
        return set()

    def last_number(self, scope: str, name: str) -> int:
        return self.tables.numbers.get((scope, name), 0)

    def file(self, _sha256: str, _account_id: str) -> dict[str, Any] | None:
        return None
