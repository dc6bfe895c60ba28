"""Third-party apps: registered by an administrator, let in by their users, shut out by either (RFC 6749 §2).

The client of an account x app is one of its own, never shared: devices that two accounts use make them the same hands
to the rule of four eyes, an app does not.
"""

import hmac
import re
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from urllib.parse import urlsplit
from uuid import uuid4

from sqlmodel import Session, col, delete, select, update

from auth.app_models import App, AuthorizationCode, Consent
from auth.clients import Install, client_of
from auth.errors import AccountInactive, AccountUnknown, AppInvalid, AppUnknown, OAuthRefused
from auth.families import digest
from auth.models import Account, Client, RefreshToken
from auth.principal import EVERY_UNIT, Permission, Principal
from auth.scopes import SCOPES

CODE, SERVICE = "authorization_code", "client_credentials"
DEVICE, REFRESH = "urn:ietf:params:oauth:grant-type:device_code", "refresh_token"
GRANT_TYPES = frozenset({CODE, SERVICE, DEVICE})
LOOPBACK = frozenset({"127.0.0.1", "::1"})
PRIVATE = re.compile(r"[a-z][a-z0-9+-]*(\.[a-z0-9+-]+)+")  # a reversed domain name (RFC 8252 §7.1)


@dataclass(frozen=True, slots=True)
class NewApp:
    """What an administrator says of an app."""

    name: str
    redirect_uris: tuple[str, ...] = ()
    scope: str = "openid"
    grant_types: tuple[str, ...] = (CODE,)
    public: bool = False
    account_id: str | None = None


@dataclass(frozen=True, slots=True)
class AppView:
    """An app as administrators see it; `secret` is there once, when it was made."""

    id: str
    name: str
    redirect_uris: tuple[str, ...]
    scope: str
    grant_types: tuple[str, ...]
    public: bool
    account_id: str | None
    active: bool
    created_at: int
    secret: str | None = None


@dataclass(frozen=True, slots=True)
class ConsentView:
    """An app that an account lets in."""

    app_id: str
    name: str
    scope: str
    given_at: int


def register(session: Session, by: Principal, new: NewApp, now: int) -> AppView:
    """Raises NotPermitted, AppInvalid, AccountUnknown."""
    by.require(Permission.ADMINISTER, f"{EVERY_UNIT}/")
    _check(new)
    if new.account_id is not None and session.get(Account, new.account_id) is None:
        raise AccountUnknown
    secret = None if new.public else secrets.token_urlsafe(32)
    row = App(
        id=str(uuid4()),
        name=new.name,
        redirect_uris="\n".join(new.redirect_uris),
        scope=" ".join(name for name in SCOPES if name in new.scope.split()),
        grant_types=" ".join(sorted(set(new.grant_types))),
        secret_hash=digest(secret) if secret else None,
        account_id=new.account_id,
        created_at=now,
    )
    session.add(row)
    session.flush()
    return _view(row, secret)


def _check(new: NewApp) -> None:
    """Raises AppInvalid, which names the fault."""
    faults = [f"redirect_uris: {uri}" for uri in new.redirect_uris if not _safe_address(uri)]
    faults += [f"scope: {name} ({', '.join(SCOPES)})" for name in new.scope.split() if name not in SCOPES]
    known = ", ".join(sorted(GRANT_TYPES))
    faults += [f"grant_types: {name} ({known})" for name in new.grant_types if name not in GRANT_TYPES]
    if CODE in new.grant_types and not new.redirect_uris:
        faults.append("redirect_uris: authorization_code needs one")
    if SERVICE in new.grant_types and (new.public or new.account_id is None):
        faults.append("grant_types: client_credentials needs a secret and an account of its own")
    if faults:
        raise AppInvalid(fault=faults[0])


def _safe_address(uri: str) -> bool:
    """https, this very machine, or a scheme of the app's own; nothing that is read in two ways (RFC 9700 §4.1)."""
    try:
        parts = urlsplit(uri)
        host = parts.hostname
    except ValueError:
        return False
    if not uri.isascii() or any(c in uri for c in " \\#*\"'<>") or uri != uri.strip() or parts.username is not None:
        return False
    if parts.scheme == "https":
        return bool(host)
    if parts.scheme == "http":
        return host in LOOPBACK
    return bool(PRIVATE.fullmatch(parts.scheme))


def redirects_to(app: App, uri: str) -> bool:
    """Whether `uri` is a registered one, letter by letter; on this machine the port is free (RFC 8252 §7.3)."""
    return leads_to(app.redirect_uris.splitlines(), uri)


def leads_to(known: Collection[str], uri: str) -> bool:
    """The same for any list of addresses."""
    return uri in known or (_safe_address(uri) and any(_on_this_machine(k) == _on_this_machine(uri) for k in known))


def _on_this_machine(uri: str) -> str | object:
    """The address without its port; never equal for other machines."""
    parts = urlsplit(uri)
    if parts.scheme != "http" or parts.hostname not in LOOPBACK:
        return object()
    return parts._replace(netloc=str(parts.hostname)).geturl()


def list_apps(session: Session, by: Principal) -> list[AppView]:
    """Raises NotPermitted."""
    by.require(Permission.ADMINISTER, f"{EVERY_UNIT}/")
    return [_view(row) for row in session.exec(select(App).order_by(col(App.created_at), App.id))]


def shut_out(session: Session, by: Principal, app_id: str, now: int) -> AppView:
    """Switches an app off for everybody, from its next request on. Raises NotPermitted, AppUnknown."""
    by.require(Permission.ADMINISTER, f"{EVERY_UNIT}/")
    row = session.get(App, app_id)
    if row is None:
        raise AppUnknown
    row.active = False
    for account_id in session.exec(select(Consent.account_id).where(Consent.app_id == app_id)).all():
        withdraw(session, account_id, app_id, now)
    session.flush()
    return _view(row)


def live_app(session: Session, app_id: str | None) -> App:
    """Raises AppUnknown, also for one that is switched off."""
    row = session.get(App, app_id) if app_id else None
    if row is None or not row.active:
        raise AppUnknown
    return row


def proved(session: Session, app_id: str, secret: str | None) -> App:
    """The app, which has shown its secret where it has one. Raises OAuthRefused `invalid_client`; never says why."""
    row = session.get(App, app_id)
    stored = row.secret_hash if row and row.secret_hash else digest(secrets.token_urlsafe(32))
    right = hmac.compare_digest(digest(secret or ""), stored)
    if row is None or not row.active or (not right if row.secret_hash else secret is not None):
        raise OAuthRefused("invalid_client")
    return row


def consent(session: Session, account_id: str, app: App, scope: str, now: int) -> Client:
    """Lets an app in for an account; what was given before stays given. Raises AccountInactive, ClientRevoked."""
    if not session.get_one(Account, account_id).active:
        raise AccountInactive
    install = Install(f"oauth.{app.id}.{account_id}", app.name)
    client = client_of(session, account_id, install, now)
    row = session.get(Consent, (account_id, app.id))
    if row is None:
        row = Consent(account_id=account_id, app_id=app.id, client_id=client.id, scope=scope, given_at=now)
        session.add(row)
    names = {*row.scope.split(), *scope.split()}
    row.scope = " ".join(name for name in SCOPES if name in names)
    session.flush()
    return client


def consents(session: Session, account_id: str) -> list[ConsentView]:
    """The apps that an account lets in, oldest first."""
    found = select(Consent, App).join(App, col(App.id) == Consent.app_id).where(Consent.account_id == account_id)
    rows = session.exec(found.order_by(col(Consent.given_at), App.id))
    return [ConsentView(app.id, app.name, given.scope, given.given_at) for given, app in rows]


def withdraw(session: Session, account_id: str, app_id: str, now: int) -> None:
    """Shuts an app out of an account at once. A later consent begins anew. Raises AppUnknown."""
    row = session.get(Consent, (account_id, app_id))
    if row is None:
        raise AppUnknown
    client = session.get_one(Client, row.client_id)
    client.install_id, client.revoked_at, client.revoked_as = f"{client.install_id}.{now}", now, "retired"
    client.drained_at = 0
    session.exec(update(RefreshToken).where(col(RefreshToken.client_id) == client.id).values(revoked=True))
    session.exec(
        delete(AuthorizationCode).where(
            col(AuthorizationCode.account_id) == account_id, col(AuthorizationCode.app_id) == app_id
        )
    )
    session.delete(row)
    session.flush()


def _view(row: App, secret: str | None = None) -> AppView:
    return AppView(
        row.id, row.name, tuple(row.redirect_uris.splitlines()), row.scope, tuple(row.grant_types.split()),
        row.secret_hash is None, row.account_id, row.active, row.created_at, secret,
    )  # fmt: skip
