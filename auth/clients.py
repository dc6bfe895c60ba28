"""Clients: one install of an app x one account, the `client_id` of the sync protocol."""

from dataclasses import dataclass
from typing import Any, Literal
from uuid import uuid4

from sqlmodel import Session, col, select

from auth.accounts import administered
from auth.errors import AccountUnknown, ClientRevoked, ClientUnknown, EnrolmentInvalid
from auth.models import Account, Client, Membership
from auth.principal import EVERY_UNIT, Principal

RevokedAs = Literal["lost", "retired"]
FILES_FOLLOW = 24 * 60 * 60 * 1000


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
    drained_at: int | None
    wiped_at: int | None


@dataclass(frozen=True, slots=True)
class Carried:
    """A client and the person who carries it. `serves`: whether they still hold a role in the very unit asked about."""

    client_id: str
    name: str
    account_id: str
    account: str
    revoked_as: str | None
    serves: bool


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
    refuse_revoked(client, now)
    if client.public_key is None:
        client.public_key = install.public_key
    elif install.public_key not in (None, client.public_key):
        raise EnrolmentInvalid
    session.flush()
    return client


def refuse_revoked(client: Any, now: int, *, depositing: bool = False) -> None:
    """Raises ClientRevoked; the answer says how, so that a lost phone can wipe itself.

    `depositing`: a retired one may still send what waits on it, and its files for a day after its last op.
    """
    if client.revoked_at is None:
        return
    drained = client.drained_at is not None and client.drained_at + FILES_FOLLOW <= now
    if not depositing or client.revoked_as != "retired" or drained:
        raise ClientRevoked(current={"client_id": client.id, "revoked_as": client.revoked_as})


def told_to_wipe(session: Session, client_id: str, now: int) -> bool:
    """Notes that a lost device has called and was told to wipe itself; True the first time."""
    client = session.get(Client, client_id, with_for_update=True)
    if client is None or client.revoked_as != "lost" or client.wiped_at is not None:
        return False
    client.wiped_at = now
    return True


def drained(session: Session, client_id: str, now: int) -> None:
    """Notes that a retired device says that nothing waits on it any more."""
    client = session.get(Client, client_id, with_for_update=True)
    if client is not None and client.revoked_as == "retired" and client.drained_at is None:
        client.drained_at = now


def same_hands(session: Session, account_id: str) -> frozenset[str]:
    """The account and those that were used on an install with it: to the rule of four eyes they are one."""
    installs = select(Client.install_id).where(Client.account_id == account_id)
    return frozenset(session.exec(select(Client.account_id).where(col(Client.install_id).in_(installs)))) | {account_id}


def reached(session: Session, by: Principal, client_id: str, now: int) -> Client:
    """The client of an account that `by` administers. Raises ClientUnknown, NotPermitted."""
    client = session.get(Client, client_id)
    if client is None:
        raise ClientUnknown
    try:
        administered(session, by, client.account_id, now)
    except AccountUnknown:
        raise ClientUnknown from None
    return client


def revoke_client(session: Session, by: Principal, client_id: str, revoked_as: RevokedAs, now: int) -> ClientView:
    """Shuts a client out from its next request on. `lost` may follow `retired`, never the other way round.

    Raises ClientUnknown, NotPermitted.
    """
    client = reached(session, by, client_id, now)
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


def in_unit(session: Session, unit: str, year: int, now: int) -> list[Carried]:
    """Clients of those who hold a role that reaches this unit and year, or once did."""
    reach = col(Membership.unit).in_((unit, EVERY_UNIT)), col(Membership.year).in_((0, year))
    serves: dict[str, bool] = {}
    for role in session.exec(select(Membership).where(*reach)):
        here = role.unit == unit and (role.until is None or role.until > now)
        serves[role.account_id] = serves.get(role.account_id, False) or here
    carried = (
        select(Client, Account.name)
        .join(Account, col(Account.id) == col(Client.account_id))
        .where(col(Client.account_id).in_(serves))
        .order_by(Account.name, Client.id)
    )
    return [
        Carried(client.id, client.name, client.account_id, name, client.revoked_as, serves[client.account_id])
        for client, name in session.exec(carried)
    ]


def _view(client: Client) -> ClientView:
    return ClientView(
        client.id,
        client.name,
        client.public_key is not None,
        client.created_at,
        client.revoked_at,
        client.revoked_as,
        client.drained_at,
        client.wiped_at,
    )
