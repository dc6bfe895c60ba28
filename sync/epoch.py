"""The lineage of the database (protocol P14, C.5): one active epoch; after a restore an operator opens the next.

No active epoch means *restored*: what phones were told is durable may be missing here, so nothing is synced until an
operator has looked. A lineage that ends leaves its heads behind. They tell a client of it what to send again, and which
versions of a record it can have seen.
"""

import uuid

from sqlalchemy import ColumnElement, func, insert, select, update
from sqlmodel import Session, col

from auth.principal import Principal
from sync import bulk
from sync.errors import EpochChanged, Restored
from sync.kept_models import EpochHead
from sync.models import LogEntry, Replica, ScopeHead, SyncEpoch
from sync.visibility import visible

_EPOCH = bulk.table(SyncEpoch).c
ACTIVE = select(_EPOCH.epoch).where(_EPOCH.active)


def current_epoch(session: Session) -> str:
    """UUID of the active epoch. Raises Restored."""
    return opened(session.execute(ACTIVE).scalar_one_or_none())


def opened(epoch: str | None) -> str:
    """The active epoch, where there is one. Raises Restored."""
    if epoch is None:
        raise Restored(headers={"Retry-After": "60"})
    return epoch


def is_restored(session: Session) -> bool:
    """Whether the service waits for an operator to open an epoch."""
    known = session.execute(select(col(SyncEpoch.active))).scalars().all()
    return bool(known) and not any(known)


def close_epoch(session: Session) -> None:
    """Ends the active lineage, if there is one, and notes how far its scopes have come here."""
    epoch = session.execute(ACTIVE).scalar_one_or_none()
    if epoch is None:
        return
    session.execute(update(SyncEpoch).values(active=False))
    heads = select(col(ScopeHead.scope), col(ScopeHead.seq))
    rows = [{"epoch": epoch, "scope": scope, "seq": seq} for scope, seq in session.execute(heads)]
    if rows:
        session.execute(insert(EpochHead), rows)


def open_epoch(session: Session, reason: str, now: int) -> str:
    """Opens a new epoch, which goes on from the one before; closes that one if it is still active."""
    close_epoch(session)
    latest = select(col(SyncEpoch.epoch)).order_by(col(SyncEpoch.started_at).desc()).limit(1)
    before = session.execute(latest.where(~_is_parent())).scalar_one_or_none()
    epoch = SyncEpoch(epoch=str(uuid.uuid4()), started_at=now, reason=reason, parent=before)
    session.add(epoch)
    session.flush()
    return epoch.epoch


def _is_parent() -> ColumnElement[bool]:
    """Whether another epoch goes on from this one; one alone has none, whatever clocks said."""
    parents = select(col(SyncEpoch.parent)).where(col(SyncEpoch.parent).is_not(None))
    return col(SyncEpoch.epoch).in_(parents)


def ensure_epoch(session: Session, now: int) -> str | None:
    """The active epoch; a fresh database gets its first one, and one that was restored gets none."""
    if is_restored(session):
        return None
    found = session.execute(ACTIVE).scalar_one_or_none()
    return found or open_epoch(session, "first start", now)


def refuse_another(session: Session, principal: Principal, epoch: str | None, current: str) -> None:
    """Raises EpochChanged where a client names an epoch that is not the active one.

    The refusal says what to send again before anything is pulled: every op with a `dev_seq` above `acked_through`, or
    with a place in a scope above `from`, where a scope that is not there counts as 0.
    """
    if epoch is None or epoch == current:
        return
    acked = select(col(Replica.acked_through)).where(col(Replica.client_id) == principal.client_id)
    recover = {
        "from": _shared_heads(session, principal, epoch),
        "acked_through": session.execute(acked).scalar_one_or_none() or 0,
    }
    raise EpochChanged(current={"epoch": current, "recover": recover})


def _shared_heads(session: Session, principal: Principal, epoch: str) -> dict[str, int]:
    """Per visible scope, how much of its log the lineage of `epoch` shares with the present one."""
    ended = _ended_since(lineage(session), epoch)
    if not ended:
        return {}
    rows = session.execute(
        select(col(EpochHead.scope), func.min(col(EpochHead.seq)))
        .where(col(EpochHead.epoch).in_(ended), visible(principal, col(EpochHead.scope)))
        .group_by(col(EpochHead.scope))
        .having(func.count() == len(ended))
    )
    return dict(map(tuple, rows))


def _ended_since(lineage: list[str], epoch: str) -> list[str]:
    """The ended epochs from `epoch` up to the present one; empty when the present lineage does not come from it."""
    return lineage[1 : lineage.index(epoch) + 1] if epoch in lineage else []


def lineage(session: Session) -> list[str]:
    """The active epoch, the one it goes on from, and so on."""
    rows = session.execute(select(col(SyncEpoch.epoch), col(SyncEpoch.parent), col(SyncEpoch.active))).all()
    parents = {epoch: parent for epoch, parent, _ in rows}
    found: list[str] = []
    at = next((epoch for epoch, _, active in rows if active), None)
    while at is not None:
        found.append(at)
        at = parents.get(at)
    return found


def shared_ver(session: Session, lineage: list[str], record_id: str, epoch: str | None) -> int | None:
    """The last version of a record that a client can have seen in the lineage of `epoch`; None: no limit.

    `epoch` None: it was not said which lineage, so the oldest counts. One that is not known here has seen nothing.
    """
    if len(lineage) == 1 or epoch == lineage[0]:
        return None
    ended = lineage[1:] if epoch is None else _ended_since(lineage, epoch)
    return min((_ver_at_end(session, record_id, one) for one in ended), default=0)


def _ver_at_end(session: Session, record_id: str, epoch: str) -> int:
    """The version that a record had when a lineage ended; 0: none."""
    where = (col(LogEntry.record_id) == record_id, col(EpochHead.epoch) == epoch, col(LogEntry.seq) <= EpochHead.seq)
    join = col(EpochHead.scope) == col(LogEntry.scope)
    found: int | None = session.execute(
        select(func.max(col(LogEntry.ver))).join(EpochHead, join).where(*where)
    ).scalar_one()
    return found or 0
