"""A push: the ops of one client, in one transaction, with an answer for each (protocol C.4)."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import bindparam, select
from sqlmodel import Session

from auth.principal import Permission, Principal
from sync import bulk
from sync.append import Salt, random_salt, write
from sync.epoch import require_epoch
from sync.errors import BatchTooLarge, ReplicaForked
from sync.followers import tell_followers
from sync.models import Replica
from sync.op import envelope
from sync.outcome import Outcome
from sync.plan import Authority, Forked
from sync.planner import Planner
from sync.types import Registry
from sync.waiting import progress
from sync.world import DbWorld

MAX_OPS = 500
_REPLICA = bulk.table(Replica).c
LOCKED = select(_REPLICA.acked_through).where(_REPLICA.client_id == bindparam("client_id")).with_for_update()


@dataclass(slots=True)
class Pushed:
    """Outcomes in the order of the request; `acked_through` is the largest n with every dev_seq up to n durable.

    `digests`: SHA-256 of each op's canonical bytes, hex. `safe`: see `backups.safe_to_delete`.
    """

    epoch: str
    outcomes: list[Outcome]
    acked_through: int
    missing: list[int] = field(default_factory=list)
    digests: list[str] = field(default_factory=list)
    safe: dict[str, int] = field(default_factory=dict)


def push(
    session: Session,
    registry: Registry,
    principal: Principal,
    ops: list[Any],
    now: int,
    *,
    epoch: str | None = None,
    pending: int = 0,
    clock: dict[str, Any] | None = None,
    fresh: dict[str, Any] | None = None,
    authority: Callable[[Session], Authority] = lambda _session: Authority(),
    salt: Salt = random_salt,
) -> Pushed:
    """Applies `ops` (parsed JSON, any shape) for `principal`. Each gets an outcome and none blocks another.

    `clock`: the device's, as it sent this. `fresh`: server-owned values that new records start with, such as the
    catalogue in force. `authority`: what is known of people and devices beyond `principal`.

    Raises BatchTooLarge, EpochChanged, Restored, ReplicaForked; then nothing is stored.
    """
    if len(ops) > MAX_OPS:
        raise BatchTooLarge(max_ops=MAX_OPS)
    current = require_epoch(session, principal, epoch)
    before = _lock_replica(session, principal.client_id, now)
    world = DbWorld(session, principal.client_id)
    envelopes = [envelope(raw, principal.client_id, clock, now) for raw in ops]
    world.fetch(envelopes, principal.account_id, registry)
    planner = Planner(world, registry, fresh or {}, authority(session))
    try:
        answered = planner.batch(envelopes, principal, now)
    except Forked as error:
        raise ReplicaForked from error
    write(session, planner.plan, now, salt)
    tell_followers(session, registry, planner.plan, now)
    _attach_docs(answered, planner, principal)
    came = [row.dev_seq for row in planner.plan.rows.values() if row.dev_seq and row.client_id == principal.client_id]
    acked, missing, last = progress(session, before, principal.client_id, came)
    mark = {
        "client_id": principal.client_id,
        "acked_through": acked,
        "last_dev_seq": last,
        "pending": pending,
        "seen_at": now,
    }
    bulk.upsert(session, Replica, [mark])
    return Pushed(current, answered, acked, missing, [e.digest.hex() for e in envelopes])


def _lock_replica(session: Session, client_id: str, now: int) -> int:
    """How far the client had come. Its pushes follow each other, so a retry meets what the first try stored (P20)."""
    found: int | None = session.execute(LOCKED, {"client_id": client_id}).scalar_one_or_none()
    if found is None:
        start = {"client_id": client_id, "acked_through": 0, "last_dev_seq": 0, "pending": 0, "seen_at": now}
        bulk.insert(session, Replica, [start])
    return found or 0


def _attach_docs(outcomes: list[Outcome], planner: Planner, principal: Principal) -> None:
    """The record as it now is, where the caller may read it, once for each record: in its last result (P30)."""
    told: set[str] = set()
    for outcome in reversed(outcomes):
        outcome.doc, outcome.told_later = None, outcome.record_id in told
        if outcome.record_id is None or outcome.told_later:
            continue
        told.add(outcome.record_id)
        state = planner.draft.record(outcome.record_id)
        if state is not None and principal.may(Permission.READ, state.scope):
            changed = planner.plan.changed.get(state.id)
            outcome.doc = changed.docs[state.ver] if changed else planner.world.doc(state.id)
