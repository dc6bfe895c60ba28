"""Apps of third parties in the tests: Authlib speaks for them, with its own code and none of ours."""

import re
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from authlib.integrations.httpx_client import OAuth2Client

from auth import apps
from auth.accounts import OPERATOR
from auth.apps import NewApp
from people import PASSWORD, Province

EXAMPLE: dict[str, Any] = {}  # what docs/oauth.md shows to those who write an app
exec(
    re.findall(r"```python\n(.*?)```", (Path(__file__).parents[1] / "docs/oauth.md").read_text("utf-8"), re.DOTALL)[0],
    EXAMPLE,
)
BACK = "https://ung-dung.example/ve"
VERIFIER = "v" * 50
READ = "openid profile evidence.read"


def register(province: Province, **more) -> apps.AppView:
    said = {"name": "Bản đồ <an ninh>", "redirect_uris": (BACK,), "scope": READ} | more
    return province.db.write(apps.register, OPERATOR, NewApp(**said), province.clock.now())


def outsider(province: Province, app: apps.AppView, scope: str = READ, **more) -> OAuth2Client:
    client = OAuth2Client(
        client_id=app.id, client_secret=app.secret, scope=scope, redirect_uri=BACK, code_challenge_method="S256", **more
    )
    client._transport = province.http._transport  # the network between the two
    client._mounts = {}
    client.base_url = province.settings.public_url
    return client


def described(province: Province) -> dict:
    found = province.http.get("/.well-known/oauth-authorization-server").json()
    assert found == province.http.get("/.well-known/openid-configuration").json()
    return found


def asked(province: Province, client: OAuth2Client) -> str:
    """The address that the app sends a browser to."""
    uri, _ = EXAMPLE["send_away"](client, described(province), VERIFIER, "n-1")
    return str(uri)


def agreed(province: Province, uri: str, name: str = "lan", answer: str = "allow", **more):
    """A person before the page, in a browser that keeps what the form holds."""
    page = province.http.get(uri)
    assert page.status_code == 200, page.text
    hidden = {k: unescape(v) for k, v in re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page.text)}
    form = {**hidden, "username": name, "password": PASSWORD, "answer": answer, **more}
    return province.http.post("/oauth/authorize", data=form, follow_redirects=False)


def tokens(province: Province, app: apps.AppView, scope: str = READ, **more) -> tuple[OAuth2Client, dict, str]:
    client = outsider(province, app, scope)
    away = asked(province, client)
    landed = agreed(province, away, **more).headers["location"]
    state = parse_qs(urlsplit(away).query)["state"][0]
    made = EXAMPLE["come_back"](client, described(province), landed, VERIFIER, state)
    return client, made, landed


def bearer(made: dict) -> dict[str, str]:
    return {"Authorization": f"Bearer {made['access_token']}"}


def refused(answer) -> tuple[int, str]:
    assert answer.headers["cache-control"] == "no-store"
    return answer.status_code, answer.json()["error"]
