"""Delegation: a holder of a role passes it on to a colleague for a period, never more than is held, never further on.

It ends with its period, when it is taken back, and when the one who gave it loses the role.
"""

from dataclasses import dataclass

from sqlmodel import Session, col, select

from auth.accounts import account_id_of, end, grant_of, in_force, not_ended
from auth.errors import AccountUnknown, DelegationInvalid, NotPermitted
from auth.models import Account, Membership
from auth.principal import EVERY_UNIT, Grant, Permission, Principal

DAY = 24 * 60 * 60 * 1000
LONGEST = 92 * DAY


@dataclass(frozen=True, slots=True)
class Delegation:
    """A role that `account_id` holds for somebody else, from `since` until `until` (ms)."""

    account_id: str
    username: str
    grant: Grant
    since: int
    until: int


@dataclass(frozen=True, slots=True)
class Period:
    """From `since` until before `until`, in ms."""

    since: int
    until: int


def delegate(session: Session, by: Principal, username: str, given: Grant, period: Period, now: int) -> Delegation:
    """Passes a role on. Giving it again moves its end.

    Raises NotPermitted for a role that `by` does not hold in its own right, or that administers; AccountUnknown for
    nobody of the same units; DelegationInvalid for a period that is over, empty, or longer than 92 days.
    """
    _require_own(session, by, given, now)
    account_id = account_id_of(session, username)
    account = session.get_one(Account, account_id)
    if account_id == by.account_id or not account.active or not _colleagues(session, by, account_id, now):
        raise AccountUnknown
    since, until = max(period.since, now), period.until
    if not since < until <= since + LONGEST:
        raise DelegationInvalid(days=LONGEST // DAY)
    take_back(session, by, account_id, given, now)
    row = Membership(
        account_id=account_id,
        unit=given.unit,
        role=given.role.value,
        year=given.year or 0,
        since=since,
        until=until,
        delegated_by=by.account_id,
    )
    row = session.merge(row)
    session.flush()
    return _view(row, account)


def delegations(session: Session, by: Principal, now: int) -> list[Delegation]:
    """What `by` has passed on and has not ended yet, by user name."""
    rows = session.exec(
        select(Membership, Account)
        .join(Account, col(Account.id) == Membership.account_id)
        .where(Membership.delegated_by == by.account_id, not_ended(now))
        .order_by(Account.username, Membership.unit, Membership.role)
    )
    return [_view(row, account) for row, account in rows]


def take_back(session: Session, by: Principal, account_id: str, given: Grant, now: int) -> None:
    """Ends what `by` has passed on; ending what is not there does nothing."""
    mine = (col(Membership.delegated_by) == by.account_id) & (col(Membership.account_id) == account_id)
    end(session, mine, given, now)


def _require_own(session: Session, by: Principal, given: Grant, now: int) -> None:
    """What was delegated to oneself is not passed on, and who administers is for administrators to say."""
    own = select(Membership).where(
        Membership.account_id == by.account_id, col(Membership.delegated_by).is_(None), in_force(now)
    )
    held = {grant_of(row) for row in session.exec(own)} & set(by.grants)  # not what waits for a second factor
    if given.gives(Permission.ADMINISTER) or not any(grant.covers(given) for grant in held):
        raise NotPermitted


def _colleagues(session: Session, by: Principal, account_id: str, now: int) -> bool:
    """Whether both work in a unit, or both for the province: nobody else can be found out by guessing names."""
    theirs = session.exec(select(Membership.unit).where(Membership.account_id == account_id, in_force(now))).all()
    mine = {grant.unit for grant in by.grants}
    return bool(mine & set(theirs)) or (EVERY_UNIT in mine and bool(theirs))


def _view(row: Membership, account: Account) -> Delegation:
    return Delegation(account.id, account.username, grant_of(row), row.since, row.until or 0)
