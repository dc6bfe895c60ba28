"""What an outside OpenID provider signs: ID tokens and logout tokens, believed in only as far as they were checked.

OpenID Connect Core §3.1.3.7, Back-Channel Logout §2.6, RFC 8725. The signature is `auth.tokens`' work.
"""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from auth.errors import TokenInvalid
from auth.tokens import LEEWAY, foreign_claims

LOGOUT_EVENT = "http://schemas.openid.net/event/backchannel-logout"
LONGEST_ID = 255  # OpenID Connect Core §2, of `sub`


@dataclass(frozen=True, slots=True)
class Trust:
    """Which provider is believed: its name, what it calls this service, the one algorithm that it signs with.

    `strong`: values of `acr` or `amr` by which it says that a second factor was shown.
    """

    issuer: str
    client_id: str
    algorithm: str
    strong: frozenset[str]


@dataclass(frozen=True, slots=True)
class Arrived:
    """Somebody whom the provider has signed in; `sid` names its session with them."""

    issuer: str
    subject: str
    strong: bool
    sid: str | None


@dataclass(frozen=True, slots=True)
class LoggedOut:
    """Whose sessions the provider wants closed: all of `subject`, or the ones of `sid`."""

    issuer: str
    subject: str | None
    sid: str | None


def arrived(token: str, keys: list[Mapping[str, Any]], trust: Trust, nonce: str, now: int) -> Arrived:
    """Reads an ID token, for the sign-in that `nonce` was made for. Raises KeyUnknown, TokenInvalid."""
    claims = _claims(token, keys, trust, now, {None, "jwt"})
    if not hmac.compare_digest(_text(claims, "nonce").encode(), nonce.encode()):
        raise TokenInvalid
    if _seconds(claims, "exp") <= now // 1000 - LEEWAY:
        raise TokenInvalid
    methods = claims.get("amr")
    said = {name for name in (methods if isinstance(methods, list) else []) if isinstance(name, str)}
    said |= {claims["acr"]} if isinstance(claims.get("acr"), str) else set()
    return Arrived(trust.issuer, _text(claims, "sub"), not said.isdisjoint(trust.strong), _optional(claims, "sid"))


def logged_out(token: str, keys: list[Mapping[str, Any]], trust: Trust, now: int) -> LoggedOut:
    """Reads a logout token, for ten minutes after it was made. Raises KeyUnknown, TokenInvalid."""
    claims = _claims(token, keys, trust, now, {None, "jwt", "logout+jwt"})
    events = claims.get("events")
    if not isinstance(events, dict) or LOGOUT_EVENT not in events or "nonce" in claims:
        raise TokenInvalid
    if _seconds(claims, "iat") + 600 <= now // 1000 - LEEWAY:
        raise TokenInvalid
    subject, sid = _optional(claims, "sub"), _optional(claims, "sid")
    if subject is None and sid is None:
        raise TokenInvalid
    return LoggedOut(trust.issuer, subject, sid)


def _claims(
    token: str, keys: list[Mapping[str, Any]], trust: Trust, now: int, types: set[str | None]
) -> dict[str, Any]:
    """What both kinds have: by the provider, for this service alone, and not from the future."""
    claims = foreign_claims(token, keys, trust.algorithm, types)
    audience = claims.get("aud")
    others = audience if isinstance(audience, list) else [audience]
    if claims.get("iss") != trust.issuer or trust.client_id not in others:
        raise TokenInvalid
    party = claims.get("azp")
    if party != trust.client_id and (party is not None or len(others) > 1):
        raise TokenInvalid
    begins = [_seconds(claims, name) for name in ("iat", "nbf") if name != "nbf" or name in claims]
    if max(begins) > now // 1000 + LEEWAY:
        raise TokenInvalid
    return claims


def _text(claims: dict[str, Any], name: str) -> str:
    value = claims.get(name)
    if not isinstance(value, str) or not value or len(value) > LONGEST_ID or "\0" in value:
        raise TokenInvalid
    return value


def _optional(claims: dict[str, Any], name: str) -> str | None:
    return None if claims.get(name) is None else _text(claims, name)


def _seconds(claims: dict[str, Any], name: str) -> float:
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TokenInvalid
    return value
