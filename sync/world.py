"""What the database holds for one batch, fetched in a few statements before the plan is made."""

from typing import Any

import orjson
from sqlalchemy import Select, and_, bindparam, func, or_, select, tuple_
from sqlmodel import Session, col

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
_KNOWN: Select[Any] = select(  # the columns of `Known`
    _OP.op_id, _OP.digest, _OP.status, _OP.record_id, _OP.result, _OP.client_id, _OP.dev_seq, _OP.actor
)  # fmt: skip
_NAMED = _KNOWN.where(bulk.among(_OP.op_id, "op_ids"))
_NAMED_OR_NUMBERED = _KNOWN.where(
    or_(
        bulk.among(_OP.op_id, "op_ids"),
        and_(_OP.client_id == bindparam("client_id"), bulk.among(_OP.dev_seq, "dev_seqs")),
    )
)
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

    def __init__(self, session: Session, client_id: str = "") -> None:
        self.session = session
        self.client_id = client_id
        self.rows: dict[str, tuple[str, str, int]] = {}
        self.states: dict[str, records.State | None] = {}
        self.ops: dict[str, Known] = {}
        self.asked: set[str] = set()
        self.dev_seqs: dict[int, str] = {}
        self.waits: dict[str, list[Waiting]] = {}
        self.numbers = Numbers(session)
        self.files: dict[tuple[str, str], dict[str, Any]] = {}
        self.lineage: list[str] = []

    def fetch(self, envelopes: list[Envelope], account_id: str, registry: Registry) -> None:
        """Reads all that the batch names; what it names indirectly is read when asked for."""
        raws = [e.raw for e in envelopes if isinstance(e.raw, dict)]
        deps = {d for raw in raws for d in _strings(raw.get("deps"))[:MAX_DEPS]}
        record_ids = {r for raw in raws if isinstance(r := raw.get("record_id"), str) and len(r) == 36}
        op_ids = {e.op_id for e in envelopes} | {d[3:] for d in deps if d.startswith("op:") and len(d) == 39}
        self.fetch_ops(op_ids, {e.dev_seq for e in envelopes if e.dev_seq})
        self.fetch_records(record_ids | {d[7:] for d in deps if d.startswith("record:") and len(d) == 43})
        self._fetch_files({s for raw in raws for s in _digests(raw)}, account_id)
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
        return [known for known, _, _ in self._known(_NAMED, op_ids=op_ids)]

    def fetch_ops(self, op_ids: set[str], dev_seqs: set[int]) -> None:
        """Reads stored ops by id, and by this client's numbers."""
        asked = {"op_ids": sorted(op_ids), "dev_seqs": sorted(dev_seqs), "client_id": self.client_id}
        for known, client_id, dev_seq in self._known(_NAMED_OR_NUMBERED, **asked):
            self.ops[known.op_id] = known
            if client_id == self.client_id and dev_seq:
                self.dev_seqs[dev_seq] = known.op_id
        self.asked |= op_ids

    def _known(self, query: Select[Any], **asked: Any) -> list[tuple[Known, str, int | None]]:
        rows = self.session.execute(query, asked).all()
        results = {row[0]: orjson.loads(row[4]) for row in rows}
        entries = self._entries([(row[3], results[row[0]]["ver"], row[0]) for row in rows if "ver" in results[row[0]]])
        found = []
        for op_id, digest, status, record_id, _, client_id, dev_seq, actor in rows:
            stored = results[op_id]
            known = Known(op_id, actor, client_id, digest, status, record_id, stored, entries.get(op_id))
            found.append((known, client_id, dev_seq))
        return found

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

    def _fetch_files(self, digests: set[str], account_id: str) -> None:
        """Files whose every byte this account has sent before; others are `missing`, here or not (protocol P44)."""
        hold(self.session, digests)  # an upload that ends just now must see this record, or this batch its file
        wanted = sorted(digests)
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
        for actor, digests in sorted(by_actor.items()):
            self._fetch_files(digests, actor)

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
            self.ops.update({k.op_id: k for k, _, _ in self._known(_NAMED, op_ids=[op_id])})
        return self.ops.get(op_id)

    def op_at(self, dev_seq: int) -> str | None:
        return self.dev_seqs.get(dev_seq)

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
        self.fetch_ops(op_ids, set())
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


def _digests(raw: dict[str, Any]) -> list[str]:
    """Digests of files that an op names, wherever it names them."""
    found: list[Any] = [raw.get("media")]
    for part in ("set", "add"):
        fields = raw.get(part)
        found.append(fields.get("media") if isinstance(fields, dict) else None)
    files = [m for media in found if isinstance(media, list) for m in media if isinstance(m, dict)]
    return [s for m in files if isinstance(s := m.get("sha256"), str) and len(s) == 64]
