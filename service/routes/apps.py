"""Third-party apps: registered by administrators, listed and shut out by those who let them in."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, status
from pydantic import Field

from auth import apps
from service.deps import CALLER_CODES, Caller, Db, Witnessed, uncached
from service.fields import Answer, Body, Instant, ShortText
from service.problems import responses

router = APIRouter(tags=["apps"])
GrantType = Literal["authorization_code", "client_credentials", "urn:ietf:params:oauth:grant-type:device_code"]
CODES = (*CALLER_CODES, "not_permitted")


class NewApp(Body):
    """An app of a third party; `public` ones run where a secret cannot be kept."""

    name: ShortText
    redirect_uris: Annotated[tuple[Annotated[str, Field(max_length=500)], ...], Field(max_length=10)] = ()
    scope: Annotated[str, Field(max_length=200, description="all that it may ask for, space-separated")] = "openid"
    grant_types: Annotated[tuple[GrantType, ...], Field(max_length=3)] = ("authorization_code",)
    public: bool = False
    account_id: Annotated[UUID | None, Field(description="the account as which it acts by client_credentials")] = None


class App(Answer):
    """An app; `secret` is shown once, when it was made."""

    id: str
    name: str
    redirect_uris: list[str]
    scope: str
    grant_types: list[str]
    public: bool
    account_id: str | None
    active: bool
    created_at: Instant
    secret: str | None


class Consent(Answer):
    """An app that one has let in, and for what."""

    app_id: str
    name: str
    scope: str
    given_at: Instant


@router.post(
    "/v1/apps",
    operation_id="registerApp",
    status_code=status.HTTP_201_CREATED,
    responses=responses(*CODES, "app_invalid", "account_unknown"),
    dependencies=[Depends(uncached)],
)
def register(body: NewApp, at: Witnessed) -> App:
    """Registers an app of a third party; hand its `id` and `secret` over, the secret is not kept."""
    said = body.model_dump()
    new = apps.NewApp(**said | {"account_id": str(body.account_id) if body.account_id else None})
    facts = {"scope": new.scope, "grants": list(new.grant_types)}
    made = at.write("oauth_client_changed", _id, facts, apps.register, at.caller, new, at.now)
    return App.model_validate(made)


@router.get("/v1/apps", operation_id="listApps", responses=responses(*CODES))
def list_apps(at: Witnessed) -> list[App]:
    """Every app that was registered."""
    found = at.db.read(apps.list_apps, at.caller)
    at.saw("viewed", "", what="apps", count=len(found))
    return [App.model_validate(app) for app in found]


@router.delete("/v1/apps/{app_id}", operation_id="shutOutApp", responses=responses(*CODES, "app_unknown"))
def shut_out(app_id: UUID, at: Witnessed) -> App:
    """Switches an app off for everybody, from its next request on."""
    which = str(app_id)
    gone = at.write("oauth_client_changed", which, {"active": False}, apps.shut_out, at.caller, which, at.now)
    return App.model_validate(gone)


@router.get("/v1/consents", operation_id="listConsents", responses=responses(*CALLER_CODES))
def list_consents(caller: Caller, db: Db) -> list[Consent]:
    """The apps that one has let in."""
    return [Consent.model_validate(one) for one in db.read(apps.consents, caller.account_id)]


@router.delete(
    "/v1/consents/{app_id}",
    operation_id="withdrawConsent",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=responses(*CALLER_CODES, "app_unknown"),
)
def withdraw_consent(app_id: UUID, at: Witnessed) -> None:
    """Shuts an app out of one's account at once."""
    which = str(app_id)
    at.write("consent_withdrawn", which, {}, apps.withdraw, at.caller.account_id, which, at.now)


def _id(made: apps.AppView) -> str:
    return made.id
