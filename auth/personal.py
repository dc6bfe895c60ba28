"""What is kept about an account: for its holder, who may ask for all of it (Law 91/2025/QH15, domain L21)."""

from typing import Any

from sqlmodel import Session, col, delete, select, update

from auth.accounts import in_force, not_ended
from auth.app_models import AuthorizationCode, Consent, DeviceGrant
from auth.errors import AccountUnknown
from auth.external import identity_of
from auth.external_models import ExternalSignIn, Identity
from auth.models import (
    Account,
    AuditEntry,
    Client,
    Enrolment,
    Membership,
    OldPassword,
    RecoveryCode,
    RefreshToken,
    SecondFactor,
)
from auth.principal import Role

SECRET = {"password_hash", "public_key"}  # of no use to anybody but a thief
KEYS_OF_A_PERSON = (
    Identity, ExternalSignIn, SecondFactor, RecoveryCode, OldPassword, Enrolment, Consent, AuthorizationCode,
    DeviceGrant,
)  # fmt: skip
TRAIL = 10_000  # the newest entries of the trail that are told


def held(session: Session, account_id: str) -> dict[str, Any]:
    """The account, its roles with those that ended, its devices, and the trail of what it did and was done to it.

    Times are ms since 1970 UTC. Raises AccountUnknown.
    """
    account = session.get(Account, account_id)
    if account is None:
        raise AccountUnknown
    roles = session.exec(select(Membership).where(Membership.account_id == account_id).order_by(col(Membership.since)))
    clients = session.exec(select(Client).where(Client.account_id == account_id).order_by(col(Client.created_at)))
    identity = identity_of(session, account_id)
    about = (col(AuditEntry.actor) == account_id) | (col(AuditEntry.subject) == account_id)
    trail = session.exec(select(AuditEntry).where(about).order_by(col(AuditEntry.seq).desc()).limit(TRAIL))
    return {
        "account": account.model_dump(exclude=SECRET),
        "roles": [role.model_dump() for role in roles],
        "identity": identity.model_dump() if identity else None,
        "devices": [client.model_dump(exclude=SECRET) for client in clients],
        "trail": [entry.model_dump(include={"seq", "at", "act", "client", "source", "subject"}) for entry in trail],
    }


def holders(session: Session, role: Role, now: int) -> list[str]:
    """Accounts that hold a role in every unit at `now`."""
    where = (Membership.role == role.value, Membership.unit == "*", in_force(now))
    return sorted(set(session.exec(select(Membership.account_id).where(*where))))


def owner(session: Session, client_id: str) -> tuple[str, int | None] | None:
    """The account of a client, and when it was revoked (ms); None for no client."""
    found = session.get(Client, client_id)
    return (found.account_id, found.revoked_at) if found else None


def forget(session: Session, account_id: str, now: int) -> None:
    """Erases who the person of an account is, for good; its id stays, which logs and receipts name, and says nothing.

    Its roles end and its devices are retired; what waits on them is rescued, as of any account that is off.
    """
    account = session.get_one(Account, account_id)
    account.username, account.name, account.password_hash = f"erased-{account_id}", "", None
    account.active, account.off_because = False, "erased"
    mine = {"account_id": account_id}
    for role in session.exec(select(Membership).filter_by(**mine).where(not_ended(now))):
        role.until = now
    for client in session.exec(select(Client).filter_by(**mine)):
        client.name, client.install_id = "", f"erased-{client.id}"
        client.revoked_at, client.revoked_as = client.revoked_at or now, client.revoked_as or "retired"
    session.exec(update(RefreshToken).filter_by(**mine).values(revoked=True))
    for table in KEYS_OF_A_PERSON:
        session.exec(delete(table).filter_by(**mine))
    session.flush()
