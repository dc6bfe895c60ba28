"""Saved views: filters of the queue under a name that their owner chose."""

from typing import Any

import orjson
from sqlmodel import Session, col, select

from auth.principal import Principal
from programme.errors import TooManyViews, ViewUnknown
from programme.models import SavedView

MOST = 50


def views(session: Session, principal: Principal) -> list[dict[str, Any]]:
    """The caller's views by name."""
    query = select(SavedView).where(SavedView.account_id == principal.account_id).order_by(col(SavedView.name))
    return [{"name": v.name, "filters": orjson.loads(v.filters), "at": v.at} for v in session.exec(query)]


def filters_of(session: Session, principal: Principal, name: str) -> dict[str, Any]:
    """Raises ViewUnknown."""
    held = session.get(SavedView, (principal.account_id, name))
    if held is None:
        raise ViewUnknown
    found: dict[str, Any] = orjson.loads(held.filters)
    return found


def save(session: Session, principal: Principal, name: str, filters: dict[str, Any], now: int) -> None:
    """Keeps filters under a name, in the place of those it had. Raises TooManyViews."""
    held = session.get(SavedView, (principal.account_id, name))
    if held is None and len(views(session, principal)) >= MOST:
        raise TooManyViews
    session.merge(SavedView(account_id=principal.account_id, name=name, filters=orjson.dumps(filters).decode(), at=now))
    session.flush()


def forget(session: Session, principal: Principal, name: str) -> None:
    """Raises ViewUnknown."""
    held = session.get(SavedView, (principal.account_id, name))
    if held is None:
        raise ViewUnknown
    session.delete(held)
    session.flush()
