"""A scope's log as anyone may check it offline: headers, hashes and, where asked for, the ops themselves."""

from typing import Any

from sqlalchemy import select
from sqlmodel import Session, col

from auth.principal import Permission, Principal
from sync.errors import RecordUnknown
from sync.models import LogEntry, Op, ScopeHead

MAX_ENTRIES = 1000


def log_page(
    session: Session, principal: Principal, scope: str, *, after: int, limit: int, payload: bool
) -> dict[str, Any]:
    """Entries of `scope` behind `after` and its head, for `proof.logs.check_log`. Raises RecordUnknown.

    `payload`: the op's body and salt stand beside its digest; both are null where they were redacted.
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
        .outerjoin(Op, col(Op.op_id) == col(LogEntry.op_id))
        .where(col(LogEntry.scope) == scope, col(LogEntry.seq) > after)
        .order_by(col(LogEntry.seq))
        .limit(min(limit, MAX_ENTRIES))
    )
    entries = [_shown(entry, body, salt, payload=payload) for entry, body, salt in session.execute(query)]
    return {"scope": scope, "after": after, "head": {"seq": head[0], "hash": head[1].hex()}, "entries": entries}


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
