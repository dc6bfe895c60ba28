"""What has not arrived yet: installs that said, at their last push, that they still hold ops."""

from typing import Any

from sqlalchemy import select
from sqlmodel import Session, col

from sync.instant import iso
from sync.models import LogEntry, Op, Replica


def unsent(session: Session, scope: str) -> list[dict[str, Any]]:
    """Clients that wrote in `scope` before and reported unsent ops when last seen; most recent first."""
    wrote = (
        select(col(Op.client_id))
        .join(LogEntry, col(LogEntry.op_id) == col(Op.op_id))
        .where(col(LogEntry.scope) == scope, col(Op.client_id) != "")
    )
    where = (col(Replica.pending) > 0, col(Replica.client_id).in_(wrote))
    rows = session.execute(
        select(col(Replica.client_id), col(Replica.pending), col(Replica.seen_at))
        .where(*where)
        .order_by(col(Replica.seen_at).desc())
        .limit(50)
    )
    return [{"client_id": client_id, "pending": pending, "seen_at": iso(at)} for client_id, pending, at in rows]
