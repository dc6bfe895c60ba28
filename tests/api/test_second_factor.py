"""Administrators and those who decide or audit show a second factor; without it those roles count for nothing."""

import pyotp
import pytest

from auth import audit
from auth.principal import Role
from people import PASSWORD, Province
from service.settings import Settings

MINUTE = 60_000


@pytest.fixture
def strict(province: Province) -> Province:
    """The same province, where the service asks for a second factor."""
    province.app.state.settings = province.settings = Settings(
        data_dir=province.settings.data_dir, database_url=province.settings.database_url, second_factor=True
    )
    return province


class Desk:
    """Quản at a computer, with an authenticator on his phone."""

    def __init__(self, province: Province, name: str = "quan") -> None:
        self.province, self.name = province, name
        self.body = {"username": name, "password": PASSWORD, "install_id": f"desk-of-{name}", "device_name": "Máy"}
        self.session = self.sign_in().json()

    def sign_in(self, **more: str):
        return self.province.http.post("/v1/auth/sign-in", json={**self.body, **more})

    def call(self, method: str, path: str, body: dict | None = None):
        headers = {"Authorization": f"Bearer {self.session['access_token']}"}
        return self.province.http.request(method, path, json=body, headers=headers)

    def refresh(self, **more: str):
        body = {"refresh_token": self.session["refresh_token"], **more}
        answer = self.province.http.post("/v1/auth/refresh", json=body)
        if answer.status_code == 200:
            self.session = answer.json()
        return answer

    def code(self, key: str) -> str:
        return pyotp.TOTP(key).at(self.province.clock.now() // 1000)

    def settle(self) -> dict:
        """Makes a second factor and confirms it."""
        made = self.call("POST", "/v1/auth/second-factor").json()
        answer = self.call("POST", "/v1/auth/second-factor/confirm", {"code": self.code(made["key"])})
        assert answer.status_code == 204, answer.text
        self.province.clock.advance(MINUTE)
        return made


def test_an_administrator_without_a_second_factor_administers_nothing(strict):
    quan = Desk(strict)
    me = quan.call("GET", "/v1/auth/me").json()
    assert me["grants"] == []
    assert me["withheld"] == [{"unit": "*", "role": "administrator", "year": None}]
    assert quan.call("GET", "/v1/accounts").json()["code"] == "not_permitted"
    made = quan.settle()
    assert quan.call("GET", "/v1/accounts").status_code == 403, "this session has not shown it yet"
    assert quan.refresh(otp=quan.code(made["key"])).status_code == 200
    assert quan.call("GET", "/v1/accounts").status_code == 200
    strict.clock.advance(MINUTE)
    assert quan.refresh().status_code == 200
    assert quan.call("GET", "/v1/accounts").status_code == 200, "the session stays strong"


def test_a_sign_in_with_the_code_is_strong_at_once_and_a_code_counts_once(strict):
    quan = Desk(strict)
    code = quan.code(quan.settle()["key"])
    assert quan.sign_in(otp="000000").json()["code"] == "second_factor_invalid"
    quan.session = quan.sign_in(otp=code).json()
    assert quan.call("GET", "/v1/accounts").status_code == 200
    assert quan.sign_in(otp=code).json()["code"] == "second_factor_invalid"
    strict.clock.advance(10 * MINUTE)
    assert quan.sign_in(otp=code).json()["code"] == "second_factor_invalid"


def test_a_wrong_code_at_a_refresh_costs_nothing(strict):
    quan = Desk(strict)
    key = quan.settle()["key"]
    assert quan.refresh(otp="123456").json()["code"] == "second_factor_invalid"
    assert quan.call("GET", "/v1/accounts").status_code == 403
    assert quan.refresh(otp=quan.code(key)).status_code == 200
    assert quan.call("GET", "/v1/accounts").status_code == 200


def test_paper_stands_in_for_a_lost_authenticator_once_each(strict):
    quan = Desk(strict)
    paper = quan.settle()["recovery_codes"]
    assert len(set(paper)) == 10
    quan.session = quan.sign_in(otp=paper[3].upper()).json()
    assert quan.call("GET", "/v1/accounts").status_code == 200
    assert quan.sign_in(otp=paper[3]).status_code == 401
    assert quan.sign_in(otp=paper[4]).status_code == 200


def test_who_has_only_the_password_cannot_replace_the_second_factor(strict):
    quan = Desk(strict)
    made = quan.settle()
    thief = Desk(strict)
    assert thief.call("POST", "/v1/auth/second-factor").json()["code"] == "second_factor_exists"
    quan.session = quan.sign_in(otp=quan.code(made["key"])).json()
    path = f"/v1/accounts/{strict['quan'].account_id}/second-factor"
    assert thief.call("DELETE", path).status_code == 404
    assert quan.call("DELETE", path).status_code == 204
    assert thief.call("POST", "/v1/auth/second-factor").status_code == 201


def test_field_officers_work_as_before_and_an_auditor_shows_it(strict):
    assert strict["lan"].get("/v1/records").status_code == 200
    some = strict["lan"].account_id
    for path in (f"media/{some}/{'0' * 64}", f"ops/{some}"):
        told = strict["tuan"].post(f"/v1/{path}/destroy", {"officer": "Thiếu tá Hoà"}).json()
        assert (told["code"], told["action"]) == ("second_factor_needed", "login"), "what is gone for good takes both"
    strict.grant("tuan", "*", Role.AUDITOR)
    tuan = Desk(strict, "tuan")
    roles = [grant["role"] for grant in tuan.call("GET", "/v1/auth/me").json()["grants"]]
    assert roles == ["province_appraiser"]
    assert tuan.call("GET", "/v1/audit").json()["code"] == "not_permitted"


def test_neither_key_nor_paper_is_stored_as_such_and_acts_are_noted(strict):
    quan = Desk(strict)
    made = quan.settle()
    tables = ("second_factor", "recovery_code", "audit_entry")
    stored = str([strict.db.read(_rows, table) for table in tables])
    assert all(secret not in stored for secret in (made["key"], *made["recovery_codes"]))
    acts = [entry.act for entry in strict.db.read(audit.entries)]
    assert acts == ["signed_in", "second_factor_changed", "second_factor_changed"]


def _rows(session, table: str) -> list:
    return session.connection().exec_driver_sql(f"select * from {table}").all()
