"""Clients: one install of an app x one account, the `client_id` of the sync protocol."""

from dataclasses import dataclass
from typing import Literal
from uuid import uuid4

from sqlmodel import Session, col, select

from auth.accounts import administered
from auth.errors import AccountUnknown, ClientRevoked, ClientUnknown, EnrolmentInvalid
from auth.models import Client
from auth.principal import Principal

RevokedAs = Literal["lost", "retired"]


@dataclass(frozen=True, slots=True)
class Install:
    """What a device says of itself: a random id that it made at first start, a name, perhaps a P-256 key in PEM."""

    install_id: str
    name: str
    public_key: str | None = None


@dataclass(frozen=True, slots=True)
class ClientView:
    """A client as administrators see it."""

    id: str
    name: str
    has_key: bool
    created_at: int
    revoked_at: int | None
    revoked_as: str | None


def client_of(session: Session, account_id: str, install: Install, now: int) -> Client:
    """The client of this install and account, made on first sight, so that its op numbers go on after a new login.

    Raises ClientRevoked, and EnrolmentInvalid when the install is known by another key.
    """
    same = select(Client).where(Client.account_id == account_id, Client.install_id == install.install_id)
    client = session.exec(same).first()
    if client is None:
        client = Client(
            id=str(uuid4()), account_id=account_id, install_id=install.install_id, name=install.name, created_at=now
        )
        session.add(client)
    refuse_revoked(client)
    if client.public_key is None:
        client.public_key = install.public_key
    elif install.public_key not in (None, client.public_key):
        raise EnrolmentInvalid
    session.flush()
    return client


def refuse_revoked(client: Client) -> None:
    """Raises ClientRevoked; the answer says how, so that a lost phone can wipe itself."""
    if client.revoked_at is not None:
        raise ClientRevoked(current={"client_id": client.id, "revoked_as": client.revoked_as})


def revoke_client(session: Session, by: Principal, client_id: str, revoked_as: RevokedAs, now: int) -> ClientView:
    """Shuts a client out from its next request on. `lost` may follow `retired`, never the other way round.

    Raises ClientUnknown, NotPermitted.
    """
    client = session.get(Client, client_id)
    if client is None:
        raise ClientUnknown
    try:
        administered(session, by, client.account_id, now)
    except AccountUnknown:
        raise ClientUnknown from None
    if client.revoked_at is None:
        client.revoked_at = now
    if client.revoked_as != "lost":
        client.revoked_as = revoked_as
    session.flush()
    return _view(client)


def list_clients(session: Session, by: Principal, account_id: str, now: int) -> list[ClientView]:
    """Clients of an account, oldest first. Raises AccountUnknown, NotPermitted."""
    administered(session, by, account_id, now)
    found = select(Client).where(Client.account_id == account_id).order_by(col(Client.created_at), Client.id)
    return [_view(client) for client in session.exec(found)]


def _view(client: Client) -> ClientView:
    return ClientView(
        client.id, client.name, client.public_key is not None, client.created_at, client.revoked_at, client.revoked_as
    )
