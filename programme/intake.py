"""A push, as the programme takes it: the engine's, with the catalogue in force marked on every new record."""

from typing import Any

from sqlmodel import Session

from auth.principal import Principal
from programme.catalogue import active_version
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
) -> Pushed:
    """See `sync.push.push`. A review covers the catalogue too, so a decision names the text it was made by."""
    fresh = {"catalogue": active_version(session)}
    return engine_push(session, registry, principal, ops, now, epoch=epoch, pending=pending, fresh=fresh)
