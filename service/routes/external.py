"""Signing in through the outside OpenID provider of the settings, and its word that somebody has left."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Response, status
from pydantic import Field, StringConstraints

from auth import external
from auth.clients import Install
from auth.errors import AuthError, OAuthRefused, ProviderUnavailable, TooManyRequests
from auth.external import Sought
from service.admitted import Session, admitted
from service.deps import CALLER_CODES, Config, Now, Outside, TokenKeys, Witnessed, uncached
from service.external_desk import Desk
from service.fields import Answer, Body, ShortText
from service.oauth import NO_STORE, Form, Query
from service.problems import responses

router = APIRouter(tags=["auth"], dependencies=[Depends(uncached)])
InstallId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{8,64}$")]
Verifier = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._~-]{43,128}$")]


class BeginExternal(Body):
    """`code_challenge` is S256 of a verifier that never leaves the app (RFC 7636); `state` comes back with the browser.

    `invitation`: an enrolment code; whoever signs in with it is this account at the provider from then on.
    """

    install_id: InstallId
    return_uri: Annotated[str, StringConstraints(max_length=500, pattern=r"^[\x21-\x7e]+$")]
    state: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._~-]{16,200}$")]
    code_challenge: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{43}$")]
    invitation: Annotated[str | None, StringConstraints(pattern=r"^[A-Za-z0-9 -]{10,20}$")] = None


class Away(Answer):
    """Where to send the person's own browser, within ten minutes."""

    sign_in_uri: str


class FinishExternal(Body):
    """What the browser came back with, and the verifier. Asked again after a lost answer, it lets in again."""

    code: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{43}$")]
    code_verifier: Verifier
    install_id: InstallId
    device_name: ShortText


class ExternalSession(Session):
    """`leave_uri`: where a browser goes to sign out at the provider as well; on a device that others use, do."""

    leave_uri: Annotated[str | None, Field(description="absent where the provider has no such page")] = None


@router.post(
    "/v1/auth/external",
    operation_id="beginExternalSignIn",
    responses=responses(
        "external_off", "return_uri_unknown", "enrolment_invalid", "provider_unavailable", "too_many_requests"
    ),
)
def begin(body: BeginExternal, at: Desk) -> Away:
    """Begins to sign in through the provider."""
    sought = Sought(body.install_id, body.return_uri, body.state, body.code_challenge)
    return Away(sign_in_uri=at.send(sought, body.invitation))


@router.get("/v1/auth/external/return", include_in_schema=False)
def come_back(query: Query, at: Desk) -> Response:
    """Where the provider sends the browser; it goes on to the app with `code` or `error`, and its `state`."""
    return at.take_back(query)


@router.post(
    "/v1/auth/external/finish",
    operation_id="finishExternalSignIn",
    responses=responses("external_invalid", "account_inactive", "client_revoked", "too_many_requests"),
)
def finish(body: FinishExternal, at: Desk, provider: Outside, config: Config, keys: TokenKeys) -> ExternalSession:
    """Lets the app in that has begun, and no other."""
    made = at.let_in(body.code, body.code_verifier, Install(body.install_id, body.device_name))
    let_in = admitted(keys, config, made, at.now)
    return ExternalSession(**dict(let_in), leave_uri=provider.leaving_address(at.now))


@router.post("/v1/auth/external/logout", include_in_schema=False)
def log_out(form: Form, at: Desk) -> Response:
    """OpenID Connect Back-Channel Logout 1.0 §2.5: the provider says that somebody has left."""
    try:
        at.log_out(form.get("logout_token", ""))
    except (ProviderUnavailable, TooManyRequests):
        raise
    except AuthError:
        raise OAuthRefused("invalid_request") from None
    return Response(headers=NO_STORE)


@router.delete(
    "/v1/accounts/{account_id}/identity",
    operation_id="untieIdentity",
    tags=["accounts"],
    status_code=status.HTTP_204_NO_CONTENT,
    responses=responses(*CALLER_CODES, "not_permitted", "account_unknown"),
)
def untie(account_id: UUID, at: Witnessed, now: Now) -> None:
    """Forgets who an account is at the provider, and closes the sessions that came of it."""
    at.write("identity_untied", str(account_id), {}, external.untie, at.caller, str(account_id), now)
