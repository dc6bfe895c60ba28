"""What the database holds for one batch, fetched in a few statements before the plan is made."""

from typing import Any

import orjson
from sqlalchemy import Select, bindparam, func, select, tuple_
from sqlmodel import Session, col

from auth.principal import Principal
from sync import bulk
from sync import state as records
from sync.epoch import lineage, shared_ver
from sync.held import waiters
from sync.locks import hold, share
from sync.models import Blob, Holding, LogEntry, Op, Record, Revision
from sync.numbers import Numbers, wanted
from sync.op import MAX_DEPS, Envelope
from sync.op import Op as ReadOp
from sync.outcome import EFFECTIVE, Entry, Known
from sync.plan import Waiting
from sync.stamp import FileState, file_entry
from sync.types import MEDIA, Registry

# What every batch asks, made once.
_OP, _RECORD = bulk.table(Op).c, bulk.table(Record).c
_NAMED: Select[Any] = select(  # the columns of `Known`
    _OP.op_id, _OP.digest, _OP.status, _OP.record_id, _OP.result, _OP.client_id, _OP.actor
).where(bulk.among(_OP.op_id, "op_ids"))  # fmt: skip
_NUMBERED = select(_OP.dev_seq).where(_OP.client_id == bindparam("client_id"), bulk.among(_OP.dev_seq, "dev_seqs"))
_LOCKED: Select[Any] = (
    select(_RECORD.id, _RECORD.doc, _RECORD.meta, _RECORD.seq)
    .where(bulk.among(_RECORD.id, "ids"))
    .order_by(_RECORD.id)
    .with_for_update()
)
AT_ONCE = 10_000  # databases bound how many values one statement may hold, and an op may name more files than that

FILE_STATE: tuple[Any, ...] = tuple(  # the columns of `stamp.FileState`, in its order
    col(c) for c in (Blob.mime, Blob.check, Blob.backed_up_at, Blob.held, Blob.previews, Blob.scan)
)


class DbWorld:
    """A `plan.World` over one transaction. Records are read for update, sorted by id (protocol C.3)."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.rows: dict[str, tuple[str, str, int]] = {}
        self.states: dict[str, records.State | None] = {}
        self.ops: dict[str, Known] = {}
        self.asked: set[str] = set()
        self.numbered: set[tuple[str, int]] = set()
        self.waits: dict[str, list[Waiting]] = {}
        self.numbers = Numbers(session)
        self.files: dict[tuple[str, str], dict[str, Any]] = {}
        self.lineage: list[str] = []

    def fetch(self, batches: list[tuple[Principal, list[Envelope]]], registry: Registry) -> None:
        """Reads all that the batches name but their numbers; what they name indirectly is read when asked for."""
        envelopes = [e for _, batch in batches for e in batch]
        raws = [e.raw for e in envelopes if isinstance(e.raw, dict)]
        deps = {d for raw in raws for d in _strings(raw.get("deps"))[:MAX_DEPS]}
        record_ids = {r for raw in raws if isinstance(r := raw.get("record_id"), str) and len(r) == 36}
        op_ids = {e.op_id for e in envelopes} | {d[3:] for d in deps if d.startswith("op:") and len(d) == 39}
        self.fetch_ops(op_ids)
        self.fetch_records(record_ids | {d[7:] for d in deps if d.startswith("record:") and len(d) == 43})
        named: dict[str, set[str]] = {}
        for principal, batch in batches:
            named.setdefault(principal.account_id, set()).update(s for e in batch for s in _digests(e.raw))
        self._fetch_files(named)
        self.numbers.fetch(wanted(envelopes, registry))

    def fetch_records(self, record_ids: set[str]) -> None:
        """Locks and reads records, in the order of their ids."""
        if not record_ids:
            return
        self.states.update(dict.fromkeys(record_ids))
        for record_id, doc, meta, seq in self.session.execute(_LOCKED, {"ids": sorted(record_ids)}):
            self.rows[record_id] = (doc, meta, seq)
            del self.states[record_id]

    def all_known(self, op_ids: list[str]) -> list[Known]:
        """Those of `op_ids` that are stored."""
        rows = self.session.execute(_NAMED, {"op_ids": op_ids}).all()
        results = {row[0]: orjson.loads(row[4]) for row in rows}
        entries = self._entries([(row[3], results[row[0]]["ver"], row[0]) for row in rows if "ver" in results[row[0]]])
        return [
            Known(op_id, actor, client_id, digest, status, record_id, results[op_id], entries.get(op_id))
            for op_id, digest, status, record_id, _, client_id, actor in rows
        ]

    def fetch_ops(self, op_ids: set[str]) -> None:
        """Reads stored ops."""
        self.ops.update({known.op_id: known for known in self.all_known(sorted(op_ids))})
        self.asked |= op_ids

    def fetch_numbers(self, client_id: str, dev_seqs: set[int]) -> None:
        """Looks which of a client's numbers its ops have already."""
        if dev_seqs:
            asked = {"client_id": client_id, "dev_seqs": sorted(dev_seqs)}
            self.numbered |= {(client_id, n) for n in self.session.execute(_NUMBERED, asked).scalars()}

    def _entries(self, places: list[tuple[str, int, str]]) -> dict[str, Entry]:
        """Where ops stand in the log, by op id; `places`: (record id, ver, op id)."""
        if not places:
            return {}
        columns = (LogEntry.record_id, LogEntry.ver, LogEntry.scope, LogEntry.seq, LogEntry.entry_hash)
        at = tuple_(col(LogEntry.record_id), col(LogEntry.ver)).in_([place[:2] for place in places])
        rows = self.session.execute(select(*(col(c) for c in columns)).where(at, col(LogEntry.kind) == "put"))
        lines = {(record_id, ver): rest for record_id, ver, *rest in rows}
        return {
            op_id: Entry(line[0], "put", record_id, ver, op_id, "", b"", 0, line[1], line[2])
            for record_id, ver, op_id in places
            if (line := lines.get((record_id, ver)))
        }

    def _fetch_files(self, named: dict[str, set[str]]) -> None:
        """Of what accounts name, the files whose every byte they have sent; others are `missing`, here or not (P44)."""
        # An upload that ends just now must see this record, or this batch its file.
        hold(self.session, {sha256 for digests in named.values() for sha256 in digests})
        for account_id, digests in named.items():
            self._fetch_held(sorted(digests), account_id)

    def _fetch_held(self, wanted: list[str], account_id: str) -> None:
        for start in range(0, len(wanted), AT_ONCE):
            rows = self.session.execute(
                select(col(Blob.sha256), *FILE_STATE)
                .join(Holding, col(Holding.sha256) == col(Blob.sha256))
                .where(col(Blob.sha256).in_(wanted[start : start + AT_ONCE]), col(Holding.account_id) == account_id)
            )
            for sha256, *found in rows:
                self.files[sha256, account_id] = file_entry(FileState(*found))

    def fetch_media(self, ops: list[ReadOp]) -> None:
        """Files that ops of the service attach in somebody's name; most attach none."""
        by_actor: dict[str, set[str]] = {}
        for op in ops:
            for file in (*op.add.get(MEDIA, ()), *op.set.get(MEDIA, ())):
                by_actor.setdefault(op.actor, set()).add(file["sha256"])
        self._fetch_files(by_actor)

    def record(self, record_id: str) -> records.State | None:
        if record_id not in self.states and record_id not in self.rows:
            self.fetch_records({record_id})
        if record_id not in self.states:
            doc, meta, seq = self.rows[record_id]
            self.states[record_id] = records.load(doc, meta, seq)
        return self.states[record_id]

    def doc(self, record_id: str) -> str:
        return self.rows[record_id][0]

    def known(self, op_id: str) -> Known | None:
        if op_id not in self.ops and op_id not in self.asked:
            self.fetch_ops({op_id})
        return self.ops.get(op_id)

    def is_numbered(self, client_id: str, dev_seq: int) -> bool:
        return (client_id, dev_seq) in self.numbered

    def text_at(self, record_id: str, name: str, ver: int) -> str | None:
        state = self.rows.get(record_id)
        doc: str | None = state[0] if state and orjson.loads(state[0])["ver"] == ver else None
        if doc is None:
            where = (col(Revision.record_id) == record_id, col(Revision.ver) == ver)
            doc = self.session.execute(select(col(Revision.doc)).where(*where)).scalar_one_or_none()
        text = orjson.loads(doc)["data"].get(name) if doc else None
        return text if isinstance(text, str) else None

    def ver_of(self, record_id: str, content_digest: str) -> int | None:
        where = (col(Revision.record_id) == record_id, col(Revision.content_digest) == content_digest)
        found: int | None = self.session.execute(select(func.max(col(Revision.ver))).where(*where)).scalar_one()
        return found

    def shared_ver(self, record_id: str, epoch: str | None) -> int | None:
        self.lineage = self.lineage or lineage(self.session)
        return shared_ver(self.session, self.lineage, record_id, epoch)

    def arrivals(self, awaited: set[str], news: set[str]) -> set[str]:
        """See `plan.World`. Who begins to wait does so alone; those that bring something share the time.

        Without this, two that commit at once could each miss the other, and an op would wait for what is there.
        """
        if not awaited:
            share(self.session, "waits")
            self._fetch_waits(news)
            return set()
        hold(self.session, ["waits"])
        op_ids = {need[3:] for need in awaited if need.startswith("op:")}
        self.fetch_ops(op_ids)
        self.fetch_records({n[7:] for n in awaited if n.startswith("record:") and self.states.get(n[7:]) is None})
        effective = {f"op:{i}" for i in op_ids if i in self.ops and self.ops[i].status in EFFECTIVE}
        came = effective | {n for n in awaited if n[7:] in self.rows}
        self._fetch_waits(news | came)
        return came

    def _fetch_waits(self, needs: set[str]) -> None:
        if not needs:
            return
        self.waits.update(waiters(self.session, needs))
        self.fetch_records(
            {w.op.record_id for held in self.waits.values() for w in held} - self.rows.keys() - self.states.keys()
        )

    def waiters(self, needs: str) -> list[Waiting]:
        if needs not in self.waits:
            self._fetch_waits({needs})
        return self.waits[needs]

    def last_number(self, scope: str, name: str) -> int:
        return self.numbers.last_of(scope, name)

    def file(self, sha256: str, account_id: str) -> dict[str, Any] | None:
        return self.files.get((sha256, account_id))


def _strings(value: Any) -> list[str]:
    return [v for v in value if isinstance(v, str)] if isinstance(value, list) else []


def _digests(raw: Any) -> list[str]:
    """Digests of files that an op names, wherever it names them."""
    if not isinstance(raw, dict):
        return []
    found: list[Any] = [raw.get("media")]
    for part in ("set", "add"):
        fields = raw.get(part)
        found.append(fields.get("media") if isinstance(fields, dict) else None)
    files = [m for media in found if isinstance(media, list) for m in media if isinstance(m, dict)]
    return [s for m in files if isinstance(s := m.get("sha256"), str) and len(s) == 64]
