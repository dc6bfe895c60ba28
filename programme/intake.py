"""A push, as the programme takes it: the engine's, with the catalogue in force marked on every new record."""

from collections.abc import Callable
from typing import Any

from sqlmodel import Session

from auth.principal import Principal
from programme.catalogue import active_version
from sync.plan import Authority
from sync.push import Pushed
from sync.push import push as engine_push
from sync.types import Registry


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
    authority: Callable[[Session], Authority],
) -> Pushed:
    """See `sync.push.push`. A review covers the catalogue too, so a decision names the text it was made by."""
    more: dict[str, Any] = {"clock": clock, "fresh": fresh(session), "authority": authority}
    return engine_push(session, registry, principal, ops, now, epoch=epoch, pending=pending, **more)


def fresh(session: Session) -> dict[str, Any]:
    """What new records start with."""
    return {"catalogue": active_version(session)}
