"""Signing in through a provider that answers whatever it likes, and what comes of it in both databases.

The provider of somebody else that answers as it should is in `tests/e2e/test_openid_provider.py`.
"""

import hashlib
import json
import threading
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from auth import audit, external
from people import Person, Province
from sync.instant import iso

KEY = rsa.generate_private_key(65537, 2048)
APP = "vn.minhchung.app:/ve"
VERIFIER = "v" * 50
INSTALL = {"install_id": "phone-of-lan", "device_name": "Điện thoại"}


class Provider:
    """Answers `self.said` by path, with faults that a test puts there; what it was asked is in `self.asked`."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.said: dict[str, Any] = {}
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:  # the name that the library calls
                self.rfile.read(int(self.headers.get("content-length") or 0))
                outer.asked.append(self.path)
                said = outer.said.get(self.path, 404)
                body = b"" if isinstance(said, int) else said if isinstance(said, bytes) else json.dumps(said).encode()
                self.send_response(said if isinstance(said, int) else 200)
                if said == 302:
                    self.send_header("Location", f"{outer.issuer}/elsewhere")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_POST = do_GET  # noqa: N815

            def log_message(self, *_args: Any) -> None: ...

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.issuer = f"http://127.0.0.1:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01})
        self.thread.start()
        ends = {"authorization_endpoint": "auth", "token_endpoint": "token", "jwks_uri": "keys"}
        about = {"issuer": self.issuer, **{name: f"{self.issuer}/{path}" for name, path in ends.items()}}
        self.said["/.well-known/openid-configuration"] = about
        self.said["/keys"] = {"keys": [json.loads(RSAAlgorithm.to_jwk(KEY.public_key())) | {"kid": "one"}]}

    def signs(self, now: int, **claims: Any) -> str:
        times = {"iat": now // 1000, "exp": now // 1000 + 300}
        said = {"iss": self.issuer, "aud": "minhchung", "sub": "cb-1", **times, **claims}
        return jwt.encode(said, KEY, "RS256", {"kid": "one"})

    def tells(self, now: int, **claims: Any) -> None:
        """The answer at its token endpoint."""
        self.said["/token"] = {"id_token": self.signs(now, **claims), "access_token": "x", "token_type": "Bearer"}

    def close(self) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


@pytest.fixture
def provider() -> Iterator[Provider]:
    made = Provider()
    yield made
    made.close()


def joined(province: Province, provider: Provider) -> None:
    """The province takes this provider, as its settings would say."""
    more = {"oidc_issuer": provider.issuer, "oidc_client_id": "minhchung", "oidc_return_uris": (APP,)}
    province.app.state.settings = province.settings = province.settings.model_copy(update=more)
    province.app.state.provider = type(province.app.state.provider)(province.settings)


def begun(province: Province, **more: str) -> Any:
    challenge = urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
    body = {"install_id": "phone-of-lan", "return_uri": APP, "state": "s" * 20, "code_challenge": challenge}
    return province.http.post("/v1/auth/external", json=body | more)


def sent(province: Province, **more: str) -> dict[str, str]:
    """What stands in the address that a browser is sent to."""
    answer = begun(province, **more)
    assert answer.status_code == 200, answer.text
    return {name: values[0] for name, values in parse_qs(urlsplit(answer.json()["sign_in_uri"]).query).items()}


def back(province: Province, state: str, **more: str) -> dict[str, str]:
    """What the app gets when the browser comes back."""
    asked = {"state": state, "code": "c", **more}
    answer = province.http.get("/v1/auth/external/return", params=asked, follow_redirects=False)
    assert answer.status_code == 303, answer.text
    return {name: values[0] for name, values in parse_qs(urlsplit(answer.headers["location"]).query).items()}


def finished(province: Province, code: str, **more: str) -> Any:
    body = {"code": code, "code_verifier": VERIFIER, **INSTALL, **more}
    return province.http.post("/v1/auth/external/finish", json=body)


def code_for(province: Province, username: str) -> str:
    answer = province["quan"].post(f"/v1/accounts/{province[username].account_id}/enrolments", None)
    return str(answer.json()["code"])


def came_in(province: Province, provider: Provider, **more: str) -> Any:
    away = sent(province, **more)
    provider.tells(province.clock.now(), nonce=away["nonce"], sid="s1")
    return finished(province, back(province, away["state"])["code"])


def test_an_administrator_ties_and_unties_and_the_provider_closes(province: Province, provider: Provider) -> None:
    joined(province, provider)
    lan: Person = province["lan"]
    session = came_in(province, provider, invitation=code_for(province, "lan")).json()
    assert (session["account_id"], session["client_id"]) == (lan.account_id, lan.client_id)  # her queue goes on
    second = came_in(province, provider).json()
    assert province.db.read(external.identity_of, lan.account_id).subject == "cb-1"
    assert lan.get("/v1/privacy/me").json()["identity"]["subject"] == "cb-1"
    accounts = province["quan"].get("/v1/accounts").json()["items"]
    tied = {a["username"]: (a["tied_to"], a["tied_at"]) for a in accounts if a["tied_to"]}
    assert tied == {"lan": (province.app.state.settings.oidc_issuer, iso(province.clock.now()))}

    now, event = province.clock.now(), {"http://schemas.openid.net/event/backchannel-logout": {}}
    form = {"logout_token": provider.signs(now, jti="1", events=event, sid="another")}
    assert province.http.post("/v1/auth/external/logout", data=form).status_code == 200
    refreshed = province.http.post("/v1/auth/refresh", json={"refresh_token": second["refresh_token"]})
    assert refreshed.status_code == 200  # another session of hers, on another machine
    form["logout_token"] = provider.signs(now, jti="2", events=event)
    assert province.http.post("/v1/auth/external/logout", data=form).status_code == 200
    left = province.http.post("/v1/auth/refresh", json={"refresh_token": refreshed.json()["refresh_token"]})
    assert left.json()["code"] == "refresh_invalid"

    province.clock.advance(60_000)
    third = came_in(province, provider).json()
    url = f"/v1/accounts/{lan.account_id}/identity"
    assert province["nam"].delete(url).json()["code"] == "account_unknown"
    assert province["quan"].delete(url).status_code == 204
    shut = province.http.post("/v1/auth/refresh", json={"refresh_token": third["refresh_token"]})
    assert shut.json()["code"] == "refresh_invalid"
    away = sent(province)
    provider.tells(province.clock.now(), nonce=away["nonce"])
    assert back(province, away["state"])["error"] == "identity_unknown"
    acts = [entry.act for entry in province.db.read(audit.entries)]
    for act in ("identity_tied", "identity_untied", "signed_in", "signed_out", "sign_in_failed"):
        assert act in acts
    province.clock.advance(24 * 3_600_000)
    province.db.write(external.sweep, province.clock.now())


def test_nothing_is_believed_that_the_provider_should_not_say(ward: Province, provider: Provider) -> None:
    joined(ward, provider)
    came_in(ward, provider, invitation=code_for(ward, "lan"))

    def refused(**claims: Any) -> str:
        away = sent(ward)
        provider.tells(ward.clock.now(), **({"nonce": away["nonce"]} | claims))
        return back(ward, away["state"])["error"]

    assert refused(nonce="of another trip") == "external_invalid"
    assert refused(aud="portal") == "external_invalid"
    assert refused(exp=ward.clock.now() // 1000 - 120) == "external_invalid"
    assert back(ward, sent(ward)["state"], iss="https://evil.example")["error"] == "external_invalid"
    assert back(ward, sent(ward)["state"], code="")["error"] == "external_invalid"  # the person said no
    for odd in (302, 500, b"[" * 300_000, b'"text"', b"{" + b" " * 300_000 + b"}", {"id_token": 7}):
        provider.said["/token"] = odd
        assert back(ward, sent(ward)["state"])["error"] == "provider_unavailable"
    assert "/elsewhere" not in provider.asked
    old = sent(ward)
    ward.clock.advance(10 * 60_000)
    answer = ward.http.get("/v1/auth/external/return", params={"state": old["state"], "code": "c"})
    assert answer.status_code == 400
    ward.app.state.provider = type(ward.app.state.provider)(ward.settings)
    for fault in ({"issuer": "https://evil.example"}, {"token_endpoint": "file:///etc/passwd"}, {"jwks_uri": None}):
        about = provider.said["/.well-known/openid-configuration"]
        provider.said["/.well-known/openid-configuration"] = about | fault
        assert begun(ward).json()["code"] == "provider_unavailable"
        provider.said["/.well-known/openid-configuration"] = about
    assert begun(ward).status_code == 200


def test_only_the_app_that_began_is_let_in(ward: Province, provider: Provider) -> None:
    assert begun(ward).json()["code"] == "external_off"
    joined(ward, provider)
    assert begun(ward, return_uri="https://evil.example/ve").json()["code"] == "return_uri_unknown"
    away = sent(ward, invitation=code_for(ward, "lan"))
    provider.tells(ward.clock.now(), nonce=away["nonce"])
    code = back(ward, away["state"])["code"]
    for wrong in ({"code_verifier": "w" * 50}, {"install_id": "phone-of-thief"}, {"code": "x" * 43}):
        assert finished(ward, **({"code": code} | wrong)).json()["code"] == "external_invalid"
    used = finished(ward, code).json()
    ward.http.post("/v1/auth/refresh", json={"refresh_token": used["refresh_token"]})
    assert finished(ward, code).json()["code"] == "external_invalid"  # what it gave was used
    away = sent(ward)
    provider.tells(ward.clock.now(), nonce=away["nonce"])
    late = back(ward, away["state"])["code"]
    ward.clock.advance(60_000)
    assert finished(ward, late).json()["code"] == "external_invalid"
    form = {"logout_token": "a.b.c"}
    answer = ward.http.post("/v1/auth/external/logout", data=form)
    assert (answer.status_code, answer.json()) == (400, {"error": "invalid_request"})


def test_a_new_key_of_the_provider_is_asked_for_once_a_minute(ward: Province, provider: Provider) -> None:
    joined(ward, provider)
    keys, provider.said["/keys"] = provider.said["/keys"], {"keys": []}
    away = sent(ward, invitation=code_for(ward, "lan"))
    provider.tells(ward.clock.now(), nonce=away["nonce"])
    assert back(ward, away["state"])["error"] == "external_invalid"
    provider.said["/keys"] = keys
    for _ in range(3):
        away = sent(ward)
        provider.tells(ward.clock.now(), nonce=away["nonce"])
        assert back(ward, away["state"])["error"] == "external_invalid"
    assert provider.asked.count("/keys") == 1
    ward.clock.advance(60_000)
    assert came_in(ward, provider, invitation=code_for(ward, "lan")).status_code == 200
    provider.said = {"/token": provider.said["/token"]}  # the rest is away: what was known counts on
    ward.clock.advance(2 * 3_600_000)
    assert came_in(ward, provider).status_code == 200
