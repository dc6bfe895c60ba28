"""Held ops as they are stored: who waits for what, and for whom else when that comes (protocol P27)."""

from collections.abc import Callable, Sequence
from typing import Any

import orjson
from sqlalchemy import func, literal, select
from sqlmodel import Session, col

from sync import bulk
from sync.capture import Captured
from sync.models import Op, OpWait
from sync.op import Envelope, OpFault, read
from sync.plan import Waiting

# What a stored op is read again from.
STORED: tuple[Any, ...] = tuple(
    col(c) for c in (Op.op_id, Op.client_id, Op.dev_seq, Op.actor, Op.digest, Op.salt, Op.body, Op.result)
)

_WAIT = bulk.table(OpWait).c
WAITED_FOR = select(_WAIT.op_id).where(bulk.among(_WAIT.needs, "needs")).limit(1)


def waiters(session: Session, needs: set[str]) -> dict[str, list[Waiting]]:
    """Need -> the held ops that wait for it, for `needs` and for everything that those ops would bring in turn."""
    if session.execute(WAITED_FOR, {"needs": sorted(needs)}).first() is None:  # as it nearly always is
        return {need: [] for need in needs}
    freed = select(col(OpWait.op_id)).where(bulk.among(col(OpWait.needs), needs)).cte("freed", recursive=True)
    brings = (literal("op:") + col(Op.op_id), literal("record:") + func.coalesce(col(Op.record_id), ""))
    freed = freed.union(
        select(col(OpWait.op_id)).select_from(freed).join(Op, col(Op.op_id) == freed.c.op_id).join(
            OpWait, col(OpWait.needs).in_(brings)
        )
    )  # fmt: skip
    rows = session.execute(
        select(col(OpWait.needs), *STORED)
        .join(Op, col(Op.op_id) == col(OpWait.op_id))
        .where(col(OpWait.op_id).in_(select(freed.c.op_id)))
    ).all()
    held: dict[str, Waiting | None] = {}
    found: dict[str, list[Waiting]] = {need: [] for need in needs}
    for need, *stored in rows:
        if stored[0] not in held:
            held[stored[0]] = reread(stored, lambda *_: True)
        waiting = held[stored[0]]
        if waiting is not None:
            waiting.needs.add(need)
            found.setdefault(need, []).append(waiting)
    for waiting in held.values():  # nobody else waits for what these bring
        for need in (f"op:{waiting.op.op_id}", f"record:{waiting.op.record_id}") if waiting else ():
            found.setdefault(need, [])
    return found


def reread(stored: Sequence[Any], signed: Callable[[str, bytes, str], bool]) -> Waiting | None:
    """An op out of the columns `STORED`; None where its body is gone or cannot be read as an op."""
    op_id, client_id, dev_seq, actor, digest, salt, body, result = stored
    if body is None:
        return None
    captured = orjson.loads(result).get("captured")
    envelope = Envelope(op_id, client_id, dev_seq, digest, body, orjson.loads(body))
    try:
        op = read(envelope.taken(Captured(*captured) if captured else None), actor, signed)
    except OpFault:
        return None
    return Waiting(op, set(), salt or b"")
