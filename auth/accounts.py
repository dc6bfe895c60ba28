"""Accounts and their roles. Every function that changes something is told who asks (`by`) and checks it.

An administrator reaches an account when it holds no role outside the units he administers: otherwise a unit's
administrator could let himself in as a reviewer of the province.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from sqlalchemy import BindParameter, ColumnElement
from sqlmodel import Session, col, or_, select

from auth.errors import AccountExists, AccountUnknown, NotPermitted
from auth.external_models import Identity
from auth.models import Account, Membership, SecondFactor
from auth.principal import EVERY_UNIT, Grant, Permission, Principal, Role

USERNAME = r"[A-Za-z0-9][A-Za-z0-9._@-]{1,63}"
# Who runs commands on the server itself.
OPERATOR = Principal("operator", "operator", (Grant(EVERY_UNIT, Role.ADMINISTRATOR),))


@dataclass(frozen=True, slots=True)
class AccountView:
    """An account as administrators see it; `grants` are those in force. `tied_to`: the provider that knows its person
    too, since `tied_at`; `second_factor`: whether one is confirmed."""

    id: str
    username: str
    name: str
    active: bool
    off_because: str | None
    created_at: int
    seen_at: int | None
    second_factor: bool
    tied_to: str | None
    tied_at: int | None
    grants: tuple[Grant, ...]


def create_account(
    session: Session,
    by: Principal,
    username: str,
    name: str,
    now: int,
    *,
    grants: tuple[Grant, ...] = (),
    password_hash: str | None = None,
) -> AccountView:
    """Raises AccountExists; NotPermitted unless `by` administers every unit of `grants` (no grants: every unit)."""
    _require_all(by, {g.unit for g in grants})
    username = username.lower()
    if session.exec(select(Account.id).where(Account.username == username)).first():
        raise AccountExists(username=username)
    account = Account(id=str(uuid4()), username=username, name=name, created_at=now)
    if password_hash is not None:
        account.password_hash, account.password_at, account.password_given = password_hash, now, True
    session.add(account)
    session.flush()
    for given in sorted(set(grants), key=_order):
        session.add(_membership(account.id, given, now))
    session.flush()
    return view(session, account.id, now)


def grant(session: Session, by: Principal, account_id: str, given: Grant, now: int) -> AccountView:
    """Gives a role in a unit; giving it twice changes nothing. Raises AccountUnknown, NotPermitted."""
    administered(session, by, account_id, now)
    _require_all(by, {given.unit})
    if given not in _grants(session, [account_id], now)[account_id]:
        row = _membership(account_id, given, now)
        session.merge(row)
        session.flush()
        _tell(session, account_id)
    return view(session, account_id, now)


def revoke_grant(session: Session, by: Principal, account_id: str, given: Grant, now: int) -> AccountView:
    """Ends a role at `now`, also for those to whom its holder has delegated it; ending what is not held does nothing.

    Raises AccountUnknown, NotPermitted.
    """
    administered(session, by, account_id, now)
    of = (col(Membership.account_id) == account_id) | (col(Membership.delegated_by) == account_id)
    end(session, of, given, now)
    return view(session, account_id, now)


def end(session: Session, of: ColumnElement[bool], given: Grant, now: int) -> None:
    """Ends `given` at `now` in the memberships that `of` chooses."""
    same = (Membership.unit == given.unit, Membership.role == given.role.value, Membership.year == (given.year or 0))
    for row in session.exec(select(Membership).where(of, *same, not_ended(now))):
        row.until = now
        _tell(session, row.account_id)
    session.flush()


def set_active(session: Session, by: Principal, account_id: str, active: bool, now: int) -> None:
    """Switches an account on or off; off holds from the next request. Raises AccountUnknown, NotPermitted."""
    account = administered(session, by, account_id, now)
    account.active, account.off_because = active, None if active else "administrator"
    account.seen_at = now if active else account.seen_at  # a new start for the clock of idle accounts


def administered(session: Session, by: Principal, account_id: str, now: int) -> Account:
    """The account, for changing it. Raises AccountUnknown when `by` may not see it, NotPermitted when only in part."""
    account = session.get(Account, account_id)
    if account is None:
        raise AccountUnknown
    units = set(session.exec(select(Membership.unit).where(Membership.account_id == account_id, not_ended(now))))
    reach = by.units(Permission.ADMINISTER)
    if EVERY_UNIT not in reach and reach.isdisjoint(units):
        raise AccountUnknown
    _require_all(by, units)
    return account


def view(session: Session, account_id: str, now: int) -> AccountView:
    """Raises AccountUnknown. Asks for no permission: for oneself, and for what the caller has just changed."""
    account = session.get(Account, account_id)
    if account is None:
        raise AccountUnknown
    return _views(session, [account], now)[0]


def account_id_of(session: Session, username: str) -> str:
    """Raises AccountUnknown."""
    found = session.exec(select(Account.id).where(Account.username == username.lower())).first()
    if found is None:
        raise AccountUnknown
    return found


def readers(session: Session, usernames: Collection[str], scope: str, now: int) -> set[str]:
    """Those of `usernames` whose account is on and may read `scope` now."""
    query = select(Account.username, Membership).join(Membership, col(Membership.account_id) == col(Account.id))
    rows = session.exec(query.where(col(Account.username).in_(usernames), col(Account.active), in_force(now)))
    unit, _, year = scope.partition("/")
    held = ((username, grant_of(row)) for username, row in rows)
    return {username for username, grant in held if grant.gives(Permission.READ) and grant.reaches(unit, year)}


def list_accounts(session: Session, by: Principal, now: int, after: str = "", limit: int = 100) -> list[AccountView]:
    """Accounts with a role in a unit that `by` administers, by user name. Raises NotPermitted."""
    reach = by.units(Permission.ADMINISTER)
    if not reach:
        raise NotPermitted
    found = select(Account).where(Account.username > after).order_by(Account.username).limit(limit)
    if EVERY_UNIT not in reach:
        members = select(Membership.account_id).where(col(Membership.unit).in_(reach), in_force(now))
        found = found.where(col(Account.id).in_(members))
    return _views(session, session.exec(found).all(), now)


def _tell(session: Session, account_id: str) -> None:
    """The account's phones hear, at the commit, that there is something to pull."""
    session.info.setdefault("touched", set()).add(f"user:{account_id}")


def grants_at(session: Session, account_id: str, at: int) -> tuple[Grant, ...]:
    """What an account was granted at a time, ms since 1970; for the service itself."""
    return _grants(session, [account_id], at)[account_id]


def _views(session: Session, accounts: Sequence[Account], now: int) -> list[AccountView]:
    ids = [account.id for account in accounts]
    grants = _grants(session, ids, now)
    tied = {tie.account_id: tie for tie in session.exec(select(Identity).where(col(Identity.account_id).in_(ids)))}
    confirmed = col(SecondFactor.account_id).in_(ids), col(SecondFactor.confirmed_at).is_not(None)
    strong = set(session.exec(select(SecondFactor.account_id).where(*confirmed)))
    return [
        AccountView(
            one.id, one.username, one.name, one.active, one.off_because, one.created_at, one.seen_at,
            one.id in strong, tied[one.id].issuer if one.id in tied else None,
            tied[one.id].linked_at if one.id in tied else None, grants[one.id],
        )
        for one in accounts
    ]  # fmt: skip


def _membership(account_id: str, given: Grant, since: int) -> Membership:
    return Membership(account_id=account_id, unit=given.unit, role=given.role.value, year=given.year or 0, since=since)


def _grants(session: Session, account_ids: list[str], now: int) -> dict[str, tuple[Grant, ...]]:
    rows = session.exec(select(Membership).where(col(Membership.account_id).in_(account_ids), in_force(now)))
    held: dict[str, list[Grant]] = {account_id: [] for account_id in account_ids}
    for row in rows:
        held[row.account_id].append(grant_of(row))
    return {account_id: tuple(sorted(grants, key=_order)) for account_id, grants in held.items()}


def grant_of(row: Any) -> Grant:
    """The grant that a membership is."""
    return Grant(row.unit, Role(row.role), row.year or None)


def not_ended(now: int | BindParameter[int], of: Any = Membership) -> ColumnElement[bool]:
    """Memberships that hold at `now` or will; `of`: the model, or the columns of its table."""
    return or_(col(of.until).is_(None), col(of.until) > now)


def in_force(now: int | BindParameter[int], of: Any = Membership) -> ColumnElement[bool]:
    """Memberships that hold at `now`."""
    return (col(of.since) <= now) & not_ended(now, of)


def _order(given: Grant) -> tuple[str, str, int]:
    return given.unit, given.role.value, given.year or 0


def _require_all(by: Principal, units: set[str]) -> None:
    """Raises NotPermitted unless `by` administers each of `units`; what belongs to no unit belongs to the province."""
    for unit in units or {EVERY_UNIT}:
        by.require(Permission.ADMINISTER, f"{unit}/")
