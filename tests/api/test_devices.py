"""Phones: keys that prove themselves, several on one account, several accounts on one, retired and lost ones."""

import pytest

from auth import audit
from auth.principal import Role
from device_keys import DeviceKey
from people import KINH_BAC, Province

DAY = 24 * 60 * 60_000
PHONE = {"install_id": "minh-phone-3f1c9a", "device_name": "Điện thoại của Minh"}


def enrolled(office, key: DeviceKey) -> str:
    """The refresh token of Minh's phone, which has a key."""
    opened = office.http.post(f"/v1/accounts/{office.minh}/enrolments", headers=office.bearer("ha")).json()
    return office.enrol(opened["code"], PHONE, public_key=key.pem).json()["refresh_token"]


def test_a_stolen_token_is_worth_nothing_without_the_key_of_the_phone(office):
    key, thief = DeviceKey(), DeviceKey()
    token = enrolled(office, key)
    assert office.code_of(office.refresh(token)) == (401, "proof_invalid")
    assert office.code_of(office.refresh(token, thief)) == (401, "proof_invalid")
    successor = office.refresh(token, key).json()["refresh_token"]
    assert office.refresh(token, key).json()["refresh_token"] == successor, "a lost answer is given again"
    assert office.refresh(successor, key).status_code == 200


@pytest.mark.parametrize(
    "changes",
    [{"ath": "x"}, {"ath": None}, {"htm": "GET"}, {"htu": "https://elsewhere.example/v1/auth/refresh"}, {"jti": None}],
)
def test_a_proof_is_for_one_request_and_one_token(office, changes):
    key = DeviceKey()
    token = enrolled(office, key)
    spoilt = key.proof(token, office.refresh_url, **changes)
    for proof in (spoilt, "a.b.c", "", key.proof("another", office.refresh_url)):
        answer = office.http.post("/v1/auth/refresh", json={"refresh_token": token}, headers={"DPoP": proof})
        assert office.code_of(answer) == (401, "proof_invalid")
    assert office.refresh(token, key).status_code == 200, "what was refused has spent nothing"


def test_the_clock_of_a_phone_plays_no_part_in_its_proof(office):
    key = DeviceKey()
    token = enrolled(office, key)
    proof = key.proof(token, office.refresh_url, iat=4_102_444_800)
    answer = office.http.post("/v1/auth/refresh", json={"refresh_token": token}, headers={"DPoP": proof})
    assert answer.status_code == 200


def test_a_session_ends_a_year_after_it_began_however_often_it_is_used(office):
    token = office.sign_in("lan").json()["refresh_token"]
    for _ in range(6):
        office.clock.advance(60 * DAY)
        answer = office.refresh(token).json()
        token = answer["refresh_token"]
    assert answer["refresh_expires_at"] == "2027-09-21T14:13:20.000Z"
    office.clock.advance(5 * DAY)
    assert office.code_of(office.refresh(token)) == (401, "refresh_invalid")


def test_one_person_with_two_phones_and_two_people_on_one(office):
    clients = [office.sign_in(who, install=phone).json() for who in ("lan", "ha") for phone in ("phone-a1", "phone-b2")]
    assert len({session["client_id"] for session in clients}) == 4
    url, headers = f"/v1/clients/{clients[0]['client_id']}/revoke", office.bearer("ha")
    assert office.http.post(url, json={"revoked_as": "lost"}, headers=headers).status_code == 200
    assert office.me(clients[0]["access_token"]).status_code == 403
    for session in clients[1:]:
        assert office.me(session["access_token"]).status_code == 200
        assert office.refresh(session["refresh_token"]).status_code == 200


def revoke(province: Province, who: str, how: str) -> None:
    answer = province["quan"].post(f"/v1/clients/{province[who].client_id}/revoke", {"revoked_as": how})
    assert answer.status_code == 200, answer.text


def test_a_retired_phone_sends_what_waits_on_it_and_then_no_more(province):
    lan = province["lan"]
    session = province.http.post(
        "/v1/auth/sign-in",
        json={"username": "lan", "password": "Kinh-Bac-2026", "install_id": "phone-of-lan", "device_name": "Máy"},
    ).json()
    assert session["client_id"] == lan.client_id
    revoke(province, "lan", "retired")
    assert lan.get("/v1/records").json()["current"] == {"client_id": lan.client_id, "revoked_as": "retired"}
    assert lan.post("/v1/sync/pull", {}).status_code == 403
    refreshed = province.http.post("/v1/auth/refresh", json={"refresh_token": session["refresh_token"]})
    assert refreshed.status_code == 200
    for left in (1, 0):
        answer = lan.push(lan.op("create", set={"title": "Biên bản", "criteria": []}), pending=left)
        assert answer["results"][0]["status"] == "applied"
    assert lan.upload(b"\xff\xd8\xff\xe0 the last file").status_code == 201
    province.clock.advance(DAY)
    assert lan.post("/v1/sync/push", {"ops": []}).json()["code"] == "client_revoked"
    assert lan.upload(b"\xff\xd8\xff\xe0 too late").status_code == 403


def test_a_lost_phone_is_refused_everything_and_told_to_wipe_once(province):
    lan = province["lan"]
    revoke(province, "lan", "lost")
    for answer in (
        lan.get("/v1/records"),
        lan.post("/v1/sync/push", {"ops": []}),
        lan.post("/v1/sync/pull", {}),
        lan.upload(b"\xff\xd8\xff\xe0"),
    ):
        assert answer.status_code == 403
        assert answer.json()["current"] == {"client_id": lan.client_id, "revoked_as": "lost"}
    acts = [e.act for e in province.db.read(audit.entries) if e.subject == lan.client_id]
    assert acts == ["client_revoked", "client_wiped"]
    (client,) = province["quan"].get(f"/v1/accounts/{lan.account_id}/clients").json()
    assert client["wiped_at"] is not None


def test_the_register_says_what_a_lost_phone_may_hold(province):
    lan, other = province["lan"], province["nam"]
    for who, unit in ((lan, KINH_BAC), (lan, KINH_BAC), (other, "07228")):
        who.does("create", unit=unit, set={"title": "Biên bản", "criteria": []})
    lan.push(pending=7)
    revoke(province, "lan", "lost")
    province.clock.advance(1)
    province.revoke("lan", KINH_BAC, Role.FIELD_OFFICER)
    held = province["quan"].get(f"/v1/clients/{lan.client_id}/holdings").json()
    assert held["scopes"] == [{"scope": f"{KINH_BAC}/2026", "records": 2, "with_files": 0}]
    assert (held["pending"], held["last_dev_seq"]) == (7, 2)


def test_a_supervisor_sees_which_phones_of_the_unit_have_not_sent_all(province):
    """Lan's second op was lost on the way and two more wait; Minh never synced (protocol D14, P55)."""
    lan, ha = province["lan"], province["ha"]
    first, lost, third = (lan.op("create", set={"title": title}) for title in "abc")
    lan.push(first, third, pending=2)
    phones = {p["account_id"]: p for p in ha.get("/v1/clients", unit=KINH_BAC, year=2026).json()}
    assert set(phones) == {province[who].account_id for who in ("lan", "minh", "ha")}
    of_lan = phones[lan.account_id]
    assert (of_lan["pending"], of_lan["missing_dev_seq"], of_lan["last_dev_seq"]) == (2, [2], 3)
    assert (phones[province["minh"].account_id]["last_seen_at"], of_lan["last_seen_at"]) == (
        None,
        "2026-09-21T14:13:20.000Z",
    )
    province.revoke("lan", KINH_BAC, Role.FIELD_OFFICER)
    (gone,) = [p for p in ha.get("/v1/clients", unit=KINH_BAC, year=2026).json() if not p["serves"]]
    assert gone["account_id"] == lan.account_id, "she serves there no longer, and still owes something"
    lan.push(lost, pending=0)
    assert all(p["serves"] for p in ha.get("/v1/clients", unit=KINH_BAC, year=2026).json()), "now she owes nothing"
