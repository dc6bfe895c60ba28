"""Signing in through somebody else's certified OpenID provider: it, the service and the browser are real processes."""

import hashlib
import json
import re
import shutil
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

import npm_packages
from auth import accounts, enrolments
from auth.accounts import OPERATOR
from auth.keys import load_secret
from people import PASSWORD
from postgres import free_port
from served import Served
from service.clock import SystemClock
from service.db import Database
from service.settings import Settings

SECRET = "a secret that province and service share"
APP = "vn.minhchung.app:/ve"


class Town:
    """A service, the province's provider beside it, and browsers that go from one to the other."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.issuer = f"http://127.0.0.1:{free_port()}"
        port = free_port()
        here = f"http://127.0.0.1:{port}"
        said = {"MINHCHUNG_PUBLIC_URL": here, "MINHCHUNG_SECOND_FACTOR": "true", "MINHCHUNG_ACCOUNT_IDLE_DAYS": "0"}
        said |= {"MINHCHUNG_OIDC_ISSUER": self.issuer, "MINHCHUNG_OIDC_CLIENT_ID": "minhchung"}
        said |= {"MINHCHUNG_OIDC_CLIENT_SECRET": SECRET, "MINHCHUNG_OIDC_RETURN_URIS": json.dumps([APP])}
        self.service = Served(settings.data_dir, **said)
        self.service.port = str(port)
        external = f"{here}/v1/auth/external"
        told = {"port": int(self.issuer.rpartition(":")[2]), "secret": SECRET}
        told |= {"back": f"{external}/return", "logout": f"{external}/logout"}
        script = Path(__file__).with_name("openid_provider.cjs")
        self.provider = npm_packages.start(script, json.dumps(told))
        self.service.start()
        self.browsers: list[httpx.Client] = []
        assert self.provider.stdout is not None
        assert self.provider.stdout.readline().strip() == self.issuer

    def stop_provider(self) -> None:
        if self.provider.poll() is None:
            self.provider.kill()
            self.provider.communicate()

    def browser(self) -> httpx.Client:
        self.browsers.append(httpx.Client(timeout=30))
        return self.browsers[-1]

    def close(self) -> None:
        self.service.kill()
        self.stop_provider()
        for browser in self.browsers:
            browser.close()

    def post(self, path: str, **body: object) -> httpx.Response:
        return httpx.post(f"{self.service.url}/v1/auth/{path}", json=body, timeout=30)

    def invitation(self, username: str) -> str:
        """A code that an administrator hands over."""
        database, now = Database(self.settings.db_url), SystemClock().now()
        secret = load_secret(self.settings.data_dir, None)
        account_id = database.read(accounts.account_id_of, username)
        made = database.write(enrolments.open_enrolment, OPERATOR, account_id, secret, now)
        database.close()
        return made.code


class Phone:
    """An app with a browser beside it."""

    def __init__(self, town: Town, install: str) -> None:
        self.town, self.install = town, install
        self.browser = town.browser()
        self.verifier = install.ljust(50, "v")

    def begin(self, **more: str) -> httpx.Response:
        challenge = urlsafe_b64encode(hashlib.sha256(self.verifier.encode()).digest()).rstrip(b"=").decode()
        body = {"install_id": self.install, "return_uri": APP, "state": "s" * 20, "code_challenge": challenge}
        return self.town.post("external", **(body | more))

    def signs_in(self, login: str, amr: str = "pwd", **more: str) -> dict[str, str]:
        """The person types at the provider; what the app gets back with the browser."""
        at = self.browser.get(self.begin(**more).json()["sign_in_uri"])
        while at.status_code == 303 and not at.headers["location"].startswith(APP):
            to = at.url.join(at.headers["location"])
            asks = {"login": login, "amr": amr} if "/interaction/" in to.path else {}
            at = self.browser.get(to.copy_merge_params(asks))
        assert at.status_code == 303, at.text
        said = {name: values[0] for name, values in parse_qs(urlsplit(at.headers["location"]).query).items()}
        assert said.pop("state") == "s" * 20
        assert said.pop("iss") == self.town.service.url
        return said

    def finish(self, code: str, **more: str) -> httpx.Response:
        body = {"code": code, "code_verifier": self.verifier, "install_id": self.install, "device_name": "Điện thoại"}
        return self.town.post("external/finish", **(body | more))

    def me(self, session: httpx.Response) -> dict:
        headers = {"Authorization": f"Bearer {session.json()['access_token']}"}
        return httpx.get(f"{self.town.service.url}/v1/auth/me", headers=headers).json()


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory, migrated: Path) -> Iterator[Town]:
    folder = tmp_path_factory.mktemp("town") / "var"
    shutil.copytree(migrated, folder)
    made = Town(Settings(data_dir=folder))
    yield made
    made.close()


def test_an_officer_signs_in_at_the_province_and_is_signed_out_there(town: Town) -> None:
    assert Phone(town, "phone-of-lan").signs_in("lan") == {"error": "identity_unknown"}  # a name proves nothing
    phone = Phone(town, "phone-of-lan")
    assert phone.begin(invitation="2345-6789-AB").json()["code"] == "enrolment_invalid"
    code = town.invitation("lan")
    landed = phone.signs_in("cb-0417", invitation=code)
    session = phone.finish(landed["code"])
    assert phone.me(session)["username"] == "lan"
    assert phone.begin(invitation=code).json()["code"] == "enrolment_invalid"  # it counted once
    other = Phone(town, "phone-of-minh")
    assert other.signs_in("cb-0417", invitation=town.invitation("minh")) == {"error": "identity_taken"}
    again = Phone(town, "tablet-of-lan").signs_in("cb-0417")
    assert phone.finish(again["code"]).json()["code"] == "external_invalid"  # another app's browser brought it
    by_password = town.post(
        "sign-in", username="lan", password=PASSWORD, install_id="phone-of-lan", device_name="Điện thoại"
    )

    page = phone.browser.get(session.json()["leave_uri"]).text
    form = dict(re.findall(r'name="(\w+)" value="(\w+)"', page)) | {"logout": "yes"}
    phone.browser.post(f"{town.issuer}/session/end/confirm", data=form)
    assert town.post("refresh", refresh_token=session.json()["refresh_token"]).json()["code"] == "refresh_invalid"
    assert town.post("refresh", refresh_token=by_password.json()["refresh_token"]).status_code == 200


def test_a_decider_needs_a_second_factor_there_or_here(town: Town) -> None:
    phone = Phone(town, "phone-of-the-chair")
    landed = phone.signs_in("ct-0001", invitation=town.invitation("chu_tich"))
    by_password_alone = phone.me(phone.finish(landed["code"]))
    assert by_password_alone["grants"] == []
    assert by_password_alone["withheld"][0]["role"] == "province_decider"
    strong = Phone(town, "tablet-of-the-chair")
    landed = strong.signs_in("ct-0001", amr="pwd otp mfa")
    assert strong.me(strong.finish(landed["code"]))["grants"][0]["role"] == "province_decider"


def test_while_the_provider_is_away_people_sign_in_by_password(town: Town) -> None:
    phone = Phone(town, "phone-of-ha")
    code = phone.signs_in("cb-0500", invitation=town.invitation("ha"))["code"]
    lost, got = phone.finish(code), phone.finish(code)  # the first answer never arrived
    assert lost.status_code == got.status_code == 200
    assert town.post("refresh", refresh_token=lost.json()["refresh_token"]).json()["code"] == "refresh_invalid"
    began = parse_qs(urlsplit(phone.begin().json()["sign_in_uri"]).query)["state"][0]
    town.stop_provider()
    back = {"state": began, "code": "any", "iss": town.issuer}
    returned = httpx.get(f"{town.service.url}/v1/auth/external/return", params=back)
    assert "error=provider_unavailable" in returned.headers["location"]
    assert httpx.get(f"{town.service.url}/v1/auth/external/return", params=back).status_code == 400  # counted once
    town.service.kill()
    town.service.start()
    refused = phone.begin()
    assert (refused.status_code, refused.json()["code"]) == (503, "provider_unavailable")
    assert int(refused.headers["retry-after"]) > 0
    body = {"username": "ha", "password": PASSWORD, "install_id": "phone-of-ha", "device_name": "Điện thoại"}
    assert town.post("sign-in", **body).status_code == 200
    assert town.post("refresh", refresh_token=got.json()["refresh_token"]).status_code == 200
