"""Administrators: who may give which role to whom, and see what."""

import pytest

from auth.principal import Grant, Role

KINH_BAC, VU_NINH = "09187", "09169"


@pytest.mark.parametrize(
    "weak", ["Lan-26", "lan-2026-kb", "LAN-2026-KB", "Lan-hai-kb", "Lan2026kb", "Aa1-" * 33, "Lan-2026\x00"]
)
def test_weak_passwords_are_refused(office, weak):
    body = {"username": "khoa", "name": "Khoa", "password": weak}
    assert office.code_of(office.http.post("/v1/accounts", json=body, headers=office.bearer("mai"))) == (
        422,
        "password_weak",
    )


def test_a_role_counts_from_the_next_request(office):
    access = office.sign_in("lan").json()["access_token"]
    given = {"unit": KINH_BAC, "role": "unit_head", "year": None}
    url, ha = f"/v1/accounts/{office.lan}/grants", office.bearer("ha")
    for _ in range(2):
        assert len(office.http.post(url, json=given, headers=ha).json()["grants"]) == 2
    assert given in office.me(access).json()["grants"]
    office.clock.advance(1)
    for _ in range(2):
        assert office.http.delete(f"{url}/{KINH_BAC}/unit_head", headers=ha).status_code == 200
    assert given not in office.me(access).json()["grants"]
    assert office.http.post(url, json=given, headers=ha).status_code == 200
    assert given in office.me(access).json()["grants"]


def test_a_role_outside_the_catalogue(office):
    body = {"unit": KINH_BAC, "role": "superuser"}
    answer = office.http.post(f"/v1/accounts/{office.lan}/grants", json=body, headers=office.bearer("mai"))
    assert office.code_of(answer) == (422, "role_unknown")


def test_only_administrators_touch_accounts(office):
    lan, nobody = office.bearer("lan"), {}
    client_id = office.sign_in("ha").json()["client_id"]
    grant = {"unit": KINH_BAC, "role": "administrator"}
    attempts = [
        ("POST", "/v1/accounts", {"username": "khoa", "name": "Khoa", "grants": [grant]}, "not_permitted"),
        ("GET", "/v1/accounts", None, "not_permitted"),
        ("POST", f"/v1/accounts/{office.lan}/grants", grant, "account_unknown"),
        ("DELETE", f"/v1/accounts/{office.ha}/grants/{KINH_BAC}/administrator", None, "account_unknown"),
        ("POST", f"/v1/accounts/{office.ha}/enrolments", None, "account_unknown"),
        ("GET", f"/v1/accounts/{office.ha}/clients", None, "account_unknown"),
        ("POST", f"/v1/clients/{client_id}/revoke", {"revoked_as": "lost"}, "client_unknown"),
    ]
    for method, url, body, code in attempts:
        assert office.code_of(office.http.request(method, url, json=body, headers=lan))[1] == code
        assert office.code_of(office.http.request(method, url, json=body, headers=nobody)) == (401, "token_missing")


def test_an_administrator_of_one_unit_stays_in_it(office):
    ha = office.bearer("ha")
    tuan = office.account("tuan", "Tuấn", Grant(KINH_BAC, Role.AUDITOR), Grant("*", Role.PROVINCE_APPRAISER))
    stranger = office.account("khanh", "Khánh", Grant(VU_NINH, Role.UNIT_HEAD))
    nowhere = office.account("binh", "Bình")
    for account_id, code in ((tuan, "not_permitted"), (stranger, "account_unknown"), (nowhere, "account_unknown")):
        for path in ("enrolments", "grants"):
            body = {"unit": KINH_BAC, "role": "auditor"} if path == "grants" else None
            assert (
                office.code_of(office.http.post(f"/v1/accounts/{account_id}/{path}", json=body, headers=ha))[1] == code
            )
    for unit in (VU_NINH, "*"):
        body = {"unit": unit, "role": "unit_head"}
        assert (
            office.code_of(office.http.post(f"/v1/accounts/{office.lan}/grants", json=body, headers=ha))[1]
            == "not_permitted"
        )
        made = {"username": "khoa", "name": "Khoa", "grants": [body, {"unit": KINH_BAC, "role": "unit_head"}]}
        assert office.code_of(office.http.post("/v1/accounts", json=made, headers=ha)) == (403, "not_permitted")
    assert office.code_of(office.http.post("/v1/accounts", json={"username": "m.h", "name": "M"}, headers=ha))[0] == 403
    theirs = office.sign_in("khanh").json()["client_id"]
    url, body = f"/v1/clients/{theirs}/revoke", {"revoked_as": "lost"}
    assert office.code_of(office.http.post(url, json=body, headers=ha)) == (404, "client_unknown")
    assert [a["username"] for a in office.http.get("/v1/accounts", headers=ha).json()["items"]] == [
        "ha",
        "lan",
        "minh",
        "tuan",
    ]


def test_the_list_of_accounts_comes_in_pages(office):
    mai, seen, after = office.bearer("mai"), [], ""
    while after is not None:
        page = office.http.get("/v1/accounts", params={"after": after, "limit": 2}, headers=mai).json()
        seen += [account["username"] for account in page["items"]]
        after = page["next"]
    assert seen == ["ha", "lan", "mai", "minh"]


def test_a_user_name_is_taken_once_whatever_its_case(office):
    body = {"username": "LAN", "name": "Lan khác", "grants": [{"unit": KINH_BAC, "role": "unit_head"}]}
    answer = office.http.post("/v1/accounts", json=body, headers=office.bearer("ha") | {"Accept-Language": "en"})
    assert office.code_of(answer) == (409, "account_exists")
    assert "lan" in answer.json()["title"]
