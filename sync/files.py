"""Files of records: what the records say of them follows what has arrived and what was found in them."""

from typing import Any

from sqlalchemy import select, update
from sqlmodel import Session, col

from sync import canonical, jobs
from sync.append import append
from sync.models import Attachment, Blob, Record
from sync.notice import server_op
from sync.op import Action, Op
from sync.types import Registry


def arrived(session: Session, registry: Registry, record_ids: list[str], now: int) -> None:
    """Tells the records whose files are verified now, or were looked into: a change that every reader pulls."""
    rows = session.execute(
        select(
            col(Attachment.record_id),
            col(Attachment.sha256),
            col(Blob.mime),
            col(Blob.check),
            col(Record.type),
            col(Record.scope),
        )
        .join(Blob, col(Blob.sha256) == col(Attachment.sha256))
        .join(Record, col(Record.id) == col(Attachment.record_id))
        .where(col(Attachment.record_id).in_(sorted(record_ids)), col(Attachment.state) == "verified")
        .order_by(col(Attachment.record_id), col(Attachment.sha256))
    ).all()
    files: dict[tuple[str, str, str], dict[str, Any]] = {}
    for record_id, sha256, mime, check, type_name, scope in rows:
        found = files.setdefault((record_id, type_name, scope), {})
        found[sha256] = {"state": "verified", "mime": mime, "check": check}
    append(session, registry, [_told(key, found, now) for key, found in files.items()], now)


def named_by(session: Session, sha256: str) -> list[str]:
    """Ids of the records that hold a file as verified."""
    where = (col(Attachment.sha256) == sha256, col(Attachment.state) == "verified")
    return sorted(session.execute(select(col(Attachment.record_id)).where(*where)).scalars())


def _told(key: tuple[str, str, str], found: dict[str, Any], now: int) -> Op:
    record_id, type_name, scope = key
    op_id = canonical.derived_id(f"files{record_id}{now}", canonical.sha256(canonical.encode(found)))
    return server_op(op_id, type_name, record_id, scope, Action.PATCH, server={"files": found})


def inspected(session: Session, registry: Registry, job: jobs.Claimed, check: str, now: int) -> None:
    """Notes whether a decoder could read a file (`ok unreadable unknown`), and tells every record that names it."""
    session.execute(update(Blob).where(col(Blob.sha256) == job.payload).values(check=check))
    arrived(session, registry, named_by(session, job.payload), now)
    jobs.finish(session, job)
