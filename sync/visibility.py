"""The one visibility predicate: every way out of the service asks here (trust §2.1 API1)."""

from functools import lru_cache
from typing import Any

from sqlalchemy import BindParameter, Column, ColumnElement, bindparam, false, or_, true
from sqlalchemy.orm import Mapped

from auth.principal import EVERY_UNIT, RESTRICTED, Permission, Principal
from sync import canonical

# Raised when a release shows more of records than it did, though nobody changed them (protocol P12, P61): every scope
# is then read anew.
PROJECTION = "1"
KINDS = ("user:", RESTRICTED)  # of scopes that no unit has


def visible(principal: Principal, scope: Mapped[str] | Column[Any]) -> ColumnElement[bool]:
    """SQL twin of `principal.may(READ, scope)`, for a column that holds a scope."""
    own: BindParameter[str] = bindparam(
        "own", principal.own_scope
    )  # by name, for a statement that many may use (`service/outset.py`)
    parts: list[ColumnElement[bool]] = [scope == own, _prefix(scope, "programme")]
    parts += [_reached(scope, *place) for place in sorted(principal.reach(Permission.READ), key=str)]
    parts += [_reached(scope, *place, RESTRICTED) for place in sorted(principal.reach(Permission.PROTECT), key=str)]
    return or_(*parts)


def permitted(principal: Principal, permission: Permission, scope: Mapped[str]) -> ColumnElement[bool]:
    """SQL twin of `principal.may(permission, scope)` for a permission that nobody has in one's own scope."""
    return or_(false(), *(_reached(scope, *place) for place in sorted(principal.reach(permission), key=str)))


def _reached(scope: Mapped[Any] | Column[Any], unit: str, year: int | None, kind: str = "") -> ColumnElement[bool]:
    """The scopes of a unit, or of all of them, in a year, or in all; plain ones, or those of a `kind`."""
    if unit != EVERY_UNIT:
        return _prefix(scope, kind + unit) if year is None else scope == f"{kind}{unit}/{year}"
    alike = scope.startswith(kind, autoescape=True) if kind else ~or_(*(scope.startswith(k) for k in KINDS))
    return alike if year is None else alike & scope.endswith(f"/{year}")


@lru_cache(4096)  # the same devices and scopes, again and again
def view(principal: Principal, scope: str) -> str:
    """Through which eyes the caller sees the records of a scope; where it changes, they are sent again (P12)."""
    rights = ",".join(sorted(p.value for p in Permission if principal.may(p, scope)))
    return canonical.sha256(f"{PROJECTION} {rights}".encode())[:4].hex()


def _prefix(scope: Mapped[Any] | Column[Any], unit: str) -> ColumnElement[bool]:
    """`unit/…` as a range, which an index on `scope` serves; `0` is the character after `/`."""
    return (scope >= f"{unit}/") & (scope < f"{unit}0")


def supervised(principal: Principal, scope: Mapped[str | None], actor: Mapped[str]) -> ColumnElement[bool]:
    """Ops that the caller may look into: one's own, and those of scopes that one supervises.

    An op that names no scope is for those who supervise every unit.
    """
    places = sorted(principal.reach(Permission.SUPERVISE), key=str)
    if (EVERY_UNIT, None) in places:
        return true()
    return or_(actor == principal.account_id, *(_reached(scope, *place) for place in places))
