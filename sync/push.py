"""Pushes: the ops of one client or of several, in one transaction, with an answer for each op (protocol C.4)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlmodel import Session

from auth.principal import Permission, Principal
from sync import bulk
from sync.append import Salt, random_salt, write
from sync.epoch import current_epoch, refuse_another
from sync.errors import BatchTooLarge, EpochChanged, ReplicaForked, SyncError
from sync.followers import tell_followers
from sync.models import Op, Replica
from sync.op import Envelope, envelope
from sync.outcome import Outcome
from sync.plan import Authority, Forked, Plan
from sync.planner import Planner
from sync.types import Registry
from sync.waiting import WINDOW, progress
from sync.world import DbWorld

MAX_OPS = 500
_REPLICA, _OP = bulk.table(Replica).c, bulk.table(Op).c
LOCKED = (
    select(_REPLICA.client_id, _REPLICA.acked_through, _REPLICA.last_dev_seq)
    .where(bulk.among(_REPLICA.client_id, "clients"))
    .order_by(_REPLICA.client_id)
    .with_for_update()
)
AHEAD = (
    select(_OP.client_id, _OP.dev_seq)
    .join(_REPLICA.client_id.table, _REPLICA.client_id == _OP.client_id)
    .where(
        bulk.among(_REPLICA.client_id, "clients"),
        _OP.dev_seq > _REPLICA.acked_through,
        _OP.dev_seq <= _REPLICA.acked_through + WINDOW,
    )
)


@dataclass(frozen=True, slots=True)
class Sent:
    """What one client sends at once: ops as parsed JSON, of any shape. `clock`: the device's, as it sent this."""

    principal: Principal
    ops: list[Any]
    epoch: str | None = None
    pending: int = 0
    clock: dict[str, Any] | None = None


@dataclass(slots=True)
class Pushed:
    """Outcomes in the order of the request; `acked_through` is the largest n with every dev_seq up to n durable.

    `at`: when it was taken. `digests`: SHA-256 of each op's canonical bytes, hex. `safe`: see
    `backups.safe_to_delete`.
    """

    epoch: str
    at: int
    outcomes: list[Outcome]
    acked_through: int
    missing: list[int] = field(default_factory=list)
    digests: list[str] = field(default_factory=list)
    safe: dict[str, int] = field(default_factory=dict)


class Mark(NamedTuple):
    """How far a client had come: without a hole, and at all."""

    acked: int
    last: int


def push_all(
    session: Session,
    registry: Registry,
    sent: Sequence[Sent],
    now: int,
    *,
    fresh: dict[str, Any] | None = None,
    authority: Callable[[Session], Authority] = lambda _session: Authority(),
    salt: Salt = random_salt,
) -> list[Pushed | SyncError]:
    """Applies what several clients send, as if one had come after the other.

    Each op gets an outcome and none blocks another. `fresh`: server-owned values that new records start with, such as
    the catalogue in force. `authority`: what is known of people and devices beyond the callers.

    BatchTooLarge and EpochChanged stand in the place of an answer. Raises Restored, and ReplicaForked for whichever of
    the clients it is; then nothing is stored.
    """
    current = current_epoch(session)
    refused = [_refusal(session, one, current) for one in sent]
    taken = [one for one, refusal in zip(sent, refused, strict=True) if refusal is None]
    answers = iter(_take(session, registry, taken, current, now, fresh or {}, authority, salt) if taken else ())
    return [refusal or next(answers) for refusal in refused]


def _refusal(session: Session, sent: Sent, current: str) -> SyncError | None:
    if len(sent.ops) > MAX_OPS:
        return BatchTooLarge(max_ops=MAX_OPS)
    try:
        refuse_another(session, sent.principal, sent.epoch, current)
    except EpochChanged as refusal:
        return refusal
    return None


def _take(
    session: Session,
    registry: Registry,
    sent: Sequence[Sent],
    epoch: str,
    now: int,
    fresh: dict[str, Any],
    authority: Callable[[Session], Authority],
    salt: Salt,
) -> list[Pushed]:
    marks = _lock_replicas(session, sorted({one.principal.client_id for one in sent}), now)
    batches = [(s.principal, [envelope(raw, s.principal.client_id, s.clock, now) for raw in s.ops]) for s in sent]
    world = DbWorld(session)
    world.fetch(batches, registry)
    ahead = _fetch_numbers(session, world, batches, marks)
    planner = Planner(world, registry, fresh, authority(session))
    try:
        outcomes = planner.finish([planner.take(envelopes, who, now) for who, envelopes in batches], now)
    except Forked as error:
        raise ReplicaForked from error
    write(session, planner.plan, now, salt)
    tell_followers(session, registry, planner.plan, now)
    came = _numbers_that_came(planner.plan)
    answers: list[Pushed] = []
    rows: dict[str, dict[str, Any]] = {}
    for one, (who, envelopes), found in zip(sent, batches, outcomes, strict=True):
        client = who.client_id
        _attach_docs(found, planner, who)
        acked, missing, last = _progress(session, client, marks[client], ahead.get(client), came.get(client, set()))
        answers.append(Pushed(epoch, now, found, acked, missing, [e.digest.hex() for e in envelopes]))
        rows[client] = _replica_row(client, acked, last, one.pending, now)
    bulk.upsert(session, Replica, list(rows.values()))
    return answers


def _lock_replicas(session: Session, clients: Sequence[str], now: int) -> dict[str, Mark]:
    """How far each had come. Pushes of a client follow each other, so a retry meets what the first try stored (P20)."""
    found = {client: Mark(*rest) for client, *rest in session.execute(LOCKED, {"clients": clients})}
    new = [client for client in clients if client not in found]
    bulk.insert(session, Replica, [_replica_row(client, 0, 0, 0, now) for client in new])
    return {**found, **dict.fromkeys(new, Mark(0, 0))}


def _replica_row(client_id: str, acked: int, last: int, pending: int, now: int) -> dict[str, Any]:
    return {
        "client_id": client_id,
        "acked_through": acked,
        "last_dev_seq": last,
        "pending": pending,
        "seen_at": now,
    }


def _fetch_numbers(
    session: Session, world: DbWorld, batches: Sequence[tuple[Principal, list[Envelope]]], marks: dict[str, Mark]
) -> dict[str, set[int]]:
    """Tells `world` which numbers of the batches are taken; per client those taken behind a hole, `WINDOW` ahead."""
    ahead: dict[str, set[int]] = {}
    for client_id, number in session.execute(AHEAD, {"clients": sorted(marks)}):
        ahead.setdefault(client_id, set()).add(number)
        world.numbered.add((client_id, number))
    for who, envelopes in batches:
        acked = marks[who.client_id].acked
        numbers = {e.dev_seq for e in envelopes if e.dev_seq}
        world.numbered |= {(who.client_id, n) for n in numbers if n <= acked}
        world.fetch_numbers(who.client_id, {n for n in numbers if n > acked + WINDOW})
    return ahead


def _numbers_that_came(plan: Plan) -> dict[str, set[int]]:
    found: dict[str, set[int]] = {}
    for row in plan.rows.values():
        if row.dev_seq:
            found.setdefault(row.client_id, set()).add(row.dev_seq)
    return found


def _progress(
    session: Session, client_id: str, mark: Mark, ahead: set[int] | None, came: set[int]
) -> tuple[int, list[int], int]:
    """See `waiting.progress`; a client that lacks nothing and goes on where it was is not looked up."""
    end = mark.acked + len(came)
    if not ahead and mark.last <= mark.acked and max(came, default=end) == end:
        return end, [], end
    return progress(session, mark.acked, client_id, came)


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
