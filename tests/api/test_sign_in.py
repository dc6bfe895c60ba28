"""Signing in, what a token is good for, and being shut out."""

import json

import pytest
from argon2 import PasswordHasher

from auth import accounts
from auth.accounts import OPERATOR
from auth.passwords import OWASP, hash_password, password_matches
from auth.tokens import issue_access, sign

MINUTE = 60_000
KINH_BAC = "09187"


def test_lan_signs_in_and_sees_who_she_is(office):
    answer = office.sign_in("lan")
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    session = answer.json()
    assert (session["token_type"], session["expires_in"]) == ("Bearer", 900)
    assert session["refresh_expires_at"] == "2026-12-20T14:13:20.000Z"
    assert office.me(session["access_token"]).json() == {
        "id": office.lan,
        "username": "lan",
        "name": "Nguyễn Thị Lan",
        "client_id": session["client_id"],
        "grants": [{"unit": KINH_BAC, "role": "field_officer", "year": None}],
        "withheld": [],
        "scopes": [f"{KINH_BAC}/2026", "programme/2026", f"user:{office.lan}"],
    }


def test_a_new_login_on_the_same_install_keeps_its_client_id(office):
    first = office.sign_in("lan").json()["client_id"]
    assert office.sign_in("LAN").json()["client_id"] == first
    assert office.sign_in("lan", install="another-phone").json()["client_id"] != first
    assert office.sign_in("ha").json()["client_id"] != first


def test_an_unknown_name_and_a_wrong_password_get_the_same_answer(office):
    wrong, unknown = office.sign_in("lan", password="sai"), office.sign_in("khong-co-ai", password="sai")
    assert office.code_of(wrong) == office.code_of(unknown) == (401, "credentials_invalid")
    assert wrong.content == unknown.content
    assert wrong.headers["www-authenticate"] == "Bearer"


def test_an_unknown_name_costs_the_same_work(office):
    class Counting(PasswordHasher):
        work = 0

        def hash(self, *args, **kwargs):
            self.work += 1
            return super().hash(*args, **kwargs)

        def verify(self, *args, **kwargs):
            self.work += 1
            return super().verify(*args, **kwargs)

    stored, hasher = hash_password(office.PASSWORD, office.CHEAP), Counting(time_cost=1, memory_cost=8, parallelism=1)
    assert not password_matches(stored, "sai", hasher)
    assert not password_matches(None, "sai", hasher)
    assert hasher.work == 2
    assert (OWASP.type.name, OWASP.memory_cost, OWASP.time_cost, OWASP.parallelism) == ("ID", 19456, 2, 1)


def test_a_password_is_the_same_however_the_keyboard_composed_it(office):
    assert password_matches(hash_password("Lượng-2026", office.CHEAP), "Lu\u031bo\u031b\u0323ng-2026", office.CHEAP)


@pytest.mark.parametrize(
    "change",
    [
        {"username": "la\x00n"},
        {"username": ""},
        {"username": "x" * 121},
        {"password": "x" * 257},
        {"password": 7},
        {"username": "\ud800"},
        {"install_id": "ngắn quá"},
        {"device_name": "a\nb"},
        {"role": "administrator"},
    ],
)
def test_odd_bodies_are_refused_and_not_echoed(office, change):
    body = {"username": "lan", "password": office.PASSWORD, "install_id": "install-1", "device_name": "A"} | change
    headers = {"Content-Type": "application/json"}
    answer = office.http.post("/v1/auth/sign-in", content=json.dumps(body), headers=headers)
    assert office.code_of(answer) == (422, "malformed")
    assert office.PASSWORD not in answer.text


def test_no_token_a_foreign_scheme_and_nonsense(office):
    assert office.code_of(office.http.get("/v1/auth/me")) == (401, "token_missing")
    basic = office.http.get("/v1/auth/me", headers={"Authorization": "Basic bGFuOmxhbg=="})
    assert office.code_of(basic) == (401, "token_missing")
    for nonsense in ("x", "a.b.c", "é.é.é".encode("latin-1").decode("latin-1"), "." * 3000):
        headers = {"Authorization": b"Bearer " + nonsense.encode("latin-1")}
        assert office.code_of(office.http.get("/v1/auth/me", headers=headers)) == (401, "token_invalid")


def test_an_access_token_ends_after_fifteen_minutes(office):
    access = office.sign_in("lan").json()["access_token"]
    office.clock.advance(17 * MINUTE)
    answer = office.me(access)
    assert office.code_of(answer) == (401, "token_expired")
    assert answer.json()["action"] == "login"


def test_a_well_signed_token_for_nobody_is_refused(office):
    lans = office.sign_in("lan").json()["client_id"]
    for account_id, client_id in ((office.lan, "none"), (office.ha, lans), ("none", lans)):
        token = issue_access(office.keys, office.settings.public_url, account_id, client_id, office.NOW)
        assert office.code_of(office.me(token)) == (401, "token_invalid")


def test_a_receipt_is_no_token_and_the_keys_of_evidence_sign_none(office):
    forged = issue_access(office.evidence_keys, office.settings.public_url, office.lan, "phone", office.NOW)
    assert office.code_of(office.me(forged)) == (401, "token_invalid")
    assert office.code_of(office.me(sign(office.keys, "receipt+jwt", {"sub": office.lan}))) == (401, "token_invalid")


def test_a_revoked_phone_is_shut_out_at_once_and_told_to_wipe(office):
    session = office.sign_in("lan").json()
    url = f"/v1/clients/{session['client_id']}/revoke"
    assert office.http.post(url, json={"revoked_as": "lost"}, headers=office.bearer("ha")).status_code == 200
    for answer in (office.me(session["access_token"]), office.refresh(session["refresh_token"]), office.sign_in("lan")):
        assert office.code_of(answer) == (403, "client_revoked")
        assert answer.json()["current"] == {"client_id": session["client_id"], "revoked_as": "lost"}
    assert office.sign_in("lan", install="her-new-phone").status_code == 200


def test_a_lost_phone_stays_lost(office):
    client_id = office.sign_in("lan").json()["client_id"]
    for said, stored in (("retired", "retired"), ("lost", "lost"), ("retired", "lost")):
        url, body = f"/v1/clients/{client_id}/revoke", {"revoked_as": said}
        assert office.http.post(url, json=body, headers=office.bearer("ha")).json()["revoked_as"] == stored


def test_an_account_that_is_switched_off(office):
    session = office.sign_in("lan").json()
    office.db.write(accounts.set_active, OPERATOR, office.lan, False, office.NOW)
    for answer in (office.me(session["access_token"]), office.refresh(session["refresh_token"]), office.sign_in("lan")):
        assert office.code_of(answer) == (403, "account_inactive")
    assert office.code_of(office.sign_in("lan", password="sai")) == (401, "credentials_invalid")


def test_no_secret_is_stored_as_such(office):
    session = office.sign_in("lan").json()
    successor = office.refresh(session["refresh_token"]).json()["refresh_token"]
    stored = office.stored()
    assert "argon2id" in stored
    for secret in (session["refresh_token"], successor, office.PASSWORD, session["access_token"]):
        assert secret not in stored


def test_the_keys_are_published(office):
    answer = office.http.get("/.well-known/jwks.json")
    assert answer.json()["keys"] == office.keys.jwks()["keys"] + office.evidence_keys.jwks()["keys"]
    assert answer.headers["cache-control"] == "max-age=3600"


def test_every_route_describes_its_problems(office):
    description = office.http.get("/openapi.json").json()
    assert description["components"]["schemas"]["Problem"]["required"]
    assert "HTTPBearer" in description["components"]["securitySchemes"]
    for path, methods in description["paths"].items():
        for operation in methods.values():
            assert "HTTPValidationError" not in str(operation)
            problem_answers = [a for status, a in operation["responses"].items() if status >= "400"]
            assert problem_answers or path == "/.well-known/jwks.json"
            assert all(list(a["content"]) == ["application/problem+json"] for a in problem_answers)
