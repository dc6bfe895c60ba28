"""Sessions: signing in, refreshing, signing out, and who the bearer of a token is.

A refresh token is replaced at each use. Its successor is computed from it, not drawn: a phone that lost the answer
asks again and gets the very same one. The old token counts until the new one is used; after that, two parties hold
the session, and it is closed (RFC 9700 §4.14.2, with the retry that a weak network needs).
"""

import hmac
import secrets
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from uuid import uuid4

from argon2 import PasswordHasher
from sqlmodel import Session, col, delete, select, update

from auth.accounts import grant_of, in_force
from auth.clients import Install, client_of, refuse_revoked
from auth.errors import AccountInactive, CredentialsInvalid, ProofInvalid, RefreshInvalid, RefreshReused
from auth.families import app_of, close_family, digest
from auth.models import Account, Client, Enrolment, Membership, RefreshToken
from auth.passwords import OWASP, password_matches
from auth.principal import Principal
from auth.tokens import Proof, proves

HOUR = 60 * 60 * 1000
REFRESH_LIFETIME = 90 * 24 * HOUR
LONGEST_SESSION = 365 * 24 * HOUR
RETRY_WINDOW = 24 * HOUR


@dataclass(frozen=True, slots=True)
class ClientSession:
    """What a client holds after signing in: who it is, and the token that gets it the next access token."""

    account_id: str
    client_id: str
    refresh_token: str
    refresh_expires_at: int
    strong: bool = False
    scope: str | None = None
    family: str = ""


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


def sign_in(session: Session, account_id: str, install: Install, now: int, *, strong: bool = False) -> ClientSession:
    """A session for an account whose password was just checked; `strong`: and its second factor.

    Raises AccountInactive, ClientRevoked.
    """
    account = session.get(Account, account_id)
    if account is None or not account.active:
        raise AccountInactive
    return open_session(session, client_of(session, account_id, install, now), now, strong=strong)


def open_session(
    session: Session,
    client: Client,
    now: int,
    *,
    strong: bool = False,
    scope: str | None = None,
    lifetime: int = REFRESH_LIFETIME,
) -> ClientSession:
    """Begins a family of refresh tokens for a client that was let in; `scope`: for an app of a third party."""
    session.get_one(Account, client.account_id).seen_at = now
    family = _Family(str(uuid4()), now, strong, scope, lifetime)
    return _store(session, secrets.token_urlsafe(32), family, client, now)


def refresh(
    session: Session,
    token: str,
    secret: bytes,
    now: int,
    *,
    proof: Proof | None = None,
    strong: bool = False,
    app_id: str | None = None,
) -> ClientSession | RefreshReused:
    """The session with its next refresh token; asked again, the same one, while that one is unused (24 h at most).

    A client with a key has to prove it. `app_id`: an app, which refreshes its own sessions and no
    others. `strong`: a second factor came with this request, and counts from here on.
    Returns RefreshReused instead of raising it, because the family that it closes must be committed.
    Raises RefreshInvalid, ProofInvalid, ClientRevoked, AccountInactive.
    """
    row = session.get(RefreshToken, digest(token), with_for_update=True)
    if row is None:
        raise RefreshInvalid
    client = _admitted(session, row.client_id)
    if app_of(client) != app_id:
        raise RefreshInvalid
    if row.revoked or row.expires_at <= now:
        raise RefreshInvalid
    if client.public_key is not None and not (proof and proves(proof, client.public_key, token)):
        raise ProofInvalid
    successor = _successor(secret, token)
    family = _Family(row.family, row.begun_at or row.issued_at, row.strong or strong, row.scope)
    if row.used_at is None:
        row.used_at = now
        session.get_one(Account, client.account_id).seen_at = now
        return _store(session, successor, family, client, now)
    heir = session.get(RefreshToken, digest(successor))
    if heir is not None and heir.used_at is None and now <= row.used_at + RETRY_WINDOW:
        heir.strong = heir.strong or strong
        return ClientSession(
            client.account_id, client.id, successor, heir.expires_at, heir.strong, heir.scope, heir.family
        )
    close_family(session, row.family)
    return RefreshReused(client_id=client.id)


def sign_out(session: Session, token: str) -> Client | None:
    """Closes the session of a refresh token; a token that is not known is as good as signed out (RFC 7009 §2.2)."""
    row = session.get(RefreshToken, digest(token))
    if row is None:
        return None
    close_family(session, row.family)
    return session.get(Client, row.client_id)


def close_unused(session: Session, client_id: str, since: int) -> bool:
    """Closes what a client was given from `since` on; False, and nothing closed, if it has used any of it."""
    given = (col(RefreshToken.client_id) == client_id) & (col(RefreshToken.issued_at) >= since)
    if session.exec(select(RefreshToken.hash).where(given, col(RefreshToken.used_at).is_not(None))).first():
        return False
    session.exec(update(RefreshToken).where(given).values(revoked=True))
    return True


def as_of(session: Session, account_id: str, client_id: str, then: int) -> Principal:
    """The account with the grants that it had at `then` (ms)."""
    rows = session.exec(select(Membership).where(Membership.account_id == account_id, in_force(then)))
    return Principal(account_id, client_id, tuple(sorted({grant_of(row) for row in rows}, key=str)))


def sweep(session: Session, now: int) -> None:
    """Forgets refresh tokens and enrolment codes that are past their time."""
    session.exec(delete(RefreshToken).where(col(RefreshToken.expires_at) <= now))
    session.exec(delete(Enrolment).where(col(Enrolment.expires_at) <= now))


def _admitted(session: Session, client_id: str) -> Client:
    client, account = session.exec(
        select(Client, Account).join(Account, col(Account.id) == Client.account_id).where(Client.id == client_id)
    ).one()
    refuse_revoked(client, 0, depositing=True)
    if not account.active:
        raise AccountInactive
    return client


@dataclass(frozen=True, slots=True)
class _Family:
    """A chain of refresh tokens: it ends a year after it began, however often it is used (ASVS 10.4.8)."""

    id: str
    begun_at: int
    strong: bool
    scope: str | None = None
    lifetime: int = REFRESH_LIFETIME


def _store(session: Session, token: str, family: _Family, client: Client, now: int) -> ClientSession:
    expires_at = min(now + family.lifetime, family.begun_at + LONGEST_SESSION)
    row = RefreshToken(
        hash=digest(token),
        family=family.id,
        client_id=client.id,
        account_id=client.account_id,
        begun_at=family.begun_at,
        strong=family.strong,
        issued_at=now,
        expires_at=expires_at,
        scope=family.scope,
    )
    session.add(row)
    session.flush()
    return ClientSession(client.account_id, client.id, token, expires_at, family.strong, family.scope, family.id)


def _successor(secret: bytes, token: str) -> str:
    code = hmac.digest(secret, b"refresh:" + token.encode(), "sha256")
    return urlsafe_b64encode(code).rstrip(b"=").decode()
