"""How an app gets tokens: by a code, as itself, by a device's code (RFC 6749 §4, 7636, 8628)."""

import hashlib
import hmac
import re
import secrets
from base64 import urlsafe_b64encode
from dataclasses import dataclass

from sqlmodel import Session, col, delete, select

from auth.app_models import App, AuthorizationCode, DeviceGrant
from auth.apps import CODE, DEVICE, SERVICE, consent, live_app
from auth.enrolments import ALPHABET
from auth.errors import OAuthRefused
from auth.families import close_family, digest
from auth.models import Account
from auth.scopes import wanted
from auth.sessions import REFRESH_LIFETIME, ClientSession, open_session
from auth.tokens import LEEWAY, LIFETIME

CODE_LIFETIME = 60 * 1000
DEVICE_LIFETIME = 15 * 60 * 1000
INTERVAL, SLOWER = 5, 5  # seconds (RFC 8628 §3.2, §3.5)
CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)
VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Asked:
    """An authorization request that may be shown to a person."""

    app_id: str
    redirect_uri: str
    scope: str
    challenge: str
    nonce: str | None = None


@dataclass(frozen=True, slots=True)
class Granted:
    """A session of an app, what it may do, and what an ID token says of its beginning (ms)."""

    session: ClientSession
    scope: str
    nonce: str | None = None
    authenticated_at: int = 0


@dataclass(frozen=True, slots=True)
class Reused:
    """A code came twice: its session is closed, which must be committed."""

    client_id: str


def give_code(session: Session, account_id: str, asked: Asked, now: int, *, strong: bool) -> str:
    """The person has agreed. Raises AppUnknown, ClientRevoked."""
    consent(session, account_id, live_app(session, asked.app_id), asked.scope, now)
    code = secrets.token_urlsafe(32)
    session.add(
        AuthorizationCode(
            hash=digest(code),
            app_id=asked.app_id,
            account_id=account_id,
            redirect_uri=asked.redirect_uri,
            scope=asked.scope,
            challenge=asked.challenge,
            nonce=asked.nonce,
            strong=strong,
            made_at=now,
        )
    )
    session.flush()
    return code


def exchange(session: Session, app: App, code: str, redirect_uri: str, verifier: str, now: int) -> Granted | Reused:
    """Raises OAuthRefused. A second use closes what the first one opened (RFC 6749 §4.1.2)."""
    _may(app, CODE)
    row = session.get(AuthorizationCode, digest(code), with_for_update=True)
    if row is None or row.app_id != app.id:
        raise OAuthRefused("invalid_grant")
    if row.family is not None:
        return Reused(close_family(session, row.family))
    if row.made_at + CODE_LIFETIME <= now or not hmac.compare_digest(row.redirect_uri.encode(), redirect_uri.encode()):
        raise OAuthRefused("invalid_grant")
    made = hashlib.sha256(verifier.encode()).digest()
    challenge = urlsafe_b64encode(made).rstrip(b"=").decode()
    if not VERIFIER.fullmatch(verifier) or not hmac.compare_digest(challenge, row.challenge):
        raise OAuthRefused("invalid_grant")
    opened = _opened(session, app, row.account_id, row.scope, now, strong=row.strong)
    row.family = opened.family
    return Granted(opened, row.scope, row.nonce, row.made_at)


def as_itself(session: Session, app: App, asked: str, now: int) -> Granted:
    """An app acts as the account that it was given, with that account's roles. Raises OAuthRefused."""
    _may(app, SERVICE)
    scope = scope_of(app, asked)
    if app.account_id is None:
        raise OAuthRefused("unauthorized_client")
    opened = _opened(session, app, app.account_id, scope, now, lifetime=(LIFETIME + 2 * LEEWAY) * 1000)
    return Granted(opened, scope)


def begin_device(session: Session, app: App, asked: str, secret: bytes, now: int) -> tuple[str, str]:
    """The device's own code, and the one that a person types. Raises OAuthRefused."""
    _may(app, DEVICE)
    scope, device = scope_of(app, asked), secrets.token_urlsafe(32)
    user = "".join(secrets.choice(ALPHABET) for _ in range(8))
    session.exec(delete(DeviceGrant).where(col(DeviceGrant.made_at) <= now - DEVICE_LIFETIME))
    session.add(
        DeviceGrant(
            device_hash=digest(device),
            user_hash=_user_digest(secret, user),
            app_id=app.id,
            scope=scope,
            made_at=now,
            interval=INTERVAL,
        )
    )
    session.flush()
    return device, f"{user[:4]}-{user[4:]}"


def waiting_device(session: Session, user_code: str, secret: bytes, now: int) -> DeviceGrant | None:
    """What waits under a code that a person typed."""
    found = select(DeviceGrant).where(DeviceGrant.user_hash == _user_digest(secret, user_code)).with_for_update()
    row = session.exec(found).first()
    return row if row and row.state == "pending" and row.made_at + DEVICE_LIFETIME > now else None


def answer_device(session: Session, row: DeviceGrant, account_id: str | None, now: int, *, strong: bool) -> None:
    """The person has agreed, or (no account) has not. Raises AppUnknown, ClientRevoked."""
    if account_id is not None:
        consent(session, account_id, live_app(session, row.app_id), row.scope, now)
    row.account_id, row.strong, row.state = account_id, strong, "allowed" if account_id else "denied"
    session.flush()


def poll_device(session: Session, app: App, device_code: str, now: int) -> Granted | str:
    """The session, or the error of RFC 8628 §3.5, returned because what it changes must be committed."""
    _may(app, DEVICE)
    row = session.get(DeviceGrant, digest(device_code), with_for_update=True)
    if row is None or row.app_id != app.id or row.state == "used":
        return "invalid_grant"
    if row.made_at + DEVICE_LIFETIME <= now:
        return "expired_token"
    early, row.polled_at = now < row.polled_at + row.interval * 1000, now
    if row.state == "denied":
        return "access_denied"
    if early:
        row.interval += SLOWER
        return "slow_down"
    if row.account_id is None:
        return "authorization_pending"
    row.state = "used"
    return Granted(_opened(session, app, row.account_id, row.scope, now, strong=row.strong), row.scope, None, now)


def scope_of(app: App, asked: str) -> str:
    """Raises OAuthRefused `invalid_scope`."""
    scope = wanted(asked, app.scope)
    if scope is None:
        raise OAuthRefused("invalid_scope")
    return scope


def _may(app: App, grant_type: str) -> None:
    if grant_type not in app.grant_types.split():
        raise OAuthRefused("unauthorized_client")


def _opened(
    session: Session,
    app: App,
    account_id: str,
    scope: str,
    now: int,
    *,
    strong: bool = False,
    lifetime: int = REFRESH_LIFETIME,
) -> ClientSession:
    if not session.get_one(Account, account_id).active:
        raise OAuthRefused("invalid_grant")
    client = consent(session, account_id, app, scope, now)
    return open_session(session, client, now, strong=strong, scope=scope, lifetime=lifetime)


def _user_digest(secret: bytes, code: str) -> str:
    plain = "".join(c for c in code.upper() if c.isalnum())
    return hmac.digest(secret, b"device:" + plain.encode(), "sha256").hex()
