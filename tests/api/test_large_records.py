"""A record does not outgrow what one answer and one phone can carry; what would make it so is kept aside (C.4)."""

import uuid

import pytest

from people import Province

HALF = "a" * 1_100_000  # more than half of what a record may be


@pytest.fixture
def database_url() -> str | None:
    return None


def test_an_op_that_would_burst_a_record_is_kept_and_replayed_when_there_is_room(province: Province) -> None:
    lan, minh, ha = province["lan"], province["minh"], province["ha"]
    made = lan.does("create", set={"title": "Sổ", "old": HALF})["record"]
    group = str(uuid.uuid4())
    burst = minh.op("patch", made["id"], base_ver=1, set={"more": HALF}, tx=group)
    beside = minh.op("create", set={"title": "Cùng nhóm"}, tx=group)
    apart = minh.op("patch", made["id"], base_ver=0, set={"old": HALF + "b"})
    after = minh.op("patch", made["id"], base_ver=1, set={"chair": "Ông Đức"})
    answer = minh.push(burst, beside, apart, after)
    told = [(r["status"], r.get("code")) for r in answer["results"]]
    assert told == [
        ("rejected", "record_too_large"),
        ("rejected", "tx_rejected"),
        ("rejected", "record_too_large"),
        ("applied", None),
    ]
    assert answer["results"][3]["record"]["data"] == {"title": "Sổ", "old": HALF, "chair": "Ông Đức"}
    assert ha.get(f"/v1/ops/{burst['op_id']}").json()["op"]["set"]["more"] == HALF
    assert ha.post(f"/v1/ops/{burst['op_id']}/replay", None).json()["code"] == "record_too_large"
    assert lan.does("patch", made["id"], base_ver=2, set={"old": None})["status"] == "applied"
    assert ha.post(f"/v1/ops/{burst['op_id']}/replay", None).json()["status"] == "applied"
    assert lan.record(made["id"])["data"]["more"] == HALF
    whole = lan.does("create", set={"title": "Một lần", "all": HALF * 2})
    assert (whole["code"], whole["record"]) == ("record_too_large", None)
