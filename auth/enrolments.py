"""Letting a device in by a one-time code that a supervisor reads out or shows as a QR picture.

A lost answer must not cost the officer her code: until it expires, the same install may present it again, as long as
it has used nothing of what the first answer gave.
"""

import hmac
import secrets
from dataclasses import dataclass
from urllib.parse import urlencode

from sqlmodel import Session

from auth.accounts import administered
from auth.clients import Install, client_of, refuse_revoked
from auth.errors import AccountInactive, EnrolmentInvalid
from auth.models import Account, Client, Enrolment
from auth.principal import Principal
from auth.sessions import ClientSession, close_unused, open_session

ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"  # nothing that is read as something else: no 0 O 1 I L U
LENGTH = 10
LIFETIME = 15 * 60 * 1000


@dataclass(frozen=True, slots=True)
class OpenEnrolment:
    """A code to hand over, once; only its keyed digest is stored."""

    code: str
    expires_at: int


def open_enrolment(
    session: Session, by: Principal, account_id: str, secret: bytes, now: int, *, lifetime: int = LIFETIME
) -> OpenEnrolment:
    """Makes a code. Raises AccountUnknown, NotPermitted, AccountInactive."""
    if not administered(session, by, account_id, now).active:
        raise AccountInactive
    code = "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))
    expires_at = now + lifetime
    row = Enrolment(code_hash=_digest(secret, code), account_id=account_id, created_at=now, expires_at=expires_at)
    session.add(row)
    return OpenEnrolment(code, expires_at)


def enrol(session: Session, code: str, install: Install, secret: bytes, now: int) -> ClientSession:
    """Spends a code on an install. Raises EnrolmentInvalid, ClientRevoked, AccountInactive."""
    row = session.get(Enrolment, _digest(secret, code), with_for_update=True)
    if row is None or row.expires_at <= now:
        raise EnrolmentInvalid
    if row.used_at is None:
        client = client_of(session, row.account_id, install, now)
        row.client_id, row.used_at = client.id, now
    else:
        client = _again(session, row, install, now)
    if not session.get_one(Account, row.account_id).active:
        raise AccountInactive
    return open_session(session, client, now)


def waiting(session: Session, code: str, secret: bytes, now: int) -> str:
    """The digest of a code that nobody has used, for `spend`. Raises EnrolmentInvalid."""
    code_hash = _digest(secret, code)
    _unused(session.get(Enrolment, code_hash), now)
    return code_hash


def spend(session: Session, code_hash: str, now: int) -> str:
    """Spends a code on something else than a device; the account that it was made for. Raises EnrolmentInvalid."""
    row = _unused(session.get(Enrolment, code_hash, with_for_update=True), now)
    row.used_at = now
    return row.account_id


def _unused(row: Enrolment | None, now: int) -> Enrolment:
    if row is None or row.expires_at <= now or row.used_at is not None:
        raise EnrolmentInvalid
    return row


def enrolment_uri(server: str, code: str) -> str:
    """What the QR picture holds; the app opens it."""
    return "minhchung://enrol?" + urlencode({"server": server, "code": code})


def _again(session: Session, row: Enrolment, install: Install, now: int) -> Client:
    """The client that this code let in, if it is the one that asks and its first answer was never used."""
    if row.client_id is None:
        raise EnrolmentInvalid
    client = session.get_one(Client, row.client_id)
    same = hmac.compare_digest(client.install_id.encode(), install.install_id.encode())
    if not same or client.public_key != install.public_key or not close_unused(session, client.id, row.used_at or 0):
        raise EnrolmentInvalid
    refuse_revoked(client, now)
    return client


def _digest(secret: bytes, code: str) -> str:
    """Keyed, because ten characters could be found from a plain digest. Case, spaces and hyphens do not matter."""
    plain = "".join(code.split()).replace("-", "").upper()
    return hmac.digest(secret, b"enrolment:" + plain.encode(), "sha256").hex()
