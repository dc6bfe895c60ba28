"""Ops that come before what they need: held, released by its arrival, and never a way around a rule (protocol P27)."""

import uuid

from people import DA_MAI, KINH_BAC, Province


def test_an_edit_that_comes_before_its_record_is_held_and_told_to_its_author_when_it_is_applied(
    province: Province,
) -> None:
    lan, minh = province["lan"], province["minh"]
    record_id = str(uuid.uuid4())
    early = minh.does("patch", record_id, base_ver=1, set={"title": "Sửa sớm"})
    assert (early["status"], early["waiting_for"]) == ("held", [f"record:{record_id}"])
    lan.does("create", record_id, set={"title": "Gốc"})
    page = minh.pull()
    told = [c["record"] for c in page["changes"] if c["scope"] == f"user:{minh.account_id}"]
    assert [t["data"]["status"] for t in told] == ["applied"]
    # Minh had seen version 1 by his own word, and that is what Lan made.
    assert [c["record"]["data"]["title"] for c in page["changes"] if c["scope"].startswith(KINH_BAC)] == ["Sửa sớm"]


def test_a_held_edit_gives_nobody_a_way_into_another_ward(province: Province) -> None:
    """The record did not exist when the edit came, so its ward could not be asked; it is when the record arrives."""
    nam, lan = province["nam"], province["lan"]
    record_id = str(uuid.uuid4())
    early = nam.does("patch", record_id, unit=DA_MAI, base_ver=1, set={"title": "Chen vào"})
    assert early["status"] == "held"
    made = lan.does("create", record_id, set={"title": "Của Kinh Bắc"})["record"]
    assert (made["data"]["title"], made["authors"]) == ("Của Kinh Bắc", [lan.account_id])
    told = [c["record"]["data"] for c in nam.pull()["changes"] if c["scope"].startswith("user:")]
    assert [(t["status"], t["code"]) for t in told] == [("rejected", "not_permitted")]


def test_a_held_edit_of_another_type_is_rejected_when_its_record_arrives(province: Province) -> None:
    lan, minh = province["lan"], province["minh"]
    record_id = str(uuid.uuid4())
    minh.does("patch", record_id, type="minutes", base_ver=1, set={"body": "Lời"})
    made = lan.does("create", record_id, type="photo", set={"title": "Ảnh"})["record"]
    assert made["data"] == {"title": "Ảnh"}


def test_an_op_that_waits_for_itself_does_not_wait(province: Province) -> None:
    op = province["lan"].op("create", set={"title": "Vòng"})
    op["deps"] = [f"op:{op['op_id']}"]
    op["set"]["corrects"] = op["record_id"]
    assert province["lan"].push(op)["results"][0]["status"] == "applied"
