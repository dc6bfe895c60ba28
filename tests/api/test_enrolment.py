"""A phone is let in by a code that its owner reads from a supervisor's screen."""

import io
import re
from argparse import ArgumentParser
from urllib.parse import parse_qs, urlsplit

from auth import accounts
from auth.accounts import OPERATOR
from device_keys import DeviceKey
from service.clock import SystemClock
from service.commands import account as command

MINUTE = 60_000
KINH_BAC = "09187"
PHONE = {"install_id": "minh-phone-3f1c9a", "device_name": "Điện thoại của Minh"}
THIEF = {"install_id": "somebody-elses-77", "device_name": "Máy lạ"}


def opened(office) -> dict:
    """What Hà's screen shows when she opens an enrolment for Minh."""
    answer = office.http.post(f"/v1/accounts/{office.minh}/enrolments", headers=office.bearer("ha"))
    assert answer.status_code == 201
    assert answer.headers["cache-control"] == "no-store"
    return answer.json()


def device_key() -> str:
    return DeviceKey().pem


def test_minh_enrols_her_phone_without_a_password(office):
    given = opened(office)
    session = office.enrol(given["code"], PHONE, public_key=device_key()).json()
    assert session["account_id"] == office.minh
    me = office.http.get("/v1/auth/me", headers={"Authorization": f"Bearer {session['access_token']}"}).json()
    assert (me["username"], me["client_id"]) == ("minh", session["client_id"])
    (client,) = office.http.get(f"/v1/accounts/{office.minh}/clients", headers=office.bearer("ha")).json()
    assert (client["id"], client["name"], client["has_key"]) == (session["client_id"], PHONE["device_name"], True)


def test_the_code_comes_as_text_link_and_picture(office):
    given = opened(office)
    assert re.fullmatch("[2-9A-HJKMNP-TV-Z]{10}", given["code"])
    assert given["expires_at"] == "2026-09-21T14:28:20.000Z"
    link = urlsplit(given["uri"])
    assert (link.scheme, link.netloc) == ("minhchung", "enrol")
    assert parse_qs(link.query) == {"server": [office.settings.public_url], "code": [given["code"]]}
    assert given["qr_svg"].startswith("<svg")


def test_case_spaces_and_hyphens_do_not_matter(office):
    code = opened(office)["code"].lower()
    assert office.enrol(f"{code[:5]} - {code[5:]}", PHONE).status_code == 200


def test_a_code_lets_one_install_in(office):
    code = opened(office)["code"]
    assert office.enrol(code, PHONE).status_code == 200
    used = office.enrol(code, THIEF)
    assert office.code_of(used) == (401, "enrolment_invalid")
    unknown = office.enrol("2222222222", THIEF)
    code = opened(office)["code"]
    office.clock.advance(15 * MINUTE)
    expired = office.enrol(code, THIEF)
    assert used.content == unknown.content == expired.content


def test_a_lost_answer_does_not_cost_the_code(office):
    code, key = opened(office)["code"], DeviceKey()
    sessions = [office.enrol(code, PHONE, public_key=key.pem).json() for _ in range(5)]
    assert len({session["client_id"] for session in sessions}) == 1
    first, last = sessions[0]["refresh_token"], sessions[-1]["refresh_token"]
    assert office.refresh(last, key).status_code == 200
    assert office.code_of(office.refresh(first, key)) == (401, "refresh_invalid")


def test_once_its_session_is_used_a_code_is_spent(office):
    code = opened(office)["code"]
    token = office.enrol(code, PHONE).json()["refresh_token"]
    token = office.refresh(token).json()["refresh_token"]
    assert office.code_of(office.enrol(code, PHONE)) == (401, "enrolment_invalid")
    assert office.refresh(token).status_code == 200


def test_a_repeat_must_bring_the_same_key(office):
    code = opened(office)["code"]
    assert office.enrol(code, PHONE, public_key=device_key()).status_code == 200
    for more in ({"public_key": device_key()}, {}):
        assert office.code_of(office.enrol(code, PHONE, **more)) == (401, "enrolment_invalid")


def test_a_repeat_ends_with_the_code(office):
    code = opened(office)["code"]
    assert office.enrol(code, PHONE).status_code == 200
    office.clock.advance(15 * MINUTE)
    assert office.code_of(office.enrol(code, PHONE)) == (401, "enrolment_invalid")


def test_enrolling_an_install_again_keeps_its_client_and_its_key(office):
    key = device_key()
    first = office.enrol(opened(office)["code"], PHONE, public_key=key).json()["client_id"]
    assert office.enrol(opened(office)["code"], PHONE, public_key=key).json()["client_id"] == first
    code = opened(office)["code"]
    assert office.code_of(office.enrol(code, PHONE, public_key=device_key())) == (401, "enrolment_invalid")
    assert office.enrol(code, PHONE, public_key=key).status_code == 200, "a refusal does not spend the code"


def test_what_is_no_p256_key_is_refused_and_spends_nothing(office):
    code = opened(office)["code"]
    assert office.code_of(office.enrol(code, PHONE, public_key="khóa")) == (422, "public_key_invalid")
    assert office.enrol(code, PHONE).status_code == 200


def test_a_revoked_install_needs_more_than_a_code(office):
    client_id = office.enrol(opened(office)["code"], PHONE).json()["client_id"]
    office.http.post(f"/v1/clients/{client_id}/revoke", json={"revoked_as": "retired"}, headers=office.bearer("ha"))
    code = opened(office)["code"]
    assert office.code_of(office.enrol(code, PHONE)) == (403, "client_revoked")
    assert office.enrol(code, {**PHONE, "install_id": "minh-phone-new"}).status_code == 200


def test_no_code_for_an_account_that_is_switched_off(office):
    code = opened(office)["code"]
    office.db.write(accounts.set_active, OPERATOR, office.minh, False, office.NOW)
    assert office.code_of(office.enrol(code, PHONE)) == (403, "account_inactive")
    answer = office.http.post(f"/v1/accounts/{office.minh}/enrolments", headers=office.bearer("ha"))
    assert office.code_of(answer) == (403, "account_inactive")


def test_minh_cannot_sign_in_by_password_as_she_has_none(office):
    for password in ("", " ", "None", "Lan-2026-kb"):
        answer = office.http.post("/v1/auth/sign-in", json={"username": "minh", "password": password, **PHONE})
        assert answer.status_code in (401, 422)


def test_the_code_is_not_stored_as_such(office):
    code = opened(office)["code"]
    assert code not in office.stored()


def run(office, *words: str) -> int:
    parser = ArgumentParser()
    command.add_parser(parser.add_subparsers())
    return command.run(parser.parse_args(["account", *words]), office.settings)


def test_the_command_prints_a_code_that_works(office, capsys):
    assert run(office, "enrol", "minh") == 0
    code = re.search(r"^([2-9A-Z]{10}) ", capsys.readouterr().out, re.MULTILINE)
    office.app.state.clock = SystemClock()
    assert office.enrol(code[1], PHONE).status_code == 200


def test_the_command_makes_an_account_with_a_password_shown_once(office, capsys):
    assert run(office, "add", "tuan", "--name", "Tuấn", "--grant", "*", "province_appraiser") == 0
    password = re.search(r"^password (\S+) ", capsys.readouterr().out, re.MULTILINE)[1]
    office.app.state.clock = SystemClock()
    body = {"username": "tuan", "password": password, **PHONE}
    assert office.http.post("/v1/auth/sign-in", json=body).status_code == 200
    assert run(office, "list") == 0
    listed = capsys.readouterr().out
    assert "province_appraiser in *" in listed
    assert password not in listed


def test_the_command_takes_a_password_from_standard_input(office, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO("Moi-2026-kb\n"))
    assert run(office, "password", "minh", "--password-stdin") == 0
    assert office.trail() == [("password_set", "operator")]
    office.app.state.clock = SystemClock()
    body = {"username": "minh", "password": "Moi-2026-kb", **PHONE}
    assert office.http.post("/v1/auth/sign-in", json=body).status_code == 200


def test_the_command_gives_a_role_and_says_what_was_refused(office, capsys):
    assert run(office, "grant", "minh", KINH_BAC, "unit_head") == 0
    assert f"unit_head in {KINH_BAC}" in capsys.readouterr().out
    assert office.trail() == [("grant_given", "operator")], "what the operator does stands in the trail"
    assert run(office, "grant", "nobody", KINH_BAC, "unit_head") == 1
    assert run(office, "add", "lan", "--name", "Lan", "--no-password") == 1
    assert run(office, "add", "khoa", "--name", "Khoa", "--grant", KINH_BAC, "king") == 1
    assert capsys.readouterr().err.splitlines() == [
        "No such account.",
        "The user name lan is taken.",
        "There is no role king.",
    ]
