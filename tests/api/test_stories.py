"""Five bad days from the first word to the last, through the public surface, each with the trail that it leaves."""

import uuid
from typing import Any

import pytest

from auth import audit
from auth.principal import Role
from desk_of_privacy import BASIS, moved, moves, officer, opens
from people import DA_MAI, KINH_BAC, PASSWORD, YEAR, Person, Province, file_entry
from proof import jws
from proof.logs import check_log
from service.duties import DAY_MS, HOUR_MS
from sync import backups
from sync.instant import iso

SCOPE = f"{KINH_BAC}/{YEAR}"


def trail(province: Province, **others: Person) -> list[tuple[str, str]]:
    """Every act and who did it, by name; an empty name is a stranger."""
    known = {person.account_id: name for name, person in (province.people | others).items()}
    return [(entry.act, known.get(entry.actor, entry.actor)) for entry in province.db.read(audit.entries)]


def signs_in(province: Province, name: str, install: str) -> dict[str, Any]:
    body = {"username": name, "password": PASSWORD, "install_id": install, "device_name": "Máy"}
    return dict(province.http.post("/v1/auth/sign-in", json=body).json())


def refreshes(province: Province, token: str) -> Any:
    return province.http.post("/v1/auth/refresh", json={"refresh_token": token})


def bearer(session: dict[str, Any]) -> dict[str, str]:
    return {"Authorization": f"Bearer {session['access_token']}"}


def test_a_phone_is_lost_and_found_by_a_stranger(province: Province) -> None:
    """Quản shuts it out and sees what it may hold; the phone is told to wipe itself; what waited on it is rescued."""
    lan, quan, ha = province["lan"], province["quan"], province["ha"]
    kept = lan.does("create", set={"title": "Đã gửi"})["record"]
    waiting = lan.op("create", set={"title": "Chưa kịp gửi"})
    lost = quan.post(f"/v1/clients/{lan.client_id}/revoke", {"revoked_as": "lost"}).json()
    assert lost["revoked_as"] == "lost"
    held = quan.get(f"/v1/clients/{lan.client_id}/holdings").json()
    assert (held["last_dev_seq"], [(s["scope"], s["records"]) for s in held["scopes"]]) == (1, [(SCOPE, 1)])
    for answer in (
        lan.post("/v1/sync/push", {"ops": [waiting]}),
        lan.post("/v1/sync/pull", {}),
        lan.get("/v1/records"),
    ):
        assert (answer.status_code, answer.json()["current"]["revoked_as"]) == (403, "lost")
    new_phone = Person(province, "lan", "phone-of-lan-new")
    assert new_phone.record(kept["id"])["data"] == kept["data"]
    seen = quan.get(f"/v1/accounts/{lan.account_id}/clients").json()
    assert {(c["revoked_as"], c["wiped_at"] is not None) for c in seen} == {("lost", True), (None, False)}
    assert ha.get("/v1/ops").json()["ops"] == [], "nothing of the stranger was taken"
    assert trail(province) == [
        ("client_revoked", "quan"), ("viewed", "quan"), ("client_wiped", "lan"), ("viewed", "quan"),
    ]  # fmt: skip


def test_a_refresh_token_is_stolen_and_used(province: Province) -> None:
    """Whoever comes second with a token that was used closes the session for both; Lan signs in and goes on."""
    first = signs_in(province, "lan", "install-of-lan-01")
    second = refreshes(province, first["refresh_token"]).json()
    third = refreshes(province, second["refresh_token"]).json()
    thief = refreshes(province, first["refresh_token"])
    assert (thief.status_code, thief.json()["code"]) == (401, "refresh_reused")
    assert refreshes(province, third["refresh_token"]).json()["code"] == "refresh_invalid"
    again = signs_in(province, "lan", "install-of-lan-01")
    assert again["client_id"] == first["client_id"], "the outbox goes on where it was"
    assert province.http.get("/v1/auth/me", headers=bearer(again)).json()["username"] == "lan"
    assert trail(province) == [("signed_in", "lan"), ("refresh_reused", ""), ("signed_in", "lan")]
    province.grant("tuan", "*", Role.AUDITOR)
    week = province["tuan"].get("/v1/audit/week", until="2026-09-28T00:00:00Z").json()
    assert [one["why"] for one in week["unusual"]] == ["refresh_reused"]


def test_an_officer_is_transferred_to_another_ward(province: Province) -> None:
    """Minh's old ward leaves the phone with the next pull; what was written before the day is held for its head."""
    minh, ha, quan = province["minh"], province["ha"], province["quan"]
    old = minh.does("create", set={"title": "Ở phường cũ"})["record"]
    cursor = minh.pull()["cursor"]
    written = {"wall": iso(province.clock.now())}
    late = minh.op("create", set={"title": "Viết trước khi chuyển"}, captured=written)
    province.clock.advance(DAY_MS)
    base = f"/v1/accounts/{minh.account_id}/grants"
    assert quan.post(base, {"unit": DA_MAI, "role": "field_officer"}).status_code == 200
    gone = province.http.delete(f"{base}/{KINH_BAC}/field_officer", headers=quan.headers)
    assert [g["unit"] for g in gone.json()["grants"]] == [DA_MAI]
    province.clock.advance(HOUR_MS)
    result = minh.push(late, clock={"wall": iso(province.clock.now())})["results"][0]
    assert (result["status"], result["code"]) == ("held", "actor_inactive"), "neither dropped nor taken"
    found = minh.pull(cursor)
    assert SCOPE in found["removed"]
    assert minh.get(f"/v1/records/{old['id']}").json()["code"] == "record_unknown"
    [waits] = ha.get("/v1/ops").json()["ops"]
    assert ha.post(f"/v1/ops/{waits['op_id']}/accept", None).json()["status"] == "applied"
    assert ha.record(late["record_id"])["authors"] == [minh.account_id], "his words, on Hà's word"
    assert minh.does("create", unit=DA_MAI, set={"title": "Ở phường mới"})["status"] == "applied"
    assert trail(province) == [("grant_given", "quan"), ("grant_ended", "quan"), ("viewed", "ha")]


def test_a_citizen_asks_for_erasure(province: Province) -> None:
    """Bà Hoa stands in minutes and on a photo. Bảo answers late, erases, and knows which backup still holds it."""
    lan, bao, data = province["lan"], officer(province), b"%PDF-1.4 anh ba Hoa"
    minutes = lan.does("create", set={"title": "Họp tổ", "chair": "Bà Hoa"})["record"]
    scan = lan.does("create", type="document", set={"title": "Đơn của bà Hoa"}, media=[file_entry(data)])["record"]
    now = province.clock.now()
    province.db.write(backups.record, backups.Taken("dem-thu-hai", now, "e", "/b", {}), now)
    case = opens(bao, kind="erasure", subject="Bà Hoa, 0912 345 678", words="Xoá tên và ảnh tôi").json()
    assert (case["answer_by"], case["act_by"]) == ("2026-09-23T17:00:00.000Z", "2026-10-11T17:00:00.000Z")
    province.clock.advance(2 * DAY_MS)
    province.app.state.worker.attend()
    [task] = [c["record"]["data"] for c in bao.pull()["changes"] if c["scope"].startswith("user:")]
    assert (task["code"], task["due"], task["done"]) == ("privacy.answer", "2026-09-23", False)
    province.clock.advance(DAY_MS)
    assert bao.get("/v1/privacy/cases").json()["cases"][0]["overdue"] == ["answer"]
    moved(bao, case, "accept", note="Đã trả lời bằng văn bản")
    fields = {"record_ids": [minutes["id"], scan["id"]]}
    assert moves(lan, case, "carry_out", basis=BASIS, fields=fields).json()["code"] == "case_unknown"
    done = moved(bao, case, "carry_out", note="Đã xoá", basis=BASIS, fields=fields)
    assert [(step["action"], step["late"]) for step in done["steps"]] == [("accept", True), ("carry_out", False)]
    outcome = done["steps"][1]["outcome"]
    assert [backup["name"] for backup in outcome["backups"]] == ["dem-thu-hai"]
    signed = bao.get(f"/v1/privacy/certificates/{outcome['certificate']}").json()["jws"]
    said = jws.verify(signed, province.app.state.keys.jwks()["keys"], "mc-erasure+jws")
    assert (said["case"], said["basis"], len(said["erased"])) == (case["id"], BASIS, 2)
    for record in (minutes, scan):
        left = lan.record(record["id"])
        assert (left["data"], left["deleted"]) == ({}, True), "a tombstone"
    log = province["tuan"].get("/v1/proofs", scope=SCOPE, payload=True, limit=1000).json()
    assert check_log([log]) == [], "the chain is whole"
    assert "Hoa" not in str(log) + str(province.db.read(audit.entries))
    assert (moves(bao, case, "withdraw").json()["code"], done["ended"]) == ("move_illegal", True)
    asked, saw = ("subject_request", "bao"), ("viewed", "bao")
    assert trail(province, bao=bao) == [asked, saw, asked, asked, saw]


@pytest.mark.parametrize("hours", [70, 73])
def test_personal_data_came_into_wrong_hands(province: Province, hours: int) -> None:
    """Lan tells of her lost phone; Bảo assesses, sees whom it touches, notifies in 72 hours, or late and says so."""
    lan, minh, quan, bao = province["lan"], province["minh"], province["quan"], officer(province)
    lan.does("create", set={"title": "Biên bản có tên người dân"})
    minh.does("create", set={"title": "Của Minh"})
    case = opens(lan, "breach", words="Mất điện thoại ở chợ, máy chưa khoá màn hình").json()
    assert case["act_by"] == "2026-09-24T14:13:20.000Z"
    quan.post(f"/v1/clients/{lan.client_id}/revoke", {"revoked_as": "lost"})
    facts = {"harm": True, "harms": ["honour"], "people": 12, "units": [KINH_BAC], "data": "họ tên, ảnh"}
    moved(bao, case, "assess", fields={**facts, "client_id": lan.client_id})
    reach = bao.get(f"/v1/privacy/cases/{case['id']}/reach").json()
    assert (reach["units"], sorted(reach["accounts"])) == ([KINH_BAC], sorted([lan.account_id, minh.account_id]))
    assert reach["scopes"] == [{"scope": SCOPE, "records": 2, "with_files": 0}]
    notice = bao.get(f"/v1/privacy/cases/{case['id']}/notice").json()["text"]
    assert all(words in notice for words in ("Mất điện thoại", "12 người", KINH_BAC, "danh dự", "2026-09-24T14:13"))
    assert moves(bao, case, "dismiss", basis=BASIS).json()["code"] == "move_blocked", "harm is possible: it is told"
    province.clock.advance(hours * HOUR_MS)
    [open_one] = bao.get("/v1/privacy/cases").json()["cases"]
    assert open_one["overdue"] == (["act"] if hours > 72 else [])
    told = moved(bao, case, "notify", fields={"number": "15/TB"})
    assert told["steps"][-1]["late"] is (hours > 72)
    moved(bao, case, "supplement", fields={"people": 14})
    closed = moved(bao, case, "close")
    assert (closed["ended"], closed["facts"]["people"], closed["overdue"]) == (True, 14, [])
    acts = [act for act, _ in trail(province)]
    assert acts == ["breach_opened", "client_revoked", "breach_opened", "viewed", "viewed", "viewed", "breach_notified",
                    "breach_opened", "breach_closed"]  # fmt: skip
    assert str(uuid.UUID(case["id"])) in str(province.db.read(audit.entries))
