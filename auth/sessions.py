"""Sessions: signing in, refreshing, signing out, and who the bearer of a token is.

A refresh token is replaced at each use. Its successor is computed from it, not drawn: a phone that lost the answer
asks again and gets the very same one. The old token counts until the new one is used; after that, two parties hold
the session, and it is closed (RFC 9700 §4.14.2, with the retry that a weak network needs).
"""

import hashlib
import hmac
import secrets
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from uuid import uuid4

from argon2 import PasswordHasher
from sqlmodel import Session, col, delete, select, update

from auth.accounts import in_force
from auth.clients import Install, client_of, refuse_revoked
from auth.errors import AccountInactive, CredentialsInvalid, RefreshInvalid, RefreshReused, TokenInvalid
from auth.models import Account, Client, Enrolment, Membership, RefreshToken
from auth.passwords import OWASP, password_matches
from auth.principal import Grant, Principal
from auth.tokens import Claims

HOUR = 60 * 60 * 1000
REFRESH_LIFETIME = 90 * 24 * HOUR
RETRY_WINDOW = 24 * HOUR


@dataclass(frozen=True, slots=True)
class ClientSession:
    """What a client holds after signing in: who it is, and the token that gets it the next access token."""

    account_id: str
    client_id: str
    refresh_token: str
    refresh_expires_at: int


@dataclass(frozen=True, slots=True)
class Login:
    """What is needed to check a password outside any transaction."""

    account_id: str
    password_hash: str | None


def find_login(session: Session, username: str) -> Login | None:
    """What is stored of this user name, in any case of letters."""
    found = session.exec(select(Account).where(Account.username == username.lower())).first()
    return Login(found.id, found.password_hash) if found else None


def check_login(login: Login | None, password: str, hasher: PasswordHasher = OWASP) -> str:
    """The account id. Slow on purpose, and as slow for an unknown name. Raises CredentialsInvalid."""
    if not password_matches(login.password_hash if login else None, password, hasher) or login is None:
        raise CredentialsInvalid
    return login.account_id


def sign_in(session: Session, account_id: str, install: Install, now: int) -> ClientSession:
    """A session for an account whose password was just checked. Raises AccountInactive, ClientRevoked."""
    account = session.get(Account, account_id)
    if account is None or not account.active:
        raise AccountInactive
    return open_session(session, client_of(session, account_id, install, now), now)


def open_session(session: Session, client: Client, now: int) -> ClientSession:
    """Begins a family of refresh tokens for a client that was let in."""
    token = secrets.token_urlsafe(32)
    return _store(session, token, str(uuid4()), client, now)


def refresh(session: Session, token: str, secret: bytes, now: int) -> ClientSession | RefreshReused:
    """The session with its next refresh token; asked again, the same one, while that one is unused (24 h at most).

    Returns RefreshReused instead of raising it, because the family that it closes must be committed.
    Raises RefreshInvalid, ClientRevoked, AccountInactive.
    """
    row = session.get(RefreshToken, _digest(token), with_for_update=True)
    if row is None:
        raise RefreshInvalid
    client = _admitted(session, row.client_id)
    if row.revoked or row.expires_at <= now:
        raise RefreshInvalid
    successor = _successor(secret, token)
    if row.used_at is None:
        row.used_at = now
        return _store(session, successor, row.family, client, now)
    heir = session.get(RefreshToken, _digest(successor))
    if heir is not None and heir.used_at is None and now <= row.used_at + RETRY_WINDOW:
        return ClientSession(client.account_id, client.id, successor, heir.expires_at)
    _close(session, row.family)
    return RefreshReused(client_id=client.id)


def sign_out(session: Session, token: str) -> None:
    """Closes the session of a refresh token; a token that is not known is as good as signed out (RFC 7009 §2.2)."""
    row = session.get(RefreshToken, _digest(token))
    if row is not None:
        _close(session, row.family)


def close_unused(session: Session, client_id: str, since: int) -> bool:
    """Closes what a client was given from `since` on; False, and nothing closed, if it has used any of it."""
    given = (col(RefreshToken.client_id) == client_id) & (col(RefreshToken.issued_at) >= since)
    if session.exec(select(RefreshToken.hash).where(given, col(RefreshToken.used_at).is_not(None))).first():
        return False
    session.exec(update(RefreshToken).where(given).values(revoked=True))
    return True


def principal_of(session: Session, claims: Claims, now: int) -> Principal:
    """The caller as the database knows it now, in one statement: revoked means at once, not when the token ends.

    Raises TokenInvalid, ClientRevoked, AccountInactive.
    """
    rows = session.exec(
        select(Client, Account, Membership)
        .join(Account, col(Account.id) == Client.account_id)
        .join(Membership, (col(Membership.account_id) == Account.id) & in_force(now), isouter=True)
        .where(Client.id == claims.client_id, Client.account_id == claims.account_id)
    ).all()
    if not rows:
        raise TokenInvalid
    client, account, _ = rows[0]
    _refuse(client, account)
    grants = sorted((m.unit, m.role) for _, _, m in rows if m is not None)
    return Principal(account.id, client.id, tuple(Grant.of(unit, role) for unit, role in grants))


def sweep(session: Session, now: int) -> None:
    """Forgets refresh tokens and enrolment codes that are past their time."""
    session.exec(delete(RefreshToken).where(col(RefreshToken.expires_at) <= now))
    session.exec(delete(Enrolment).where(col(Enrolment.expires_at) <= now))


def _admitted(session: Session, client_id: str) -> Client:
    client, account = session.exec(
        select(Client, Account).join(Account, col(Account.id) == Client.account_id).where(Client.id == client_id)
    ).one()
    _refuse(client, account)
    return client


def _refuse(client: Client, account: Account) -> None:
    refuse_revoked(client)
    if not account.active:
        raise AccountInactive


def _store(session: Session, token: str, family: str, client: Client, now: int) -> ClientSession:
    expires_at = now + REFRESH_LIFETIME
    row = RefreshToken(
        hash=_digest(token),
        family=family,
        client_id=client.id,
        account_id=client.account_id,
        issued_at=now,
        expires_at=expires_at,
    )
    session.add(row)
    session.flush()
    return ClientSession(client.account_id, client.id, token, expires_at)


def _close(session: Session, family: str) -> None:
    session.exec(update(RefreshToken).where(col(RefreshToken.family) == family).values(revoked=True))


def _digest(token: str) -> str:
    """256 random bits need no slow hash."""
    return hashlib.sha256(token.encode()).hexdigest()


def _successor(secret: bytes, token: str) -> str:
    code = hmac.digest(secret, b"refresh:" + token.encode(), "sha256")
    return urlsafe_b64encode(code).rstrip(b"=").decode()
