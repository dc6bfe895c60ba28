"""Families of refresh tokens: the sessions that they keep open, and what closes one."""

import hashlib

from sqlmodel import Session, col, select, update

from auth.errors import RefreshInvalid
from auth.models import Client, RefreshToken


def alive(session: Session, family: str) -> bool:
    """Whether a session of an app was not closed: its access tokens end with it (RFC 7009 §2.1)."""
    still = select(RefreshToken.hash).where(RefreshToken.family == family, col(RefreshToken.revoked).is_(False))
    return session.exec(still).first() is not None


def close_family(session: Session, family: str) -> str:
    """Closes a session; returns the client whose it was, or nothing."""
    session.exec(update(RefreshToken).where(col(RefreshToken.family) == family).values(revoked=True))
    found = select(RefreshToken.client_id).where(RefreshToken.family == family)
    return session.exec(found).first() or ""


def family_of(session: Session, token: str) -> RefreshToken | None:
    """The link of a chain that a refresh token is."""
    return session.get(RefreshToken, digest(token))


def owner_of(session: Session, token: str) -> str:
    """The account whose refresh token this is. Raises RefreshInvalid."""
    row = session.get(RefreshToken, digest(token))
    if row is None:
        raise RefreshInvalid
    return row.account_id


def app_of(client: Client) -> str | None:
    """The app that a client is of; None for a device of one's own."""
    kind, _, rest = client.install_id.partition(".")
    return rest.partition(".")[0] if kind == "oauth" else None


def digest(token: str) -> str:
    """256 random bits need no slow hash."""
    return hashlib.sha256(token.encode()).hexdigest()
