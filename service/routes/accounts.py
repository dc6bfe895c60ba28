"""For administrators: accounts, their roles, enrolment codes, and shutting a lost device out."""

from typing import Annotated, Literal
from uuid import UUID

import segno
from fastapi import APIRouter, Depends, Query, status
from pydantic import Field, StringConstraints

from auth import accounts, clients, enrolments
from auth.passwords import hash_password
from auth.principal import Grant
from service.deps import CALLER_CODES, Caller, Config, Db, Now, Secret, uncached
from service.fields import Answer, Body, GrantItem, Instant, ShortText, UnitCode
from service.problems import responses

CODES = (*CALLER_CODES, "not_permitted", "account_unknown")
router = APIRouter(tags=["accounts"])

Username = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{2,63}$")]
After = Annotated[str, Query(max_length=64, pattern=r"^[A-Za-z0-9._-]*$", description="`next` of the page before")]
Limit = Annotated[int, Query(ge=1, le=500)]


class NewGrant(Body):
    """One role in one unit; `*` is every unit."""

    unit: UnitCode
    role: ShortText


class NewAccount(Body):
    """Without a password the account is reached through an enrolled device only."""

    username: Username
    name: ShortText
    password: Annotated[str | None, StringConstraints(max_length=256)] = None
    grants: Annotated[list[NewGrant], Field(default_factory=list, max_length=50)]


class Account(Answer):
    """An account and the grants in force."""

    id: str
    username: str
    name: str
    active: bool
    created_at: Instant
    grants: list[GrantItem]


class Accounts(Answer):
    """One page; `next` goes into `after` for the following one, and is absent on the last."""

    items: list[Account]
    next: str | None = None


class Enrolment(Answer):
    """A code to hand over, as text, as a link for the app, and as a QR picture of that link."""

    code: str
    expires_at: Instant
    uri: str
    qr_svg: str


class Revocation(Body):
    """`lost`: the app wipes itself when it next calls. `retired`: it only stops."""

    revoked_as: Literal["lost", "retired"]


class Client(Answer):
    """One install x account."""

    id: str
    name: str
    has_key: bool
    created_at: Instant
    revoked_at: Instant | None
    revoked_as: str | None


@router.post(
    "/v1/accounts",
    operation_id="createAccount",
    status_code=status.HTTP_201_CREATED,
    responses=responses(*CALLER_CODES, "not_permitted", "account_exists", "role_unknown", "password_weak"),
)
def create_account(body: NewAccount, caller: Caller, db: Db, now: Now) -> Account:
    """Makes an account; an administrator of a unit gives it a role there at once."""
    grants = tuple(Grant.of(item.unit, item.role) for item in body.grants)
    password = hash_password(body.password) if body.password is not None else None
    made = db.write(
        accounts.create_account, caller, body.username, body.name, now, grants=grants, password_hash=password
    )
    return Account.model_validate(made)


@router.get("/v1/accounts", operation_id="listAccounts", responses=responses(*CALLER_CODES, "not_permitted"))
def list_accounts(caller: Caller, db: Db, now: Now, after: After = "", limit: Limit = 100) -> Accounts:
    """Accounts with a role in a unit that the caller administers, by user name."""
    found = db.read(accounts.list_accounts, caller, now, after, limit + 1)
    page = [Account.model_validate(account) for account in found[:limit]]
    return Accounts(items=page, next=page[-1].username if len(found) > limit else None)


@router.post("/v1/accounts/{account_id}/grants", operation_id="grantRole", responses=responses(*CODES, "role_unknown"))
def grant(account_id: UUID, body: NewGrant, caller: Caller, db: Db, now: Now) -> Account:
    """Gives a role in a unit. Giving it again changes nothing."""
    given = Grant.of(body.unit, body.role)
    return Account.model_validate(db.write(accounts.grant, caller, str(account_id), given, now))


@router.delete(
    "/v1/accounts/{account_id}/grants/{unit}/{role}",
    operation_id="revokeRole",
    responses=responses(*CODES, "role_unknown"),
)
def revoke_grant(account_id: UUID, unit: UnitCode, role: ShortText, *, caller: Caller, db: Db, now: Now) -> Account:
    """Ends a role in a unit, from the next request of its holder on."""
    given = Grant.of(unit, role)
    return Account.model_validate(db.write(accounts.revoke_grant, caller, str(account_id), given, now))


@router.get("/v1/accounts/{account_id}/clients", operation_id="listClients", responses=responses(*CODES))
def list_clients(account_id: UUID, caller: Caller, db: Db, now: Now) -> list[Client]:
    """The devices of an account, oldest first."""
    found = db.read(clients.list_clients, caller, str(account_id), now)
    return [Client.model_validate(client) for client in found]


@router.post(
    "/v1/accounts/{account_id}/enrolments",
    operation_id="openEnrolment",
    status_code=status.HTTP_201_CREATED,
    responses=responses(*CODES),
    dependencies=[Depends(uncached)],
)
def open_enrolment(account_id: UUID, *, caller: Caller, db: Db, config: Config, secret: Secret, now: Now) -> Enrolment:
    """A code that lets one device in within 15 minutes, without a password."""
    made = db.write(enrolments.open_enrolment, caller, str(account_id), secret, now)
    uri = enrolments.enrolment_uri(config.public_url, made.code)
    picture = segno.make_qr(uri).svg_inline(scale=4)
    return Enrolment(code=made.code, expires_at=made.expires_at, uri=uri, qr_svg=picture)


@router.post(
    "/v1/clients/{client_id}/revoke",
    operation_id="revokeClient",
    responses=responses(*CALLER_CODES, "not_permitted", "client_unknown"),
)
def revoke_client(client_id: UUID, body: Revocation, caller: Caller, db: Db, now: Now) -> Client:
    """Shuts a device out from its next request on."""
    return Client.model_validate(db.write(clients.revoke_client, caller, str(client_id), body.revoked_as, now))
