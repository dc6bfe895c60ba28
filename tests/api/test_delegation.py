"""Roles for a year, and roles passed on for a while: never more than one holds, never further on."""

import datetime as dt

import pytest

from auth.principal import Grant, Role
from people import DA_MAI, KINH_BAC, Person, Province

DAY = 24 * 60 * 60_000


def when(province: Province, days: float) -> str:
    return dt.datetime.fromtimestamp(province.clock.now() / 1000 + days * 86400, dt.UTC).isoformat()


def passes_on(who: Person, to: str, role: str = "unit_head", days: float = 14, **more):
    body = {"unit": KINH_BAC, "role": role, "username": to, "until": when(who.province, days), **more}
    return who.post("/v1/delegations", body)


def roles(who: Person) -> set[str]:
    return {grant["role"] for grant in who.get("/v1/auth/me").json()["grants"]}


def test_the_head_of_a_ward_is_on_leave_for_two_weeks(province):
    ha, minh = province["ha"], province["minh"]
    given = passes_on(ha, "minh").json()
    assert given["grant"] == {"unit": KINH_BAC, "role": "unit_head", "year": None}
    assert roles(minh) == {"field_officer", "unit_head"}
    assert [d["username"] for d in ha.get("/v1/delegations").json()] == ["minh"]
    province.clock.advance(14 * DAY)
    assert roles(minh) == {"field_officer"}
    assert ha.get("/v1/delegations").json() == []


def test_it_can_begin_later_and_be_taken_back(province):
    ha, minh = province["ha"], province["minh"]
    assert passes_on(ha, "minh", since=when(province, 1)).status_code == 201
    assert roles(minh) == {"field_officer"}
    province.clock.advance(DAY)
    assert "unit_head" in roles(minh)
    url = f"/v1/delegations/{minh.account_id}/{KINH_BAC}/unit_head"
    province.clock.advance(1)
    for _ in range(2):
        assert province.http.delete(url, headers=ha.headers).status_code == 204
    assert roles(minh) == {"field_officer"}


def test_who_administers_a_ward_does_not_reach_whoever_will_act_for_the_province(ward):
    """A role that begins tomorrow is one already: else its holder's password could be set today."""
    ward.grant("ha", KINH_BAC, Role.ADMINISTRATOR)
    path = f"/v1/accounts/{ward['minh'].account_id}/password"
    assert ward["ha"].post(path, None).status_code == 200
    given = passes_on(ward["tuan"], "minh", role="province_appraiser", unit="*", since=when(ward, 1))
    assert given.status_code == 201
    assert ward["ha"].post(path, None).json()["code"] == "not_permitted"


def test_it_ends_when_the_one_who_gave_it_loses_the_role(province):
    passes_on(province["ha"], "minh")
    province.revoke("ha", KINH_BAC, Role.UNIT_HEAD)
    assert roles(province["minh"]) == {"field_officer"}


def test_nobody_passes_on_more_than_is_held(province):
    ha, lan = province["ha"], province["lan"]
    for answer in (
        passes_on(lan, "minh"),
        passes_on(ha, "minh", role="province_appraiser"),
        passes_on(ha, "minh", unit="*"),
        passes_on(ha, "minh", unit=DA_MAI),
        passes_on(province["quan"], "minh", role="administrator", unit="*"),
    ):
        assert answer.json()["code"] == "not_permitted"
    province.grant("ha", KINH_BAC, Role.UNIT_EDITOR)
    passes_on(ha, "minh", role="unit_editor")
    assert passes_on(province["minh"], "lan", role="unit_editor").json()["code"] == "not_permitted", "not further on"


@pytest.mark.parametrize("name", ["nam", "nobody-of-that-name", "ha"])
def test_it_goes_to_colleagues_and_finds_out_nobody_else(province, name):
    answer = passes_on(province["ha"], name)
    assert answer.json()["code"] == "account_unknown"


@pytest.mark.parametrize("days", [-1, 0, 93])
def test_its_period_lies_ahead_and_is_short(province, days):
    assert passes_on(province["ha"], "minh", days=days).json()["code"] == "delegation_invalid"


def test_a_role_for_one_year_reads_that_year_on_every_way_out(province):
    lan, tuan = province["lan"], province["tuan"]
    made = {year: lan.does("create", scope=f"{KINH_BAC}/{year}", set={"title": "B"})["record"] for year in (2025, 2026)}
    body = {"unit": KINH_BAC, "role": "auditor", "year": 2025}
    answer = province["quan"].post(f"/v1/accounts/{province['nam'].account_id}/grants", body)
    assert answer.status_code == 200
    nam = province["nam"]
    pulled = {change["record"]["id"] for change in nam.pull()["changes"] if change["record"]["type"] == "minutes"}
    assert pulled == {made[2025]["id"]}
    assert [r["id"] for r in nam.get("/v1/records").json()["records"] if r["type"] == "minutes"] == [made[2025]["id"]]
    assert nam.get(f"/v1/records/{made[2026]['id']}").status_code == 404
    assert nam.get(f"/v1/units/{KINH_BAC}/progress", year=2025).status_code == 200
    assert nam.get(f"/v1/units/{KINH_BAC}/progress", year=2026).status_code == 404
    assert f"{KINH_BAC}/2025" in nam.get("/v1/auth/me").json()["scopes"]
    url = f"/v1/accounts/{nam.account_id}/grants/{KINH_BAC}/auditor"
    province.clock.advance(1)
    province.http.delete(url, headers=province["quan"].headers)
    assert nam.get(f"/v1/records/{made[2025]['id']}").status_code == 200, "ends the grant for every year, which is none"
    province.http.delete(url, params={"year": 2025}, headers=province["quan"].headers)
    assert nam.get(f"/v1/records/{made[2025]['id']}").status_code == 404
    assert tuan.get(f"/v1/records/{made[2025]['id']}").status_code == 200


def test_two_accounts_on_one_phone_are_one_pair_of_eyes(province):
    made = province["lan"].does("create", set={"title": "Biên bản", "criteria": ["PH-A01"], "body": "x"})["record"]
    tuan = Person(province, "tuan", install="phone-of-lan")
    assert tuan.decides(made, "rejected", reason_code="incomplete").json()["code"] == "four_eyes"
    assert province["mai"].decides(made, "rejected", reason_code="incomplete").status_code == 200


def test_who_works_in_a_unit_does_not_judge_it(province):
    made = province["lan"].does("create", set={"title": "Biên bản", "criteria": ["PH-A01"], "body": "x"})["record"]
    province.grant("tuan", KINH_BAC, Role.UNIT_EDITOR)
    assert province["tuan"].decides(made, "rejected", reason_code="incomplete").json()["code"] == "own_unit"
    province.revoke("tuan", KINH_BAC, Role.UNIT_EDITOR)
    assert province["tuan"].decides(made, "rejected", reason_code="incomplete").status_code == 200
    assert Grant(KINH_BAC, Role.UNIT_EDITOR).covers(Grant(KINH_BAC, Role.UNIT_EDITOR, 2026))
