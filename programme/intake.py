"""Pushes, as the programme takes them: the engine's, with the catalogue in force marked on every new record."""

from collections.abc import Callable, Sequence
from typing import Any

from sqlmodel import Session

from programme.catalogue import active_version
from sync import push
from sync.errors import SyncError
from sync.plan import Authority
from sync.push import Pushed, Sent
from sync.types import Registry


def push_all(
    session: Session,
    registry: Registry,
    sent: Sequence[Sent],
    now: int,
    *,
    authority: Callable[[Session], Authority],
) -> list[Pushed | SyncError]:
    """See `sync.push.push_all`. A review covers the catalogue too, so a decision names the text it was made by."""
    return push.push_all(session, registry, sent, now, fresh=fresh(session), authority=authority)


def fresh(session: Session) -> dict[str, Any]:
    """What new records start with."""
    return {"catalogue": active_version(session)}
