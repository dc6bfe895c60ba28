"""The password that a person chooses: when it has to be a new one, and which it may not be (QCVN 12:2026/BCA 3.7.2).

What somebody else chose counts for nothing but choosing one's own. Roles that administer, decide, audit or protect
choose anew every two months; an account without a password is reached through its devices and chooses none.
"""

from sqlmodel import Session, col, delete, select, update
from sqlmodel.sql.expression import SelectOfScalar

from auth.accounts import administered, in_force
from auth.errors import PasswordDue, PasswordUsed
from auth.models import Account, Membership, OldPassword, RefreshToken
from auth.passwords import password_matches
from auth.principal import GUARDED, Principal

OLDEST = 61 * 24 * 60 * 60 * 1000
REMEMBERED = 10


def give(session: Session, by: Principal, account_id: str, stored: str, now: int) -> None:
    """An administrator's password for somebody, who has to choose another. Raises AccountUnknown, NotPermitted."""
    _replace(session, administered(session, by, account_id, now), stored, now, given=True)


def choose(session: Session, account_id: str, stored: str, now: int) -> None:
    """One's own, whose new one was compared with those before (`refuse_used`)."""
    _replace(session, session.get_one(Account, account_id), stored, now, given=False)


def remembered(session: Session, account_id: str) -> list[str]:
    """The password in force and those before it, as stored: none of them is chosen again."""
    account = session.get_one(Account, account_id)
    return [account.password_hash or "", *session.exec(_old(account_id))]


def refuse_used(password: str, stored: list[str]) -> None:
    """Slow, so outside any transaction. Raises PasswordUsed."""
    if any(password_matches(one, password) for one in stored):
        raise PasswordUsed(last=REMEMBERED)


def refuse_given(session: Session, account_id: str) -> None:
    """Raises PasswordDue where somebody else has chosen the password."""
    if session.get_one(Account, account_id).password_given:
        raise PasswordDue


def refuse_old(session: Session, account_id: str, now: int) -> None:
    """Raises PasswordDue for a guarded role whose password has served its time."""
    account = session.get_one(Account, account_id)
    if account.password_hash is None or (account.password_at or 0) > now - OLDEST:
        return
    guarded = (Membership.account_id == account_id, col(Membership.role).in_(sorted(GUARDED)), in_force(now))
    if session.exec(select(Membership.role).where(*guarded).limit(1)).first() is not None:
        raise PasswordDue


def _replace(session: Session, account: Account, stored: str, now: int, *, given: bool) -> None:
    """Closes every session of the account (ASVS 7.4.3); what waits on its devices stays there."""
    if account.password_hash is not None:
        since = account.password_at or account.created_at
        session.add(OldPassword(account_id=account.id, hash=account.password_hash, set_at=since))
        session.flush()
        kept = session.exec(_old(account.id)).all()
        mine = col(OldPassword.account_id) == account.id
        session.exec(delete(OldPassword).where(mine, col(OldPassword.hash).not_in(kept)))
    account.password_hash, account.password_at, account.password_given = stored, now, given
    session.exec(update(RefreshToken).where(col(RefreshToken.account_id) == account.id).values(revoked=True))
    session.flush()


def _old(account_id: str) -> SelectOfScalar[str]:
    """Those before the one in force that still count, the newest first."""
    mine = OldPassword.account_id == account_id
    return select(OldPassword.hash).where(mine).order_by(col(OldPassword.set_at).desc()).limit(REMEMBERED - 1)
