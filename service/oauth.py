"""What the authorization server reads and answers: forms, client authentication, tokens, errors by RFC 6749 §5.

Its own words, not problem documents, because the apps that ask speak OAuth and nothing of ours (docs/oauth.md).
"""

import base64
import binascii
from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import parse_qsl, unquote_plus, urlencode, urlsplit

from fastapi import Depends, Request
from fastapi.responses import JSONResponse, RedirectResponse

from auth.app_grants import CHALLENGE, Asked, Granted, scope_of
from auth.app_models import App
from auth.apps import live_app, proved, redirects_to
from auth.errors import OAuthRefused
from auth.guesses import ADDRESS
from auth.tokens import LIFETIME, issue_access, sign
from service.deps import Config, Db, Guessed, Now, Source, TokenKeys
from service.settings import Settings

LONGEST = 16 * 1024
NO_STORE = {"Cache-Control": "no-store", "Pragma": "no-cache"}


def pairs(text: str) -> dict[str, str]:
    """Parameters, each of which stands once (RFC 6749 §3.1). Raises OAuthRefused."""
    try:
        found = parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=50)
    except ValueError:
        raise OAuthRefused("invalid_request") from None
    if len(found) != len(dict(found)) or any("\0" in value for _, value in found):
        raise OAuthRefused("invalid_request")
    return dict(found)


async def _form(request: Request) -> dict[str, str]:
    """The body of a form. Raises OAuthRefused."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    body = await request.body()
    if kind != "application/x-www-form-urlencoded" or len(body) > LONGEST or not body.isascii():
        raise OAuthRefused("invalid_request")
    return pairs(body.decode())


async def _query(request: Request) -> dict[str, str]:
    return pairs(request.scope["query_string"].decode("latin-1"))


Form = Annotated[dict[str, str], Depends(_form)]
Query = Annotated[dict[str, str], Depends(_query)]


def _app(request: Request, form: Form, db: Db, guesses: Guessed, source: Source, now: Now) -> App:
    """The app that asks, by one way of showing its secret (RFC 6749 §2.3). Raises OAuthRefused, TooManyRequests."""
    guesses.ask(now, (ADDRESS, source))
    app_id, secret = _shown(request.headers.getlist("authorization"), form)
    try:
        return db.read(proved, app_id, secret)
    except OAuthRefused:
        guesses.spend(now, (ADDRESS, source))
        raise


def _shown(headers: list[str], form: dict[str, str]) -> tuple[str, str | None]:
    if not headers:
        return form.get("client_id", ""), form.get("client_secret")
    scheme, _, value = headers[0].partition(" ")
    if len(headers) > 1 or scheme.lower() != "basic" or "client_secret" in form:
        raise OAuthRefused("invalid_request")
    try:
        name, _, secret = base64.b64decode(value, validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        raise OAuthRefused("invalid_client") from None
    if form.get("client_id", unquote_plus(name)) != unquote_plus(name):
        raise OAuthRefused("invalid_request")
    return unquote_plus(name), unquote_plus(secret)


ProvedApp = Annotated[App, Depends(_app)]


@dataclass(frozen=True, slots=True)
class _Issuer:
    """Makes the token answers (RFC 6749 §5.1, RFC 9068, OpenID Connect Core §3.1.3.3)."""

    keys: TokenKeys
    config: Config
    now: Now

    def tokens(self, app: App, granted: Granted, *, refreshable: bool = True) -> JSONResponse:
        made, names = granted.session, granted.scope.split()
        told = {"client_id": app.id, "scope": granted.scope, "sid": made.family}
        access = issue_access(
            self.keys, self.config.public_url, made.account_id, made.client_id, self.now, strong=made.strong, app=told
        )
        body: dict[str, Any] = {"access_token": access, "token_type": "Bearer", "expires_in": LIFETIME}
        body["scope"] = granted.scope
        if refreshable:
            body["refresh_token"] = made.refresh_token
        if "openid" in names and granted.authenticated_at:
            body["id_token"] = self._id_token(app, granted)
        return JSONResponse(body, headers=NO_STORE)

    def _id_token(self, app: App, granted: Granted) -> str:
        seconds = self.now // 1000
        said: dict[str, Any] = {
            "iss": self.config.public_url,
            "aud": app.id,
            "sub": granted.session.account_id,
            "iat": seconds,
            "exp": seconds + LIFETIME,
            "auth_time": granted.authenticated_at // 1000,
            "amr": ["pwd", "mfa"] if granted.session.strong else ["pwd"],
        }
        return sign(self.keys, "JWT", said | ({"nonce": granted.nonce} if granted.nonce else {}))


Issuer = Annotated[_Issuer, Depends()]


def asked(query: dict[str, str], db: Db) -> tuple[App, str]:
    """The app of an authorization request, and where its browser may be sent. Raises AppUnknown, OAuthRefused."""
    app = db.read(live_app, query.get("client_id"))
    if not redirects_to(app, query.get("redirect_uri", "")):
        raise OAuthRefused("invalid_request")
    return app, query["redirect_uri"]


def checked(app: App, query: dict[str, str]) -> Asked:
    """The rest of the request. Raises OAuthRefused, which may go to the app."""
    if query.get("response_type") != "code":
        raise OAuthRefused("unsupported_response_type")
    if "authorization_code" not in app.grant_types.split():
        raise OAuthRefused("unauthorized_client")
    challenge = query.get("code_challenge", "")
    if query.get("code_challenge_method") != "S256" or not CHALLENGE.fullmatch(challenge):
        raise OAuthRefused("invalid_request")  # RFC 7636 §4.4.1; `plain` protects nothing
    if "request" in query or "request_uri" in query or query.get("response_mode", "query") != "query":
        raise OAuthRefused("invalid_request")
    if query.get("prompt") == "none":
        raise OAuthRefused("login_required")
    if len(query.get("nonce", "")) > 512 or len(query.get("state", "")) > 2048:
        raise OAuthRefused("invalid_request")
    return Asked(app.id, query["redirect_uri"], scope_of(app, query.get("scope", "")), challenge, query.get("nonce"))


def back(config: Settings, query: dict[str, str], **said: str) -> RedirectResponse:
    """Sends the browser to the app with a code or an error, its `state`, and who says so (RFC 9207)."""
    uri = query["redirect_uri"]
    more = {**said, **({"state": query["state"]} if "state" in query else {}), "iss": config.public_url}
    join = "&" if urlsplit(uri).query else "?"
    return RedirectResponse(f"{uri}{join}{urlencode(more)}", 303, NO_STORE)


def refused(_request: Request, error: Any) -> JSONResponse:
    """RFC 6749 §5.2: 401 where the app could not be told, with the way it may try again."""
    if error.error == "invalid_client":
        return JSONResponse({"error": error.error}, 401, {**NO_STORE, "WWW-Authenticate": 'Basic realm="oauth"'})
    return JSONResponse({"error": error.error}, 400, NO_STORE)


def metadata(config: Settings, scopes: list[str]) -> dict[str, Any]:
    """RFC 8414 and OpenID Connect Discovery say the same here."""
    base = config.public_url.rstrip("/")
    ways = ["client_secret_basic", "client_secret_post", "none"]
    return {
        "issuer": config.public_url,
        "authorization_endpoint": f"{base}/oauth/authorize",
        "token_endpoint": f"{base}/oauth/token",
        "userinfo_endpoint": f"{base}/oauth/userinfo",
        "revocation_endpoint": f"{base}/oauth/revoke",
        "introspection_endpoint": f"{base}/oauth/introspect",
        "device_authorization_endpoint": f"{base}/oauth/device_authorization",
        "jwks_uri": f"{base}/.well-known/jwks.json",
        "scopes_supported": scopes,
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": [
            "authorization_code",
            "refresh_token",
            "client_credentials",
            "urn:ietf:params:oauth:grant-type:device_code",
        ],
        "code_challenge_methods_supported": ["S256"],
        "token_endpoint_auth_methods_supported": ways,
        "revocation_endpoint_auth_methods_supported": ways,
        "introspection_endpoint_auth_methods_supported": ways[:2],
        "authorization_response_iss_parameter_supported": True,
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["ES256"],
        "claims_supported": [
            "iss",
            "sub",
            "aud",
            "exp",
            "iat",
            "auth_time",
            "nonce",
            "amr",
            "name",
            "preferred_username",
        ],
        "ui_locales_supported": ["vi", "en"],
        "request_parameter_supported": False,
        "request_uri_parameter_supported": False,
    }
