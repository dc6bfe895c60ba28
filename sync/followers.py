"""Tables that follow the records, beside the engine's own: told in the transaction that writes."""

from sqlmodel import Session

from sync.plan import Plan
from sync.types import Registry, Written


def tell_followers(session: Session, registry: Registry, plan: Plan, now: int) -> None:
    """Lets the tables that follow the records come after, before the commit."""
    found = []
    for changed in plan.changed.values():
        state, (shown, digest) = changed.state, changed.shown[changed.state.ver]
        place = (state.id, state.type, state.scope, shown, state.ver, digest)
        found.append(Written(*place, state.deleted, state.data, state.server))
    for follow in registry.followers if found else ():
        follow(session, found, now)
