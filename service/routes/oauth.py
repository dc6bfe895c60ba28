"""The authorization server (RFC 6749, 7009, 7636, 7662, 8414, 8628, 9207; OpenID Connect Core and Discovery).

Not in the OpenAPI description: the metadata documents describe it, and its errors are those of the RFCs.
"""

from typing import Any

from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse

from auth import accounts
from auth.app_grants import DEVICE_LIFETIME, INTERVAL
from auth.scopes import SCOPES
from service.deps import Bearer, Caller, Config, Db, Now
from service.oauth import NO_STORE, Form, Query, metadata
from service.oauth_desk import DEVICE_PAGE, Desk
from service.oauth_tokens import Counter

router = APIRouter(tags=["oauth"], include_in_schema=False)


@router.get("/.well-known/oauth-authorization-server", operation_id="authorizationServer")
def authorization_server(config: Config, response: Response) -> dict[str, Any]:
    """RFC 8414: where everything is and what it takes."""
    response.headers["Cache-Control"] = "max-age=3600"
    return metadata(config, list(SCOPES))


@router.get("/.well-known/openid-configuration", operation_id="openidConfiguration")
def openid_configuration(config: Config, response: Response) -> dict[str, Any]:
    """OpenID Connect Discovery 1.0 §4."""
    return authorization_server(config, response)


@router.get("/oauth/authorize", operation_id="askConsent")
def ask_consent(query: Query, desk: Desk) -> Response:
    """The page on which a person is asked to let an app in."""
    return desk.show(query)


@router.post("/oauth/authorize", operation_id="answerConsent")
def answer_consent(form: Form, desk: Desk) -> Response:
    """What that page sends."""
    return desk.answer(form)


@router.post("/oauth/token", operation_id="token")
def token(counter: Counter) -> Response:
    """Exchanges a code, a refresh token, a device's code, or an app's own secret."""
    return counter.tokens()


@router.post("/oauth/device_authorization", operation_id="beginDevice")
def begin_device(counter: Counter, config: Config) -> Response:
    """A device without a browser asks for two codes: one that it keeps, one that it shows."""
    device, user = counter.begin_device()
    page = config.public_url.rstrip("/") + DEVICE_PAGE
    told = {"device_code": device, "user_code": user, "verification_uri": page}
    times = {"expires_in": DEVICE_LIFETIME // 1000, "interval": INTERVAL}
    return JSONResponse({**told, "verification_uri_complete": f"{page}?user_code={user}", **times}, headers=NO_STORE)


@router.get(DEVICE_PAGE, operation_id="askDevice")
def ask_device(query: Query, desk: Desk) -> Response:
    """The page on which a person types the code of a device."""
    return desk.show_device(query.get("user_code"))


@router.post(DEVICE_PAGE, operation_id="answerDevice")
def answer_device(form: Form, desk: Desk) -> Response:
    """What that page sends."""
    return desk.answer_device(form)


@router.post("/oauth/revoke", operation_id="revokeToken")
def revoke(counter: Counter) -> Response:
    """Closes the session of a token."""
    return counter.revoke()


@router.post("/oauth/introspect", operation_id="introspectToken")
def introspect(counter: Counter) -> Response:
    """Whether a token is in force, and for what."""
    return counter.introspect()


@router.get("/oauth/userinfo", operation_id="userinfo")
def userinfo(caller: Caller, claims: Bearer, db: Db, now: Now) -> dict[str, str]:
    """OpenID Connect Core §5.3."""
    account = db.read(accounts.view, caller.account_id, now)
    shown = {"name": account.name, "preferred_username": account.username}
    return {"sub": caller.account_id, **(shown if "profile" in (claims.scope or "").split() else {})}
