"""Signing in through an outside OpenID provider: the trip of a browser there and back, and whose account it opens.

Two handshakes stand behind each other, each an authorization code with PKCE: the service's with the provider, and the
app's with the service, so that nobody can use what another one's browser has brought back. An account is found by the
provider's `sub` alone, which an administrator's code has tied to it; names and e-mail addresses prove nothing.
"""

import hashlib
import hmac
import secrets
from base64 import urlsafe_b64encode
from dataclasses import dataclass

from sqlalchemy import ColumnElement
from sqlmodel import Session, col, delete, select
from sqlmodel.sql.expression import SelectOfScalar

from auth.accounts import administered
from auth.clients import Install, client_of
from auth.enrolments import spend, waiting
from auth.errors import AccountInactive, ExternalInvalid, IdentityTaken, IdentityUnknown
from auth.external_models import ExternalSignIn, Identity
from auth.families import close_family, digest
from auth.id_tokens import Arrived, LoggedOut
from auth.models import Account, RefreshToken
from auth.principal import Principal
from auth.sessions import ClientSession, close_unused, sign_in

TRIP = 10 * 60 * 1000  # to type a password elsewhere, and a code from a phone
CODE_LIFETIME = 60 * 1000


@dataclass(frozen=True, slots=True)
class Sought:
    """What an app asks for: whom it will be, where the browser comes back to, and what it can prove."""

    install_id: str
    return_uri: str
    state: str
    challenge: str


@dataclass(frozen=True, slots=True)
class Landed:
    """A code for the app to exchange, whose it is, and whether their identity was tied to them just now."""

    code: str
    account_id: str
    tied: bool


def begin(session: Session, sought: Sought, invitation: str | None, secret: bytes, now: int) -> str:
    """The `state` to send the browser away with. `invitation`: a code of an administrator. Raises EnrolmentInvalid."""
    state = secrets.token_urlsafe(32)
    session.add(
        ExternalSignIn(
            state_hash=digest(state),
            install_id=sought.install_id,
            return_uri=sought.return_uri,
            app_state=sought.state,
            challenge=sought.challenge,
            invitation=waiting(session, invitation, secret, now) if invitation else None,
            made_at=now,
        )
    )
    return state


def derived(secret: bytes, what: str, state: str) -> str:
    """`nonce` or `verifier` of a trip: known to whoever knows its state and the server secret, stored nowhere."""
    made = hmac.digest(secret, f"external {what}:{state}".encode(), "sha256")
    return urlsafe_b64encode(made).rstrip(b"=").decode()


def come_back(session: Session, state: str, now: int) -> Sought:
    """The browser is back, which counts once. Raises ExternalInvalid."""
    row = session.get(ExternalSignIn, digest(state), with_for_update=True)
    if row is None or row.back_at is not None or row.made_at + TRIP <= now:
        raise ExternalInvalid
    row.back_at = now
    return Sought(row.install_id, row.return_uri, row.app_state, row.challenge)


def arrive(session: Session, state: str, who: Arrived, now: int) -> Landed:
    """A code for the app, whose person the provider has told; ties them to an account where they were invited.

    Raises EnrolmentInvalid, IdentityTaken, IdentityUnknown, AccountInactive.
    """
    row = session.get_one(ExternalSignIn, digest(state), with_for_update=True)
    if row.invitation is not None:
        _tie(session, spend(session, row.invitation, now), who, now)
    identity = session.exec(select(Identity).where(*_same(who.issuer, who.subject))).first()
    if identity is None:
        raise IdentityUnknown
    if not session.get_one(Account, identity.account_id).active:
        raise AccountInactive
    code = secrets.token_urlsafe(32)
    row.account_id, row.strong, row.sid, row.code_hash = identity.account_id, who.strong, who.sid, digest(code)
    session.flush()
    return Landed(code, identity.account_id, tied=row.invitation is not None)


def finish(session: Session, code: str, verifier: str, install: Install, now: int) -> ClientSession:
    """The session, for the app that began. A lost answer is given anew while nothing of it was used.

    Raises ExternalInvalid, AccountInactive, ClientRevoked.
    """
    found = select(ExternalSignIn).where(ExternalSignIn.code_hash == digest(code)).with_for_update()
    row = session.exec(found).first()
    if row is None or row.account_id is None or (row.back_at or 0) + CODE_LIFETIME <= now:
        raise ExternalInvalid
    shown = urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    same = hmac.compare_digest(row.install_id.encode(), install.install_id.encode())
    if not same or not hmac.compare_digest(shown.encode(), row.challenge.encode()):
        raise ExternalInvalid
    client = client_of(session, row.account_id, install, now)
    if row.family is not None and not close_unused(session, client.id, row.back_at or 0):
        raise ExternalInvalid
    opened = sign_in(session, row.account_id, install, now, strong=row.strong)
    row.family = opened.family
    return opened


def identity_of(session: Session, account_id: str) -> Identity | None:
    """Whom the provider knows an account's person as."""
    return session.get(Identity, account_id)


def untie(session: Session, by: Principal, account_id: str, now: int) -> None:
    """Forgets who it is at the provider, and closes what came of it. Raises AccountUnknown, NotPermitted."""
    administered(session, by, account_id, now)
    session.exec(delete(Identity).where(col(Identity.account_id) == account_id))
    _close(session, select(ExternalSignIn).where(ExternalSignIn.account_id == account_id))


def log_out(session: Session, said: LoggedOut) -> str | None:
    """Closes the sessions that the provider says are over; the account whose they are, where one is tied.

    What waits on its devices stays there, and is sent after the next sign-in.
    """
    trips = select(ExternalSignIn).where(col(ExternalSignIn.family).is_not(None))
    if said.subject is not None:
        tied = select(Identity.account_id).where(*_same(said.issuer, said.subject))
        trips = trips.where(col(ExternalSignIn.account_id).in_(tied))
    if said.sid is not None:
        trips = trips.where(ExternalSignIn.sid == said.sid)
    return _close(session, trips)


def sweep(session: Session, now: int) -> None:
    """Forgets trips that nobody came back from, and those whose session is gone."""
    alive = select(RefreshToken.family)
    over = (col(ExternalSignIn.family).is_(None)) | (col(ExternalSignIn.family).not_in(alive))
    session.exec(delete(ExternalSignIn).where(col(ExternalSignIn.made_at) <= now - 2 * TRIP, over))


def _tie(session: Session, account_id: str, who: Arrived, now: int) -> None:
    """The newest invitation counts; nobody at the provider is two people here."""
    other = session.exec(select(Identity).where(*_same(who.issuer, who.subject))).first()
    if other is not None and other.account_id != account_id:
        raise IdentityTaken
    session.merge(Identity(account_id=account_id, issuer=who.issuer, subject=who.subject, linked_at=now))
    session.flush()


def _same(issuer: str, subject: str) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return col(Identity.issuer) == issuer, col(Identity.subject) == subject


def _close(session: Session, trips: SelectOfScalar[ExternalSignIn]) -> str | None:
    account_id = None
    for row in session.exec(trips).all():
        account_id = row.account_id
        if row.family:
            close_family(session, row.family)
        session.delete(row)
    session.flush()
    return account_id
