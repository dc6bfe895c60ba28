"""Ways in beside a push: asking what became of ops, the last resort of a phone whose token is dead, and ops that a new
release of the service can read at last (protocol C.4, C.10)."""

from typing import Any

from sqlalchemy import func, select
from sqlmodel import Session, col

from auth.principal import Principal
from sync.append import random_salt, write
from sync.epoch import current_epoch
from sync.errors import BatchTooLarge, RescueLimit
from sync.followers import tell_followers
from sync.models import Op, OpWait
from sync.op import UUID, envelope
from sync.outcome import Known, Outcome
from sync.plan import OpRow, Plan
from sync.planner import Planner
from sync.push import MAX_OPS
from sync.types import Registry
from sync.upcast import need
from sync.world import DbWorld

MAX_IDS = 5000
DAY = 86_400_000
RESCUE_BYTES = 64 * 2**20  # of one client in a day


def reconcile(session: Session, principal: Principal, op_ids: list[str]) -> tuple[str, dict[str, Known]]:
    """The epoch, and what is known of those of `op_ids` that the caller's account made, on any device."""
    found = DbWorld(session).all_known(sorted({i for i in op_ids if UUID.fullmatch(i)}))
    return current_epoch(session), {k.op_id: k for k in found if k.actor == principal.account_id}


def rescue(
    session: Session, account_id: str, client_id: str, ops: list[Any], clock: dict[str, Any] | None, now: int
) -> list[Outcome]:
    """Keeps ops of a device that has proved its key and nothing else; each waits for a supervisor.

    The answer tells no more than that they are here. Raises BatchTooLarge, RescueLimit.
    """
    if len(ops) > MAX_OPS:
        raise BatchTooLarge(max_ops=MAX_OPS)
    _within_limit(session, client_id, now)
    envelopes = [envelope(raw, client_id, clock, now) for raw in ops]
    world = DbWorld(session)
    world.fetch_ops({e.op_id for e in envelopes})
    world.fetch_numbers(client_id, {e.dev_seq for e in envelopes if e.dev_seq})
    plan = Plan()
    outcomes = []
    taken: set[int] = set()
    for e in envelopes:
        known = world.known(e.op_id)
        outcome = Outcome.asks(e.op_id, e.dev_seq, None, "auth_stale")
        outcome.captured = e.captured
        if known is None and e.op_id not in plan.rows:
            free = e.dev_seq is not None and e.dev_seq not in taken and not world.is_numbered(client_id, e.dev_seq)
            taken |= {e.dev_seq} if free and e.dev_seq else set()
            who = (client_id, e.dev_seq if free else None, account_id)
            plan.rows[e.op_id] = OpRow(e.op_id, *who, e.digest, e.body, outcome, e.scope, e.tx)
        elif known is not None and known.digest != e.digest:
            outcome = Outcome(e.op_id, e.dev_seq, "rejected", "op_id_reuse")
            other = envelope([e.body], client_id)  # kept under an id of its own
            plan.rows.setdefault(
                other.op_id, OpRow(other.op_id, client_id, None, account_id, e.digest, e.body, outcome, e.scope, e.tx)
            )
        outcomes.append(outcome)
    stored = world.all_known(sorted(plan.rows))
    for known in stored:
        plan.rows.pop(known.op_id, None)
    write(session, plan, now, random_salt)
    return outcomes


def release_known(session: Session, registry: Registry, now: int) -> int:
    """Frees the ops that waited for a release that knows their schema; their authors hear of it. Returns how many."""
    waiting = session.scalars(select(col(OpWait.needs)).where(col(OpWait.needs).startswith("schema:")).distinct())
    known = {need(t.name, n) for t in registry.types.values() for n in range(2, t.schema + 1)}
    came = sorted(set(waiting) & known)
    if not came:
        return 0
    planner = Planner(DbWorld(session), registry)
    planner.draft.news += came
    planner.ledger.release(now)
    write(session, planner.plan, now, random_salt)
    tell_followers(session, registry, planner.plan, now)
    return len(planner.plan.released)


def _within_limit(session: Session, client_id: str, now: int) -> None:
    size = select(func.coalesce(func.sum(func.length(col(Op.body))), 0)).where(
        col(Op.client_id) == client_id, col(Op.status) == "held", col(Op.received_at) > now - DAY
    )
    if session.execute(size).scalar_one() > RESCUE_BYTES:
        raise RescueLimit(headers={"Retry-After": "3600"})
