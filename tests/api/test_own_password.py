"""A password is one's own: what somebody else chose only lets its holder choose another (QCVN 12:2026/BCA 3.7.2)."""

from typing import Any

import pyotp

from auth import audit
from auth.own_password import OLDEST, choose
from auth.passwords import hash_password
from people import CHEAP, PASSWORD, Province
from service.settings import Settings

MINUTE, NEW = 60_000, "Hoa-Sen-Thang-9"


def strictly(province: Province) -> Province:
    """The same province, with the rules of a production."""
    settings = {"second_factor": True, "own_passwords": True, "database_url": province.settings.database_url}
    province.app.state.settings = province.settings = Settings(data_dir=province.settings.data_dir, **settings)
    return province


def asks(province: Province, path: str, name: str, password: str = PASSWORD, **more: str) -> Any:
    device = {"install_id": f"desk-of-{name}", "device_name": "Máy"}
    return province.http.post(f"/v1/auth/{path}", json={"username": name, "password": password, **device, **more})


def code_of(answer: Any) -> str:
    return str(answer.json().get("code", answer.status_code))


def test_what_somebody_else_chose_lets_its_holder_choose_another(ward: Province) -> None:
    strict = strictly(ward)
    lan = strict["lan"]
    refused = asks(strict, "sign-in", "lan")
    assert (refused.status_code, refused.json()["code"], refused.json()["action"]) == (403, "password_due", "edit")
    assert code_of(asks(strict, "password", "lan", "sai", new_password=NEW)) == "credentials_invalid"
    assert code_of(asks(strict, "password", "lan", new_password="ngan")) == "password_weak"
    assert code_of(asks(strict, "password", "lan", new_password=PASSWORD)) == "password_used"
    assert lan.get("/v1/auth/me").status_code == 200, "a device that is in stays in until then"
    mine = asks(strict, "password", "lan", new_password=NEW)
    assert mine.headers["cache-control"] == "no-store"
    bearer = {"Authorization": f"Bearer {mine.json()['access_token']}"}
    assert strict.http.get("/v1/auth/me", headers=bearer).json()["username"] == "lan"
    assert asks(strict, "sign-in", "lan", NEW).status_code == 200
    assert code_of(asks(strict, "sign-in", "lan")) == "credentials_invalid"
    acts = [(entry.act, entry.actor) for entry in strict.db.read(audit.entries)]
    assert acts[:2] == [("sign_in_failed", lan.account_id), ("password_changed", lan.account_id)]


def test_who_administers_chooses_anew_every_two_months_and_never_one_of_the_last_ten(province: Province) -> None:
    strict = strictly(province)
    quan = strict["quan"]
    strict.clock.advance(1)
    first = asks(strict, "password", "quan", new_password=NEW).json()
    bearer = {"Authorization": f"Bearer {first['access_token']}"}
    key = strict.http.post("/v1/auth/second-factor", headers=bearer).json()["key"]

    def code() -> str:
        strict.clock.advance(MINUTE)
        return pyotp.TOTP(key).at(strict.clock.now() // 1000)

    strict.http.post("/v1/auth/second-factor/confirm", json={"code": code()}, headers=bearer)
    assert code_of(asks(strict, "password", "quan", NEW, new_password=NEW + "b")) == "second_factor_invalid"
    for n in range(8):
        strict.clock.advance(1)
        strict.db.write(choose, quan.account_id, hash_password(f"{NEW}{n}", CHEAP), strict.clock.now())
    for used in (PASSWORD, NEW, f"{NEW}0", f"{NEW}7"):
        assert code_of(asks(strict, "password", "quan", f"{NEW}7", new_password=used)) == "password_used"
    session = asks(strict, "sign-in", "quan", f"{NEW}7", otp=code()).json()
    strict.clock.advance(OLDEST)
    renewed = strict.http.post("/v1/auth/refresh", json={"refresh_token": session["refresh_token"]})
    assert code_of(renewed) == code_of(asks(strict, "sign-in", "quan", f"{NEW}7", otp=code())) == "password_due"
    strong = asks(strict, "password", "quan", f"{NEW}7", new_password=PASSWORD[::-1], otp=code()).json()
    bearer = {"Authorization": f"Bearer {strong['access_token']}"}
    assert strict.http.get("/v1/accounts", headers=bearer).status_code == 200
    assert code_of(asks(strict, "password", "quan", PASSWORD[::-1], new_password=PASSWORD, otp=code())) == "200"
    assert asks(strict, "sign-in", "ha").json()["code"] == "password_due"
    asks(strict, "password", "ha", new_password=NEW)
    strict.clock.advance(OLDEST)
    assert asks(strict, "sign-in", "ha", NEW).status_code == 200, "who neither administers nor decides goes on"


def test_a_forgotten_password_is_given_anew_in_person(ward: Province) -> None:
    province, lan, quan = ward, ward["lan"], ward["quan"]
    assert code_of(lan.post(f"/v1/accounts/{lan.account_id}/password", None)) == "account_unknown"
    before = asks(province, "sign-in", "lan").json()
    given = quan.post(f"/v1/accounts/{lan.account_id}/password", None).json()["password"]
    gone = province.http.post("/v1/auth/refresh", json={"refresh_token": before["refresh_token"]})
    assert code_of(gone) == "refresh_invalid"
    assert code_of(asks(province, "sign-in", "lan")) == "credentials_invalid"
    assert asks(province, "password", "lan", given, new_password=NEW).status_code == 200
    assert code_of(asks(province, "password", "lan", NEW, new_password=PASSWORD)) == "password_used"
