"""What was captured, noted when it was captured, and the verdict on what the service has of it in the end.

Pure: it knows neither phones nor the network, and takes nobody's word: every op, file and value is looked for.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

Doc = dict[str, Any]
Piece = tuple[str, str]  # field, and one line or element of its value

KINDS = {
    "photo": "Ảnh (photos)",
    "minutes": "Biên bản (minutes)",
    "patrol_log": "Nhật ký tuần tra (patrol logs)",
    "document": "Văn bản (documents)",
}


@dataclass(frozen=True, slots=True)
class CapturedOp:
    """An op as it waited on the phone of `author`."""

    author: str
    body: Doc


@dataclass(frozen=True, slots=True)
class CapturedFile:
    """A file of a record; `mark` is what a decoder should find, None where the demo cannot know."""

    author: str
    record_id: str
    sha256: str
    name: str
    mark: str | None


@dataclass(slots=True)
class Found:
    """What the service has: every version of each record (oldest first), the op behind each version, and the digest
    of each file as it was downloaded, by record and digest; None where it could not be had.
    """

    versions: dict[str, list[Doc]] = field(default_factory=dict)
    ops: dict[str, dict[int, str]] = field(default_factory=dict)
    files: dict[tuple[str, str], str | None] = field(default_factory=dict)


@dataclass(slots=True)
class Row:
    """One line of the table; `verified` None where nobody verifies such things."""

    label: str
    captured: int = 0
    acknowledged: int = 0
    verified: int | None = 0
    lost: int = 0


@dataclass(slots=True)
class Verdict:
    """The table, and every fault by name. `overwritten`: values that vanished without anybody having seen them."""

    rows: list[Row]
    faults: list[str]
    overwritten: int

    @property
    def lost(self) -> int:
        return sum(row.lost for row in self.rows)

    @property
    def exit_code(self) -> int:
        """0 only if the table holds: something was captured, and all of it is there, told of, and verified."""
        captured = any(row.captured for row in self.rows)
        complete = all(row.captured == row.acknowledged and row.verified in (None, row.captured) for row in self.rows)
        return 0 if captured and complete and not self.lost and not self.overwritten and not self.faults else 1


@dataclass(slots=True)
class Ledger:
    """The demo's own book. `acknowledged`: ids of ops, and `(author, digest)` of files, that phones were told of."""

    ops: dict[str, CapturedOp] = field(default_factory=dict)
    files: list[CapturedFile] = field(default_factory=list)
    acknowledged: set[str | tuple[str, str]] = field(default_factory=set)

    def verdict(self, found: Found) -> Verdict:
        """Compares everything captured with everything found."""
        faults: list[str] = []
        kinds = {kind: Row(label) for kind, label in KINDS.items()}
        lost_ops = {op_id for op_id in self.ops if not self._is_there(op_id, found)}
        for record_id, op_ids in self._records().items():
            row = kinds[self.ops[op_ids[0]].body["type"]]
            head = found.versions.get(record_id, [{}])[-1]
            row.captured += 1
            row.acknowledged += all(op_id in self.acknowledged for op_id in op_ids)
            row.lost += not head or not lost_ops.isdisjoint(op_ids)
            verified = head.get("state") == "verified" and not head.get("conflicts")
            row.verified = (row.verified or 0) + verified
            if not verified:
                faults.append(f"{record_id}: {head.get('state', 'not there')}, not verified")
        overwritten = [f"overwritten: {piece}" for r in found.versions for piece in self._overwritten(r, found)]
        rows = [row for row in kinds.values() if row.captured]
        rows.append(self._op_row(lost_ops))
        rows.append(self._file_row(found, faults))
        return Verdict(rows, faults + overwritten, len(overwritten))

    def _records(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for op_id, op in self.ops.items():
            found.setdefault(op.body["record_id"], []).append(op_id)
        return found

    def _op_row(self, lost: set[str]) -> Row:
        told = sum(op_id in self.acknowledged for op_id in self.ops)
        return Row("Thao tác (ops)", len(self.ops), told, None, len(lost))

    def _file_row(self, found: Found, faults: list[str]) -> Row:
        row = Row("Tệp, từng byte (files, byte by byte)", len(self.files))
        for file in self.files:
            head = found.versions.get(file.record_id, [{}])[-1]
            shown = head.get("files", {}).get(file.sha256, {})
            row.acknowledged += (file.author, file.sha256) in self.acknowledged
            row.verified = (row.verified or 0) + (shown.get("state") == "verified")
            row.lost += found.files.get((file.record_id, file.sha256)) != file.sha256
            mark = shown.get("check")
            if mark in (None, "pending") or file.mark not in (None, mark):
                faults.append(f"{file.name}: marked {mark}, should be {file.mark or 'looked into'}")
        return row

    def _is_there(self, op_id: str, found: Found) -> bool:
        """Whether the op made a version, and that version shows every value that the op brought."""
        body = self.ops[op_id].body
        versions = {doc["ver"]: doc for doc in found.versions.get(body["record_id"], [])}
        made = {op: ver for ver, op in found.ops.get(body["record_id"], {}).items()}
        after = versions.get(made.get(op_id, 0))
        if after is None:
            return False
        before = set(_pieces(versions.get(body["base_ver"], {})))
        return set(_brought(body)) - before <= set(_pieces(after))

    def _overwritten(self, record_id: str, found: Found) -> Iterator[Piece]:
        """Values that left a record by an op whose author had not seen them, and are not kept in a conflict either."""
        written: dict[Piece, tuple[int, str]] = {}
        before: set[Piece] = set()
        for doc in found.versions[record_id]:
            op = self.ops.get(found.ops.get(record_id, {}).get(doc["ver"], ""))
            after = set(_pieces(doc))
            for piece in before - after:
                ver, author = written[piece]
                if op is None or (op.author != author and op.body["base_ver"] < ver):
                    yield piece
            written |= dict.fromkeys(after - before, (doc["ver"], op.author if op else ""))
            before = after


def _pieces(doc: Doc) -> Iterator[Piece]:
    """Every line and element of the data, those that wait in conflicts included."""
    for name, value in doc.get("data", {}).items():
        yield from _parts(name, value)
    for conflict in doc.get("conflicts", []):
        for other in conflict["others"]:
            yield from _parts(conflict["field"], other["v"])


def _brought(op: Doc) -> Iterator[Piece]:
    for name, value in {**op.get("set", {}), **op.get("add", {}), "media": op.get("media", [])}.items():
        yield from _parts(name, value)


def _parts(name: str, value: Any) -> Iterator[Piece]:
    parts = value.splitlines() if isinstance(value, str) else value if isinstance(value, list) else [value]
    for part in parts:
        yield name, part if isinstance(part, str) else json.dumps(part, sort_keys=True, ensure_ascii=False)
