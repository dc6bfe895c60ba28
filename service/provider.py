"""The outside OpenID provider of the settings: its addresses, its keys, and the exchange of codes.

The only caller of it. What it answers is as foreign as what a phone sends: bounded, of one shape, and checked before it
is believed (OWASP API10). It follows no redirect, and no transaction is open while it waits.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode, urlsplit

import httpx

from auth.errors import ExternalOff, KeyUnknown, ProviderUnavailable
from auth.id_tokens import Arrived, LoggedOut, Trust, arrived, logged_out
from service.settings import Settings

HOUR_MS, MINUTE_MS = 3_600_000, 60_000
PATIENCE = httpx.Timeout(10, connect=5)  # seconds
LARGEST = 256 * 1024
ADDRESSES = ("authorization_endpoint", "token_endpoint", "jwks_uri")


@dataclass(slots=True)
class _Known:
    """What the provider has said last, and when (ms)."""

    about: dict[str, Any] = field(default_factory=dict)
    about_at: int = -HOUR_MS
    keys: list[Mapping[str, Any]] = field(default_factory=list)
    keys_at: int = -HOUR_MS


class Provider:
    """One for a process. Its methods raise ExternalOff where the settings name no provider."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._known = _Known()

    @property
    def trust(self) -> Trust:
        given = self.settings
        if given.oidc_issuer is None:
            raise ExternalOff
        return Trust(given.oidc_issuer, given.oidc_client_id, given.oidc_algorithm, frozenset(given.oidc_strong))

    @property
    def return_address(self) -> str:
        """Where the provider sends browsers back to; to be registered there letter by letter."""
        return f"{self.settings.public_url.rstrip('/')}/v1/auth/external/return"

    def sign_in_address(self, state: str, nonce: str, challenge: str, now: int) -> str:
        """Where a browser is sent to sign in (RFC 6749 §4.1.1, RFC 7636). Raises ProviderUnavailable."""
        address = self._about(now)["authorization_endpoint"]
        said = {
            "response_type": "code",
            "client_id": self.trust.client_id,
            "redirect_uri": self.return_address,
            "scope": "openid",
            "state": state,
            "nonce": nonce,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        return f"{address}{'&' if urlsplit(address).query else '?'}{urlencode(said)}"

    def answers_as(self, said: str | None, now: int) -> bool:
        """Whether an answer that came through a browser is this provider's (RFC 9207)."""
        named = self._about(now).get("authorization_response_iss_parameter_supported") is True
        return said == self.trust.issuer if said is not None or named else True

    def exchange(self, code: str, verifier: str, nonce: str, now: int) -> Arrived:
        """Who has signed in. Raises ProviderUnavailable, and TokenInvalid for what it should not have said."""
        about, secret = self._about(now), self.settings.oidc_client_secret
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": self.return_address}
        form["code_verifier"] = verifier
        basic = None
        if secret is None:
            form["client_id"] = self.trust.client_id
        else:
            basic = httpx.BasicAuth(*(_encoded(word) for word in (self.trust.client_id, secret.get_secret_value())))
        token = _asked("POST", about["token_endpoint"], data=form, auth=basic).get("id_token")
        if not isinstance(token, str):
            raise ProviderUnavailable
        try:
            return arrived(token, self._keys(now), self.trust, nonce, now)
        except KeyUnknown:
            return arrived(token, self._keys(now, anew=True), self.trust, nonce, now)

    def logged_out(self, token: str, now: int) -> LoggedOut:
        """What a logout token says. Raises TokenInvalid, ProviderUnavailable."""
        try:
            return logged_out(token, self._keys(now), self.trust, now)
        except KeyUnknown:
            return logged_out(token, self._keys(now, anew=True), self.trust, now)

    def leaving_address(self, now: int) -> str | None:
        """Where a browser goes to end the provider's own session (RP-Initiated Logout 1.0), if that is known."""
        try:
            found = self._about(now).get("end_session_endpoint")
        except ProviderUnavailable:
            return None
        return found if isinstance(found, str) and self._as_safe(found) else None

    def _about(self, now: int) -> dict[str, Any]:
        """OpenID Connect Discovery §4; read once an hour, and an old answer counts while no new one is to be had."""
        if now - self._known.about_at < HOUR_MS:
            return self._known.about
        issuer = self.trust.issuer
        try:
            found = _asked("GET", f"{issuer.rstrip('/')}/.well-known/openid-configuration")
            if found.get("issuer") != issuer or not all(self._as_safe(found.get(name)) for name in ADDRESSES):
                raise ProviderUnavailable  # noqa: TRY301  # as if it had said nothing
        except ProviderUnavailable:
            if not self._known.about:
                raise
            return self._known.about
        self._known.about, self._known.about_at = found, now
        return found

    def _keys(self, now: int, *, anew: bool = False) -> list[Mapping[str, Any]]:
        """Its key set; asked again for a key that is missing, at most once a minute."""
        if now - self._known.keys_at < (MINUTE_MS if anew else HOUR_MS):
            return self._known.keys
        try:
            found = _asked("GET", self._about(now)["jwks_uri"]).get("keys")
        except ProviderUnavailable:
            if not self._known.keys:
                raise
            return self._known.keys
        listed = found if isinstance(found, list) else []
        self._known.keys, self._known.keys_at = [key for key in listed if isinstance(key, dict)], now
        return self._known.keys

    def _as_safe(self, address: object) -> bool:
        """Whether an address of the provider is no less guarded than the provider itself."""
        if not isinstance(address, str):
            return False
        parts = urlsplit(address)
        return bool(parts.hostname) and parts.scheme in {"https", urlsplit(self.trust.issuer).scheme}


def _asked(method: str, url: str, **how: Any) -> dict[str, Any]:
    """The JSON object that the provider answers with. Raises ProviderUnavailable; of why, nothing is told on."""
    try:
        with httpx.Client(timeout=PATIENCE, follow_redirects=False) as client, client.stream(method, url, **how) as got:
            body = b""
            for piece in got.iter_bytes():
                body += piece
                if len(body) > LARGEST:
                    raise ProviderUnavailable
            said = json.loads(body) if got.status_code == 200 else None
    except (httpx.HTTPError, httpx.InvalidURL, ValueError, RecursionError):
        raise ProviderUnavailable from None
    if not isinstance(said, dict):
        raise ProviderUnavailable
    return said


def _encoded(word: str) -> str:
    """RFC 6749 §2.3.1."""
    return urlencode({"": word})[1:]
