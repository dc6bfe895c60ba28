"""The only writer of synced records (protocol C.3).

`write` puts a plan into the database: op rows first, then, with the heads of the touched scopes locked, the log, the
records and the heads. Nothing is locked after the heads, and they are held until the commit that follows, so what a
reader sees of a scope is always a prefix of its log.
"""

import os
from collections.abc import Callable
from typing import Any, NamedTuple

from sqlalchemy import bindparam, delete, insert, literal, select, update
from sqlmodel import Session, col

from sync import bulk, chain, tally
from sync.followers import tell_followers
from sync.models import Attachment, LeftRecord, LogEntry, Op, OpWait, PastOutcome, Record, Revision, ScopeHead, Serial
from sync.op import Op as ServerOp
from sync.outcome import Entry, Outcome
from sync.plan import Changed, OpRow, Plan
from sync.planner import Planner
from sync.state import dump_marks
from sync.tally import Tally
from sync.types import Registry
from sync.world import DbWorld

Salt = Callable[[], bytes]
_HEAD = bulk.table(ScopeHead).c
HEADS = (
    select(_HEAD.scope, _HEAD.seq, _HEAD.hash, _HEAD.n, _HEAD.xor, _HEAD.counted)
    .where(bulk.among(_HEAD.scope, "scopes"))
    .order_by(_HEAD.scope)
    .with_for_update()
)


def random_salt() -> bytes:
    return os.urandom(16)


def append(session: Session, registry: Registry, ops: list[ServerOp], now: int) -> list[Outcome]:
    """Applies ops that the service itself makes (decisions, file states, reference data), in order."""
    world = DbWorld(session)
    world.fetch_records({op.record_id for op in ops})
    planner = Planner(world, registry)
    world.fetch_media(ops)
    outcomes = [planner.serve(op, now) for op in ops]
    write(session, planner.plan, now, random_salt)
    tell_followers(session, registry, planner.plan, now)
    return outcomes


def write(session: Session, plan: Plan, now: int, salt: Salt) -> None:
    """Writes everything of `plan`. The transaction around it commits or leaves no trace."""
    for row in plan.rows.values():
        row.salt, row.at = salt(), now
    bulk.insert(session, Op, [_op_row(r) for r in plan.rows.values()])
    _release(session, plan, now)
    _number(session, plan, now)
    _records(session, plan)
    _attachments(session, plan)
    bulk.upsert(session, Serial, [{"scope": s, "name": n, "last": v} for (s, n), v in sorted(plan.numbers.items())])


def _op_row(row: OpRow) -> dict[str, Any]:
    return {
        "op_id": row.op_id,
        "client_id": row.client_id,
        "dev_seq": row.dev_seq,
        "actor": row.actor,
        "record_id": row.outcome.record_id,
        "scope": row.scope,
        "tx": row.tx,
        "received_at": row.at,
        "digest": row.digest,
        "salt": row.salt,
        "body": row.body,
        "status": row.outcome.status,
        "result": row.outcome.stored(),
    }


def _release(session: Session, plan: Plan, now: int) -> None:
    """Ops whose outcome changes, with the one they had, and what the others still wait for."""
    if plan.released:
        ids = [row.op_id for row in plan.released]
        past = select(
            col(Op.op_id), literal(now), literal(plan.by), literal(plan.reason), col(Op.status), col(Op.result)
        )
        columns = ["op_id", "until", "by", "reason", "status", "result"]
        session.execute(insert(PastOutcome).from_select(columns, past.where(col(Op.op_id).in_(ids))))
        changed = [
            {"b_op_id": r.op_id, "b_status": r.outcome.status, "b_result": r.outcome.stored()} for r in plan.released
        ]
        table = Op.__table__  # type: ignore[attr-defined]
        values: dict[str, Any] = {"status": bindparam("b_status"), "result": bindparam("b_result")}
        session.connection().execute(update(table).where(table.c.op_id == bindparam("b_op_id")).values(values), changed)
    if plan.waits:
        session.execute(delete(OpWait).where(col(OpWait.op_id).in_(sorted(plan.waits))))
        bulk.insert(
            session, OpWait, [{"op_id": o, "needs": n} for o, needs in plan.waits.items() for n in sorted(needs)]
        )


def _number(session: Session, plan: Plan, now: int) -> None:
    """Takes `seq` numbers under the locks of the touched heads, in one global order, and chains the hashes."""
    salts = {row.op_id: row.salt for row in [*plan.rows.values(), *plan.released]}
    heads = _lock_heads(session, {e.scope for e in plan.entries})
    session.info.setdefault("touched", set()).update(heads)  # who waits for these scopes hears of the commit
    tallies = _tallies(session, plan, heads)
    rows = []
    for entry in plan.entries:
        head = heads[entry.scope]
        entry.seq, entry.at = head.seq + 1, now
        payload = chain.payload_digest(salts[entry.op_id], entry.payload)
        entry.entry_hash = chain.entry_hash(entry, head.hash, payload)
        heads[entry.scope] = head._replace(seq=entry.seq, hash=entry.entry_hash)
        rows.append(_log_row(entry, payload))
    bulk.insert(session, LogEntry, rows)
    lefts = [e for e in plan.entries if e.kind == "left"]
    bulk.insert(
        session, LeftRecord, [{"scope": e.scope, "seq": e.seq, "record_id": e.record_id, "ver": e.ver} for e in lefts]
    )
    bulk.upsert(session, ScopeHead, [_head_row(s, head, tallies[s]) for s, head in sorted(heads.items())])


def _tallies(session: Session, plan: Plan, heads: dict[str, "Head"]) -> dict[str, Tally]:
    """What the touched scopes hold after the plan. One that was not counted (by an older release) is counted now."""
    found = {}
    moved = tally.moved(plan)
    for scope, head in heads.items():
        before = Tally(head.n, head.xor or tally.NOTHING)
        if head.counted != head.seq:
            rows = session.execute(select(col(Record.id), col(Record.ver)).where(col(Record.scope) == scope))
            before = tally.of((record_id, ver) for record_id, ver in rows)
        found[scope] = before.plus(moved.get(scope, Tally()))
    return found


def _head_row(scope: str, head: "Head", held: Tally) -> dict[str, Any]:
    return {"scope": scope, "seq": head.seq, "hash": head.hash, "n": held.n, "xor": held.xor, "counted": head.seq}


def _log_row(entry: Entry, payload: bytes) -> dict[str, Any]:
    return {
        "scope": entry.scope,
        "seq": entry.seq,
        "record_id": entry.record_id,
        "kind": entry.kind,
        "ver": entry.ver,
        "op_id": entry.op_id,
        "actor": entry.actor,
        "at": entry.at,
        "payload_digest": payload,
        "entry_hash": entry.entry_hash,
    }


class Head(NamedTuple):
    """A row of `scope_head`, without its scope."""

    seq: int
    hash: bytes
    n: int = 0
    xor: bytes | None = None
    counted: int = 0


def _lock_heads(session: Session, scopes: set[str]) -> dict[str, Head]:
    if not scopes:
        return {}
    wanted = sorted(scopes)
    asked = {"scopes": wanted}
    found = {scope: Head(*rest) for scope, *rest in session.execute(HEADS, asked)}
    if len(found) < len(wanted):
        new = [{"scope": s, "seq": 0, "hash": chain.START} for s in wanted if s not in found]
        bulk.insert_missing(session, ScopeHead, new)
        found = {scope: Head(*rest) for scope, *rest in session.execute(HEADS, asked)}
    return found


def _records(session: Session, plan: Plan) -> None:
    last = {e.record_id: e for e in plan.entries if e.kind == "put"}
    fresh: list[dict[str, Any]] = []
    kept: list[dict[str, Any]] = []
    past: list[dict[str, Any]] = []
    for record_id, changed in plan.changed.items():
        row = _record_row(changed, last[record_id])
        (fresh if changed.stored_doc is None else kept).append(row)
        past += _past(changed)
    # A plain insert: should another writer have made the record since it was looked for, this batch starts again.
    bulk.insert(session, Record, fresh)
    bulk.upsert(session, Record, kept)
    bulk.insert(session, Revision, past)


def _record_row(changed: Changed, entry: Entry) -> dict[str, Any]:
    state = changed.state
    state.seq = entry.seq
    shown = changed.shown[state.ver]
    return {
        "id": state.id,
        "type": state.type,
        "scope": state.scope,
        "seq": state.seq,
        "ver": state.ver,
        "deleted": state.deleted,
        "state": shown[0],
        "content_digest": shown[1],
        "doc": changed.docs[state.ver],
        "meta": dump_marks(state.marks),
    }


def _past(changed: Changed) -> list[dict[str, Any]]:
    """What the record was before each of its new versions."""
    record_id, first = changed.state.id, min(changed.docs)
    older = [(first - 1, changed.stored_digest, changed.stored_doc)] if changed.stored_doc else []
    older += [(v, changed.shown[v][1], doc) for v, doc in changed.docs.items() if v < changed.state.ver]
    return [{"record_id": record_id, "ver": v, "content_digest": d, "doc": doc} for v, d, doc in older]


def _attachments(session: Session, plan: Plan) -> None:
    rows = [
        {"record_id": r, "sha256": s, "account_id": who, "state": how, "named": True}
        for (r, s), (who, how) in plan.attached.items()
    ]
    bulk.upsert(session, Attachment, rows)
    for record_id, sha256 in plan.detached:
        where = (col(Attachment.record_id) == record_id, col(Attachment.sha256) == sha256)
        session.execute(update(Attachment).where(*where).values(named=False))
