"""The desk of those who look after others' ops: what waits or was refused, and deciding on it (protocol P26, P56).

Nothing here happens by itself: an op that asks for a person is applied or refused on a person's word, and the outcome
that it had stays beside the one that it gets. Its author hears of it in `user:<account>`.
"""

from collections.abc import Callable, Sequence
from typing import Any

import orjson
from sqlalchemy import Boolean, Select, bindparam, func, literal_column, select, tuple_
from sqlmodel import Session, col

from auth.principal import Permission, Principal
from sync.append import random_salt, write
from sync.draft import May
from sync.errors import OpSettled, OpUnknown
from sync.followers import tell_followers
from sync.held import STORED, reread
from sync.ledger import told
from sync.models import OPEN as OPEN_ONLY
from sync.models import Op, PastOutcome
from sync.outcome import SEALED, Outcome
from sync.plan import Authority, Waiting
from sync.planner import Planner
from sync.types import Registry
from sync.visibility import supervised
from sync.world import DbWorld

OPEN = ("held", "rejected")
ASKING = frozenset({"actor_inactive", "auth_stale"})
NAMES = ("op_id", "client_id", "dev_seq", "actor", "scope", "tx", "received_at")
SHOWN: tuple[Any, ...] = tuple(col(getattr(Op, name)) for name in (*NAMES, "status", "result", "body"))


def listed(
    session: Session,
    principal: Principal,
    *,
    statuses: Sequence[str],
    scopes: Sequence[str] | None,
    after: tuple[int, str] | None,
    limit: int,
) -> list[dict[str, Any]]:
    """Ops in these statuses that the caller may look into, oldest first, after a place `(received_at, op_id)`."""
    query = in_order(principal)
    if scopes is not None:
        query = query.where(col(Op.scope).in_(scopes))
    if after:
        query = query.where(tuple_(col(Op.received_at), col(Op.op_id)) > tuple_(*after))
    rows = [r for s in set(statuses) for r in session.execute(query.limit(limit), {"status": s})]
    return [_shown(row) for row in sorted(rows, key=lambda r: (r.received_at, r.op_id))[:limit]]


def in_order(principal: Principal) -> Select[Any]:
    """Ops in `:status` that the caller may look into, oldest first: one status at a time, along the index `op_desk`."""
    order = (col(Op.received_at), col(Op.op_id))
    status: Any = bindparam("status")
    open_ones = literal_column(f"op.{OPEN_ONLY}", Boolean)  # in these words, so that the index may be used
    seen = supervised(principal, col(Op.scope), col(Op.actor))
    return select(*SHOWN).where(open_ones, col(Op.status) == status, seen).order_by(*order)


def open_in(session: Session, scope: str) -> int:
    """How many ops of a scope wait or were rejected; for an operator."""
    where = (col(Op.scope) == scope, col(Op.status).in_(OPEN))
    return int(session.scalar(select(func.count()).select_from(Op).where(*where)) or 0)


def one(session: Session, principal: Principal, op_id: str) -> dict[str, Any]:
    """An op with its body and every outcome that it had before, oldest first. Raises OpUnknown."""
    where = (col(Op.op_id) == op_id, supervised(principal, col(Op.scope), col(Op.actor)))
    row = session.execute(select(*SHOWN).where(*where)).one_or_none()
    if row is None:
        raise OpUnknown
    past = session.scalars(select(PastOutcome).where(col(PastOutcome.op_id) == op_id).order_by(col(PastOutcome.id)))
    history = [
        {"until": p.until, "by": p.by or None, "reason": p.reason or None, **_outcome(p.status, p.result)} for p in past
    ]
    return {**_shown(row), "history": history}


def _shown(row: Any) -> dict[str, Any]:
    """A sealed body is shown to nobody: neither to its author, who has it, nor to those who decide on it."""
    *rest, status, result, body = row
    outcome = _outcome(status, result)
    shown = orjson.loads(body) if body and outcome.get("code") not in SEALED else None
    return {**dict(zip(NAMES, rest, strict=True)), **outcome, "op": shown}


def _outcome(status: str, result: str) -> dict[str, Any]:
    found = orjson.loads(result)
    names = ("code", "params", "fields", "waiting_for")
    return {"status": status, **{name: found[name] for name in names if name in found}}


def replay(
    session: Session, registry: Registry, principal: Principal, op_id: str, now: int, authority: Authority, fresh: Any
) -> Outcome:
    """Applies an op that was rejected or waits as if it came now, by the rights that its author has now.

    Raises OpUnknown, NotPermitted, OpSettled.
    """

    def rights(held: Waiting) -> May:
        return Principal(held.op.actor, held.op.client_id, authority.grants_at(held.op.actor, now)).may

    return _decide(session, registry, principal, op_id, now, authority, fresh, rights=rights, late=True)


def accept(
    session: Session, registry: Registry, principal: Principal, op_id: str, now: int, authority: Authority, fresh: Any
) -> Outcome:
    """Applies an op that asks for a supervisor, on the word of `principal`.

    Raises OpUnknown, NotPermitted, OpSettled.
    """

    def word(permission: Permission, scope: str) -> bool:
        return principal.may(Permission.SUPERVISE if permission is Permission.CAPTURE else permission, scope)

    return _decide(
        session, registry, principal, op_id, now, authority, fresh, rights=lambda _held: word, late=False, only=ASKING
    )


def refuse(session: Session, registry: Registry, principal: Principal, op_id: str, reason: str, now: int) -> Outcome:
    """Rejects an op that is held, for a reason that its author is told. Raises OpUnknown, NotPermitted, OpSettled."""
    rows = [row for row in _group(session, principal, op_id, only=None) if row[8] == "held"]
    if not rows:
        raise OpSettled(status="rejected")
    planner = _planner(session, registry, rows, principal, reason, Authority(), None)
    found: dict[str, Outcome] = {}
    for row in rows:
        outcome = Outcome(row[0], row[2], "rejected", "refused", {"reason": reason}, record_id=row[9])
        planner.ledger.change(told(row, outcome), outcome, now)
        found[row[0]] = outcome
    planner.ledger.release(now)
    write(session, planner.plan, now, random_salt)
    tell_followers(session, registry, planner.plan, now)
    return found.get(op_id) or next(iter(found.values()))


def _decide(
    session: Session,
    registry: Registry,
    principal: Principal,
    op_id: str,
    now: int,
    authority: Authority,
    fresh: Any,
    *,
    rights: Callable[[Waiting], May],
    late: bool,
    only: frozenset[str] | None = None,
) -> Outcome:
    """Applies a stored op, and with it those of its `tx`."""
    rows = _group(session, principal, op_id, only=only)
    held = [w for w in (reread(row[:8], authority.signed) for row in rows) if w is not None]
    if len(held) != len(rows):
        raise OpSettled(status="rejected")
    planner = _planner(session, registry, rows, principal, "", authority, fresh)
    outcomes = planner.replay(held, rights(held[0]), now, late=late)
    write(session, planner.plan, now, random_salt)
    tell_followers(session, registry, planner.plan, now)
    for outcome in outcomes:
        state = planner.draft.record(outcome.record_id or "")
        readable = state is not None and principal.may(Permission.READ, state.scope)
        outcome.doc = outcome.doc if readable else None
    return next(outcome for outcome in outcomes if outcome.op_id == op_id)


def _group(session: Session, principal: Principal, op_id: str, *, only: frozenset[str] | None) -> list[Any]:
    """The rows of an op and of those that go with it, locked: `STORED`, then status, record id, scope, tx."""
    more = tuple(col(c) for c in (Op.status, Op.record_id, Op.scope, Op.tx))
    seen = supervised(principal, col(Op.scope), col(Op.actor))
    row = session.execute(select(*STORED, *more).where(col(Op.op_id) == op_id, seen).with_for_update()).one_or_none()
    if row is None:
        raise OpUnknown
    status, scope, tx = row[8], row[10], row[11]
    principal.require(Permission.SUPERVISE, scope or "*/")
    if status not in OPEN or (only is not None and orjson.loads(row[7]).get("code") not in only):
        raise OpSettled(status=status)
    if tx is None:
        return [row]
    mates = (col(Op.client_id) == row[1], col(Op.tx) == tx, col(Op.status).in_(OPEN))
    rows = session.execute(select(*STORED, *more).where(*mates).order_by(col(Op.op_id)).with_for_update()).all()
    for mate in rows:
        principal.require(Permission.SUPERVISE, mate[10] or "*/")
    return sorted(rows, key=lambda r: r[2] or 0)


def _planner(
    session: Session,
    registry: Registry,
    rows: list[Any],
    principal: Principal,
    reason: str,
    authority: Authority,
    fresh: Any,
) -> Planner:
    world = DbWorld(session)
    world.fetch_records({row[9] for row in rows if row[9]})
    planner = Planner(world, registry, fresh or {}, authority)
    planner.plan.by, planner.plan.reason = principal.account_id, reason
    return planner
