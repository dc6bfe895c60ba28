"""What became of an op reaches the officer who made it, whatever was lost on the way."""

import json
import uuid

from auth.principal import Role
from people import DA_MAI, YEAR, Province
from phones import SCOPE, Kit
from sync.epoch import open_epoch


def test_a_refusal_whose_answer_was_lost_is_told_all_the_same(phones: dict[str, Kit]) -> None:
    lan = phones["lan"]
    lan.replica.edit("create", "minutes", "07228/2026", set={"title": "Phường khác"})
    lan.weather.next = [lan.weather.lost_answer]
    assert lan.device.sync().stopped
    lan.device.sync()
    (told,) = lan.replica.inbox()
    assert (told["kind"], told["status"], told["original"]) == ("rejected", "duplicate", "rejected")
    assert (told["action"], told["op"]["set"]) == ("contact_supervisor", {"title": "Phường khác"})
    assert told["message"]


def test_what_left_before_its_answer_came_is_not_brought_back_by_it(province: Province, phones: dict[str, Kit]) -> None:
    lan, minh = phones["lan"], province["minh"]
    made = lan.replica.edit("create", "minutes", SCOPE, set={"title": "Họp"})
    late = lan.person.post("/v1/sync/push", {"ops": lan.replica.batch()}).json()
    province.grant("minh", DA_MAI, Role.UNIT_EDITOR)
    assert minh.does("move", made, unit=DA_MAI, base_ver=1)["status"] == "applied"
    lan.device.pull_once()
    assert lan.replica.apply_results(late) == 1
    assert lan.replica.base(SCOPE) == []
    province.grant("lan", DA_MAI, Role.FIELD_OFFICER)
    lan.device.pull_once()
    assert [(d["id"], d["type"]) for d in lan.replica.records("minutes", f"{DA_MAI}/{YEAR}")] == [(made, "minutes")]


def test_a_held_edit_stays_on_the_screen_until_it_is_applied(phones: dict[str, Kit]) -> None:
    lan, minh = phones["lan"], phones["minh"]
    record_id = str(uuid.uuid4())
    minh.replica.edit("patch", "minutes", SCOPE, record_id, set={"title": "Sửa sớm"})
    minh.device.sync()
    shown = minh.replica.record(record_id) or {}
    assert (minh.replica.pending(), shown["pending"], shown["data"]) == (0, 1, {"title": "Sửa sớm"})
    assert [r["id"] for r in minh.replica.records("minutes", SCOPE)] == [record_id]

    lan.replica.edit("create", "minutes", SCOPE, record_id, set={"chair": "Bà Hoa"})
    lan.device.sync()
    minh.device.sync()
    shown = minh.replica.record(record_id) or {}
    assert ("pending" in shown, shown["data"]) == (False, {"title": "Sửa sớm", "chair": "Bà Hoa"})
    assert [row[5] for row in minh.rows("sent")] == ["applied"]


def test_a_held_edit_that_is_refused_in_the_end_is_told(phones: dict[str, Kit]) -> None:
    minh = phones["minh"]
    minh.replica.edit("patch", "minutes", SCOPE, str(uuid.uuid4()), set={"title": "Sửa sớm"})
    minh.device.sync()
    op_id = minh.rows("sent")[0][1]
    scope = f"user:{minh.person.account_id}"
    data = {"op_id": op_id, "status": "rejected", "code": "type_mismatch", "fields": []}
    notice = {"id": "n", "type": "op_outcome", "scope": scope, "ver": 1, "data": data, "conflicts": []}
    page = {"cursor": "c", "more": False, "removed": [], "reload": [], "epoch": minh.replica.get("epoch")}
    minh.replica.apply_page({**page, "changes": [{"scope": scope, "seq": 1, "kind": "put", "record": notice}]})
    (told,) = minh.replica.inbox()
    assert (told["kind"], told["code"], told["op"]["set"]) == ("rejected", "type_mismatch", {"title": "Sửa sớm"})


def test_an_edit_of_what_was_on_the_screen_does_not_overwrite_what_came_meanwhile(phones: dict[str, Kit]) -> None:
    lan, minh = phones["lan"], phones["minh"]
    made = lan.device.capture("minutes", SCOPE, set={"title": "Họp"})
    lan.device.sync()
    minh.device.sync()
    opened = minh.replica.record(made) or {}
    lan.replica.edit("patch", "minutes", SCOPE, made, set={"title": "Họp khu 1"})
    lan.device.sync()
    minh.device.sync()  # in the background, while Minh is still typing
    minh.replica.edit("patch", "minutes", SCOPE, made, base_ver=opened["ver"], set={"title": "Họp khu 2"})
    minh.device.sync()
    shown = minh.replica.record(made) or {}
    assert (shown["data"]["title"], shown["conflicts"][0]["others"][0]["v"]) == ("Họp khu 1", "Họp khu 2")


def test_a_conflict_that_is_answered_on_the_phone_is_not_asked_again(phones: dict[str, Kit]) -> None:
    lan, minh = phones["lan"], phones["minh"]
    made = lan.device.capture("minutes", SCOPE, set={"title": "Họp"})
    lan.device.sync()
    minh.device.sync()
    for kit in (lan, minh):
        kit.replica.edit("patch", "minutes", SCOPE, made, set={"title": f"Họp của {kit.person.name}"})
        kit.device.sync()
    assert [i["kind"] for i in minh.replica.inbox()] == ["conflict"]
    minh.replica.edit("resolve", "minutes", SCOPE, made, set={"title": "Họp hai khu"})
    assert minh.replica.inbox() == []  # no signal yet
    minh.device.sync()
    assert minh.replica.inbox() == []


def test_evidence_that_was_sent_back_asks_its_author_and_nobody_else(
    phones: dict[str, Kit], province: Province
) -> None:
    lan, minh, tuan = phones["lan"], phones["minh"], province["tuan"]
    for kit in (lan, minh):
        kit.replica.put("account_id", kit.person.account_id)
    made = lan.device.capture("minutes", SCOPE, set={"title": "Họp", "body": "Nội dung", "criteria": ["PH-A02"]})
    lan.device.sync()
    tuan.decides(tuan.record(made), "needs_info", reason_code="incomplete", comment="Thiếu danh sách dự họp")
    lan.device.sync()
    minh.device.sync()
    (asked,) = lan.replica.inbox()
    assert (asked["kind"], asked["record_id"], asked["comment"]) == ("review", made, "Thiếu danh sách dự họp")
    assert minh.replica.inbox() == []


def test_every_answered_op_leaves_a_receipt(phones: dict[str, Kit]) -> None:
    lan = phones["lan"]
    lan.device.capture("minutes", SCOPE, set={"title": "Một"})
    lan.device.sync()
    ((_, op_id, _, _, body, status, result, _),) = lan.rows("sent")
    receipt = json.loads(result)
    assert (status, receipt["op_id"], receipt["seq"]) == ("applied", op_id, {"scope": SCOPE, "seq": 1})
    assert len(receipt["entry_hash"]) == 64
    assert json.loads(body)["captured"].keys() >= {"wall", "offset_min", "mono_ms", "boot_id"}


def test_what_was_dismissed_stays_dismissed_after_a_restore(phones: dict[str, Kit], province: Province) -> None:

    lan = phones["lan"]
    lan.replica.edit("create", "minutes", "07228/2026", set={"title": "Phường khác"})
    lan.device.sync()
    lan.replica.dismiss(lan.replica.inbox()[0]["op_id"])
    province.db.write(open_epoch, "restore drill", province.clock.now())
    assert lan.device.sync().stopped is None
    assert (lan.replica.pending(), lan.replica.inbox()) == (0, [])


def test_a_change_that_no_push_could_carry_is_refused_at_once(phones: dict[str, Kit]) -> None:
    lan = phones["lan"]
    before = lan.changes()
    for value in ("x" * 600_000, float("nan"), "\ud800"):
        try:
            lan.replica.edit("create", "minutes", SCOPE, set={"body": value})
        except ValueError:
            assert lan.changes() == before
        else:
            raise AssertionError(value)
