"""For administrators: accounts and their roles."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, status
from pydantic import Field, StringConstraints
from sqlmodel import Session

from auth import accounts, own_password, second_factor
from auth.passwords import generate_password, hash_password
from auth.principal import Grant, Principal
from service.deps import CALLER_CODES, Witnessed, uncached
from service.fields import Answer, Body, GrantItem, Instant, NewGrant, ShortText, UnitCode, Year, shown
from service.problems import responses

CODES = (*CALLER_CODES, "not_permitted", "account_unknown")
router = APIRouter(tags=["accounts"])

Username = Annotated[str, StringConstraints(pattern=f"^{accounts.USERNAME}$")]
After = Annotated[str, Query(max_length=64, pattern=r"^[A-Za-z0-9._@-]*$", description="`next` of the page before")]
Limit = Annotated[int, Query(ge=1, le=500)]


class NewAccount(Body):
    """Without a password the account is reached through an enrolled device only; one's holder chooses another."""

    username: Username
    name: ShortText
    password: Annotated[str | None, StringConstraints(max_length=256)] = None
    grants: Annotated[list[NewGrant], Field(default_factory=list, max_length=50)]


class GivenPassword(Answer):
    """To hand over in person."""

    password: str


class Account(Answer):
    """An account and the grants in force. `tied_to`: the outside provider through which its person may sign in."""

    id: str
    username: str
    name: str
    active: bool
    off_because: str | None
    created_at: Instant
    seen_at: Instant | None
    second_factor: Annotated[bool, Field(description="whether one is confirmed")]
    tied_to: str | None
    tied_at: Instant | None
    grants: list[GrantItem]


class Accounts(Answer):
    """One page; `next` goes into `after` for the following one, and is absent on the last."""

    items: list[Account]
    next: str | None = None


class Activity(Body):
    """Whether the account may sign in."""

    active: bool


@router.post(
    "/v1/accounts",
    operation_id="createAccount",
    status_code=status.HTTP_201_CREATED,
    responses=responses(*CALLER_CODES, "not_permitted", "account_exists", "role_unknown", "password_weak"),
)
def create_account(body: NewAccount, at: Witnessed) -> Account:
    """Makes an account; an administrator of a unit gives it a role there at once."""
    grants = tuple(item.grant() for item in body.grants)
    stored = hash_password(body.password) if body.password is not None else None
    given = {"grants": [shown(grant) for grant in grants]}
    new = (at.caller, body.username, body.name, at.now)
    made = at.write("account_created", _id, given, accounts.create_account, *new, grants=grants, password_hash=stored)
    return Account.model_validate(made)


@router.get("/v1/accounts", operation_id="listAccounts", responses=responses(*CALLER_CODES, "not_permitted"))
def list_accounts(at: Witnessed, after: After = "", limit: Limit = 100) -> Accounts:
    """Accounts with a role in a unit that the caller administers, by user name."""
    found = at.db.read(accounts.list_accounts, at.caller, at.now, after, limit + 1)
    at.saw("viewed", "", what="accounts", count=min(len(found), limit))
    page = [Account.model_validate(account) for account in found[:limit]]
    return Accounts(items=page, next=page[-1].username if len(found) > limit else None)


@router.post("/v1/accounts/{account_id}/grants", operation_id="grantRole", responses=responses(*CODES, "role_unknown"))
def grant(account_id: UUID, body: NewGrant, at: Witnessed) -> Account:
    """Gives a role in a unit, for one year or for all. Giving it again changes nothing."""
    given, whom = body.grant(), str(account_id)
    made = at.write("grant_given", whom, {"grant": shown(given)}, accounts.grant, at.caller, whom, given, at.now)
    return Account.model_validate(made)


@router.delete(
    "/v1/accounts/{account_id}/grants/{unit}/{role}",
    operation_id="revokeRole",
    responses=responses(*CODES, "role_unknown"),
)
def revoke_grant(
    account_id: UUID, unit: UnitCode, role: ShortText, *, at: Witnessed, year: Annotated[Year, Query()] = None
) -> Account:
    """Ends a role in a unit, from the next request of its holder on, and of those to whom it was delegated."""
    given, whom = Grant.of(unit, role, year), str(account_id)
    left = at.write("grant_ended", whom, {"grant": shown(given)}, accounts.revoke_grant, at.caller, whom, given, at.now)
    return Account.model_validate(left)


@router.put("/v1/accounts/{account_id}/active", operation_id="setAccountActive", responses=responses(*CODES))
def set_active(account_id: UUID, body: Activity, at: Witnessed) -> Account:
    """Switches an account on or off; off holds from its next request. What its phones hold stays on them."""
    act, whom = "account_on" if body.active else "account_off", str(account_id)
    at.write(act, whom, {}, accounts.set_active, at.caller, whom, body.active, at.now)  # type: ignore[arg-type]
    return Account.model_validate(at.db.read(accounts.view, whom, at.now))


@router.post(
    "/v1/accounts/{account_id}/password",
    operation_id="givePassword",
    responses=responses(*CODES),
    dependencies=[Depends(uncached)],
)
def give_password(account_id: UUID, at: Witnessed) -> GivenPassword:
    """A new password, shown this once, whose holder has to choose another. Every session of the account is closed."""
    password, whom = generate_password(), str(account_id)
    what = (at.caller, whom, hash_password(password), at.now)
    at.write("password_set", whom, {}, own_password.give, *what)
    return GivenPassword(password=password)


@router.delete(
    "/v1/accounts/{account_id}/second-factor",
    operation_id="resetSecondFactor",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=responses(*CODES),
)
def reset_second_factor(account_id: UUID, at: Witnessed) -> None:
    """For a person who has lost both phone and paper: forgets the second factor, so that a new one can be made."""
    at.write("second_factor_changed", str(account_id), {"reset": True}, _reset, at.caller, str(account_id), at.now)


def _id(made: accounts.AccountView) -> str:
    return made.id


def _reset(session: Session, by: Principal, account_id: str, now: int) -> None:
    accounts.administered(session, by, account_id, now)
    second_factor.reset(session, account_id)
