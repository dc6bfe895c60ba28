"""A scope's log as anyone may check it offline: headers, hashes and, where asked for, the ops themselves."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlmodel import Session, col

from auth.principal import Permission, Principal
from sync.epoch import current_epoch
from sync.errors import RecordUnknown
from sync.kept_models import CheckpointHead
from sync.models import Attachment, LogEntry, Op, Record, ScopeHead
from sync.visibility import visible

MAX_ENTRIES = 1000


def log_page(
    session: Session, principal: Principal, scope: str, *, after: int, limit: int, payload: bool
) -> dict[str, Any]:
    """Entries of `scope` behind `after` and its head, for `proof.logs.check_log`. Raises RecordUnknown.

    `payload`: the op's body and salt stand beside its digest; both are null where they were redacted, and where the
    record has moved to a scope that the caller may not read.
    """
    if not principal.may(Permission.READ, scope):
        raise RecordUnknown
    head = session.execute(
        select(col(ScopeHead.seq), col(ScopeHead.hash)).where(col(ScopeHead.scope) == scope)
    ).one_or_none()
    if head is None:
        raise RecordUnknown
    query = (
        select(LogEntry, col(Op.body), col(Op.salt))
        .outerjoin(Record, (col(Record.id) == col(LogEntry.record_id)) & visible(principal, col(Record.scope)))
        .outerjoin(Op, (col(Op.op_id) == col(LogEntry.op_id)) & col(Record.id).is_not(None))
        .where(col(LogEntry.scope) == scope, col(LogEntry.seq) > after)
        .order_by(col(LogEntry.seq))
        .limit(min(limit, MAX_ENTRIES))
    )
    entries = [_shown(entry, body, salt, payload=payload) for entry, body, salt in session.execute(query)]
    return {"scope": scope, "after": after, "head": {"seq": head[0], "hash": head[1].hex()}, "entries": entries}


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that proves the log of a scope; `checkpoints`: where they lie, and the head that each names, oldest first."""

    epoch: str
    head: tuple[int, str]
    entries: list[dict[str, Any]]
    checkpoints: list[tuple[str, int, str]]
    files: list[str]


def evidence(session: Session, scope: str, record_id: str | None = None) -> Evidence:
    """The whole log of `scope`, for an operator. With `record_id`, only its own ops and files are told; of the others
    the chain keeps the digests. Raises RecordUnknown for a scope that has no log, Restored."""
    where = col(ScopeHead.scope) == scope
    head = session.execute(select(col(ScopeHead.seq), col(ScopeHead.hash)).where(where)).one_or_none()
    if head is None:
        raise RecordUnknown
    log = (
        select(LogEntry, col(Op.body), col(Op.salt))
        .outerjoin(Op, col(Op.op_id) == col(LogEntry.op_id))
        .where(col(LogEntry.scope) == scope)
        .order_by(col(LogEntry.seq))
    )
    entries = [
        _shown(entry, body, salt, payload=record_id in (None, entry.record_id))
        for entry, body, salt in session.execute(log)
    ]
    witnessed = select(CheckpointHead).where(col(CheckpointHead.scope) == scope).order_by(col(CheckpointHead.seq))
    held = (
        select(col(Attachment.sha256))
        .join(Record, col(Record.id) == col(Attachment.record_id))
        .where(col(Record.scope) == scope, col(Attachment.state) == "verified")
        .distinct()
        .order_by(col(Attachment.sha256))
    )
    held = held if record_id is None else held.where(col(Record.id) == record_id)
    return Evidence(
        current_epoch(session),
        (head[0], head[1].hex()),
        entries,
        [(found.key, found.seq, found.hash.hex()) for found in session.scalars(witnessed)],
        list(session.scalars(held)),
    )


def _shown(entry: LogEntry, body: str | None, salt: bytes | None, *, payload: bool) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "seq": entry.seq, "kind": entry.kind, "record_id": entry.record_id, "ver": entry.ver, "op_id": entry.op_id,
        "actor": entry.actor, "at": entry.at, "payload_digest": entry.payload_digest.hex(),
        "entry_hash": entry.entry_hash.hex(),
    }  # fmt: skip
    if payload:
        shown["payload"] = body
        shown["salt"] = salt.hex() if salt is not None else None
    return shown
