"""The one visibility predicate: every way out of the service asks here (trust §2.1 API1)."""

from sqlalchemy import ColumnElement, or_, true
from sqlalchemy.orm import Mapped

from auth.principal import EVERY_UNIT, Permission, Principal
from sync import canonical

# Raised when a release shows more of records than it did, though nobody changed them (protocol P12, P61): every scope
# is then read anew.
PROJECTION = "1"


def visible(principal: Principal, scope: Mapped[str]) -> ColumnElement[bool]:
    """SQL twin of `principal.may(READ, scope)`, for a column that holds a scope."""
    units = principal.units(Permission.READ)
    parts: list[ColumnElement[bool]] = [scope == principal.own_scope, _prefix(scope, "programme")]
    if EVERY_UNIT in units:
        parts.append(~scope.startswith("user:", autoescape=True))
    else:
        parts += [_prefix(scope, unit) for unit in sorted(units)]
    return or_(*parts) if parts else ~true()


def view(principal: Principal, scope: str) -> str:
    """Through which eyes the caller sees the records of a scope; where it changes, they are sent again (P12)."""
    rights = ",".join(sorted(p.value for p in Permission if principal.may(p, scope)))
    return canonical.sha256(f"{PROJECTION} {rights}".encode())[:4].hex()


def _prefix(scope: Mapped[str], unit: str) -> ColumnElement[bool]:
    """`unit/…` as a range, which an index on `scope` serves; `0` is the character after `/`."""
    return (scope >= f"{unit}/") & (scope < f"{unit}0")
