"""Files of records: what the records say of them follows what has arrived and what was found in them."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import delete, select, update
from sqlmodel import Session, col

from auth.principal import Principal
from sync import canonical
from sync.append import append
from sync.locks import hold
from sync.models import Attachment, Blob, Holding, Record
from sync.notice import server_op
from sync.op import Action, Op
from sync.stamp import FileState, file_entry
from sync.types import Registry
from sync.visibility import visible
from sync.world import FILE_STATE

VERIFIED, MISSING, UNKNOWN, DESTROYED = "verified", "missing", "unknown", "destroyed"


def arrived(session: Session, registry: Registry, record_ids: list[str], now: int, actor: str = "") -> None:
    """Tells records how their files stand: they have come, were looked into, or lost. Every reader pulls the change.

    `actor`: the account that caused it, where somebody did.
    """
    rows = session.execute(
        select(
            col(Attachment.record_id),
            col(Attachment.sha256),
            col(Attachment.state),
            col(Record.type),
            col(Record.scope),
            col(Record.ver),
            *FILE_STATE,
        )
        .join(Blob, col(Blob.sha256) == col(Attachment.sha256), isouter=True)
        .join(Record, col(Record.id) == col(Attachment.record_id))
        .where(col(Attachment.record_id).in_(sorted(record_ids)), col(Attachment.named))
        .order_by(col(Attachment.record_id), col(Attachment.sha256))
    ).all()
    files: dict[tuple[str, str, str, int], dict[str, Any]] = {}
    for record_id, sha256, state, type_name, scope, ver, *blob in rows:
        found = files.setdefault((record_id, type_name, scope, ver), {})
        found[sha256] = _shown(state, *blob)
    append(session, registry, [_told(key, found, now, actor) for key, found in files.items()], now)


def named_by(session: Session, *sha256: str) -> list[str]:
    """Ids of the records that name one of these files and have it as verified."""
    where = (col(Attachment.sha256).in_(sha256), col(Attachment.state) == VERIFIED, col(Attachment.named))
    return sorted(set(session.execute(select(col(Attachment.record_id)).where(*where)).scalars()))


def _told(key: tuple[str, str, str, int], found: dict[str, Any], now: int, actor: str) -> Op:
    record_id, type_name, scope, ver = key
    # A file may come to stand as it stood before: the version tells the two ops apart.
    op_id = canonical.derived_id(f"files{record_id}{ver}{now}", canonical.sha256(canonical.encode(found)))
    return server_op(op_id, type_name, record_id, scope, Action.PATCH, actor=actor, server={"files": found})


def backed_up(session: Session, registry: Registry, digests: Sequence[str], now: int) -> None:
    """Notes that a second copy of these files was read back and is good; tells the records that it is safe to delete.

    For whoever makes copies: a mirror, a backup. `digests`: hex, of files that are here; others are passed over.
    """
    fresh = (col(Blob.sha256).in_(sorted(digests)), col(Blob.backed_up_at).is_(None))
    marked = session.scalars(update(Blob).where(*fresh).values(backed_up_at=now).returning(col(Blob.sha256))).all()
    if marked:
        arrived(session, registry, named_by(session, *marked), now)


def lost(session: Session, registry: Registry, sha256: str, now: int) -> None:
    """The bytes of a file are no longer good, and no copy of them is: asks every phone that may have it to send it."""
    hold(session, [sha256])
    waiting = named_by(session, sha256)
    session.execute(delete(Holding).where(col(Holding.sha256) == sha256))
    session.execute(delete(Blob).where(col(Blob.sha256) == sha256))
    session.execute(update(Attachment).where(col(Attachment.sha256) == sha256).values(state=MISSING))
    arrived(session, registry, waiting, now)


def standings(session: Session, principal: Principal, asked: Sequence[tuple[str, str]]) -> list[dict[str, Any]]:
    """How files stand, by record id and digest, in the order asked; `unknown` where the caller may not know.

    A file is known through a record that the caller may read and that names it or has named it, or because this
    account has sent all of it. Whoever merely knows a digest learns nothing (protocol P44).
    """
    digests = sorted({sha256 for _, sha256 in asked})
    named = session.execute(
        select(col(Attachment.record_id), col(Attachment.sha256), col(Attachment.state), *FILE_STATE)
        .join(Record, col(Record.id) == col(Attachment.record_id))
        .join(Blob, col(Blob.sha256) == col(Attachment.sha256), isouter=True)
        .where(col(Attachment.sha256).in_(digests), visible(principal, col(Record.scope)))
    ).all()
    sent = session.execute(
        select(col(Blob.sha256), *FILE_STATE)
        .join(Holding, col(Holding.sha256) == col(Blob.sha256))
        .where(col(Blob.sha256).in_(digests), col(Holding.account_id) == principal.account_id)
    ).all()
    of_record = {(r, s): _shown(state, *blob) for r, s, state, *blob in named}
    of_account = {s: _shown(VERIFIED, *blob) for s, *blob in sent}
    return [of_record.get((r, s)) or of_account.get(s) or {"state": UNKNOWN} for r, s in asked]


def _shown(state: str, *blob: Any) -> dict[str, Any]:
    if state == DESTROYED:
        return {"state": DESTROYED, "remove": True}
    if state != VERIFIED or blob[0] is None:
        return {"state": MISSING}
    return file_entry(FileState(*blob))
