"""What has not arrived yet: ops that a device says it holds, and holes in the numbers of those that came (D14)."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import bindparam, func, or_, select
from sqlmodel import Session, col

from sync import bulk
from sync.models import Op, Replica

WINDOW = 1000
NAMED = 100
_OP = bulk.table(Op).c
_MINE = _OP.client_id == bindparam("client_id")
AHEAD = select(_OP.dev_seq).where(_MINE, _OP.dev_seq > bindparam("acked")).order_by(_OP.dev_seq).limit(WINDOW)
LAST = select(func.max(_OP.dev_seq)).where(_MINE)


@dataclass(frozen=True, slots=True)
class Outstanding:
    """What a client had sent, and said to hold, when it was last here (`seen_at`, ms).

    `missing`: numbers below `last_dev_seq` that never came, the first `NAMED` of them.
    """

    client_id: str
    last_dev_seq: int
    pending: int
    missing: list[int]
    seen_at: int


def owing(session: Session, scope: str) -> list[Outstanding]:
    """Clients that wrote in `scope` before and from which something is still to come, the latest here first."""
    behind = or_(col(Replica.pending) > 0, col(Replica.acked_through) < col(Replica.last_dev_seq))
    wrote = select(col(Op.op_id)).where(col(Op.client_id) == col(Replica.client_id), col(Op.scope) == scope).exists()
    found = session.scalars(select(Replica).where(behind, wrote).order_by(col(Replica.seen_at).desc()))
    return [_told(session, replica) for replica in found]


def outstanding(session: Session, client_ids: Sequence[str]) -> dict[str, Outstanding]:
    """By client; one that has never pushed is left out."""
    replicas = session.scalars(select(Replica).where(col(Replica.client_id).in_(client_ids)))
    return {replica.client_id: _told(session, replica) for replica in replicas}


def progress(session: Session, acked: int, client_id: str, came: Collection[int] = ()) -> tuple[int, list[int], int]:
    """How far the client's ops are durable without a hole, which of the next ones are missing, and the last (D14).

    `came`: numbers that are known to be here. Behind a hole this looks `WINDOW` ops ahead and no further: a client may
    have sent very many since.
    """
    for number in sorted(came):
        acked += number == acked + 1
    later = list(session.execute(AHEAD, {"client_id": client_id, "acked": acked}).scalars())
    while later and later[0] == acked + 1:
        acked = later.pop(0)
    if not later:
        return acked, [], acked
    here = set(later)
    missing = [n for n in range(acked + 1, min(later[-1], acked + WINDOW)) if n not in here]
    last: int = session.execute(LAST, {"client_id": client_id}).scalar_one()
    return acked, missing[:NAMED], last


def _told(session: Session, replica: Replica) -> Outstanding:
    client, acked, last = replica.client_id, replica.acked_through, replica.last_dev_seq
    missing = progress(session, acked, client)[1] if acked < last else []
    return Outstanding(client, last, replica.pending, missing, replica.seen_at)
