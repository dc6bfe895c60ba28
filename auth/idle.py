"""Accounts that nobody uses are switched off (QCVN 12:2026/BCA 3.7.2; docs/adr/0010)."""

from sqlmodel import Session, col, func, select

from auth.accounts import in_force
from auth.models import Account, Membership, RefreshToken
from auth.principal import GUARDED

DAY = 24 * 60 * 60 * 1000


def switch_off_idle(session: Session, days: int, now: int) -> list[str]:
    """Switches off active accounts without a sign-in or refresh for `days`; returns their ids.

    A phone in the field is offline, not idle: while its session could still be refreshed, its account stays, unless
    that holds a role which administers, decides or audits.
    """
    last = func.coalesce(col(Account.seen_at), col(Account.created_at))
    found = session.exec(select(Account).where(col(Account.active), last <= now - days * DAY)).all()
    ids = [account.id for account in found]
    guarded = select(col(Membership.account_id)).where(
        col(Membership.account_id).in_(ids), col(Membership.role).in_(sorted(GUARDED)), in_force(now)
    )
    away = select(col(RefreshToken.account_id)).where(
        col(RefreshToken.account_id).in_(ids),
        col(RefreshToken.revoked).is_(False),
        col(RefreshToken.used_at).is_(None),
        col(RefreshToken.expires_at) > now,
    )
    kept = set(session.exec(away).all()) - set(session.exec(guarded).all())
    for account in found:
        if account.id not in kept:
            account.active, account.off_because = False, "idle"
    session.flush()
    return [account.id for account in found if not account.active]
