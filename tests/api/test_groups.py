"""Ops that belong together, and ops that wait: all or none of a `tx`, and `deps` in any order (protocol C.4, P27)."""

import itertools
import random
import uuid

import pytest

from auth.principal import Role
from people import DA_MAI, KINH_BAC, Province


def statuses(answer: dict) -> list[str]:  # type: ignore[type-arg]
    return [r["status"] for r in answer["results"]]


def test_a_group_with_a_bad_op_leaves_nothing_and_every_op_names_the_culprit(province: Province) -> None:
    lan = province["lan"]
    made = lan.does("create", set={"title": "Trước"})["record"]
    ops = [
        lan.op("patch", made["id"], base_ver=1, tx="họp", set={"title": "Sau"}),
        lan.op("create", tx="họp", set={"title": "Mới", "criteria": ["PH-A02"]}),
        lan.op("create", tx="họp", set={"title": 7}),
    ]
    beside = lan.op("create", set={"title": "Bên cạnh", "criteria": ["PH-A02"]})
    results = lan.push(*ops, beside)["results"]
    assert [r["code"] for r in results[:3]] == ["tx_rejected", "tx_rejected", "field_invalid"]
    assert ops[2]["op_id"] in results[0]["message"]
    assert results[0]["record"]["data"] == {"title": "Trước"}
    assert (results[3]["status"], results[3]["record"]["codes"]) == ("applied", ["[PH-A02-01]"])
    shown = {c["record"]["id"] for c in lan.pull()["changes"] if c["scope"].startswith(KINH_BAC)}
    assert shown == {made["id"], beside["record_id"]}
    again = lan.push(*ops)["results"]
    assert {(r["status"], r["original"]) for r in again} == {("duplicate", "rejected")}


def test_a_good_group_is_applied_whatever_the_order_inside_it(province: Province) -> None:
    lan = province["lan"]
    one, other = str(uuid.uuid4()), str(uuid.uuid4())
    ops = [
        lan.op("patch", one, base_ver=1, tx="t", add={"tags": ["a"]}),
        lan.op("create", one, tx="t", set={"title": "Một", "corrects": other}),
        lan.op("create", other, tx="t", set={"title": "Hai", "corrects": one}),
    ]
    assert set(statuses(lan.push(*ops))) == {"applied"}
    assert lan.record(one)["data"] == {"title": "Một", "corrects": other, "tags": ["a"]}


def test_a_group_waits_as_a_whole_and_comes_free_as_a_whole(province: Province) -> None:
    lan, minh = province["lan"], province["minh"]
    later = str(uuid.uuid4())
    ops = [
        lan.op("create", tx="t", set={"title": "Một"}),
        lan.op("create", tx="t", set={"title": "Hai", "corrects": later}),
    ]
    answer = lan.push(*ops)
    assert {(r["status"], tuple(r["waiting_for"])) for r in answer["results"]} == {("held", (f"record:{later}",))}
    assert lan.get(f"/v1/records/{ops[0]['record_id']}").status_code == 404
    minh.does("create", later, set={"title": "Đến sau"})
    assert [lan.record(op["record_id"])["data"]["title"] for op in ops] == ["Một", "Hai"]


def test_a_group_that_turns_bad_while_it_waits_is_refused_as_a_whole(province: Province) -> None:
    nam, lan = province["nam"], province["lan"]
    later = str(uuid.uuid4())
    ops = [
        nam.op("create", unit=DA_MAI, tx="t", set={"title": "Một"}),
        nam.op("patch", later, unit=DA_MAI, base_ver=1, tx="t", set={"title": "Chen"}),
    ]
    assert set(statuses(nam.push(*ops))) == {"held"}
    lan.does("create", later, set={"title": "Của Kinh Bắc"})
    assert {r["original"] for r in nam.push(*ops)["results"]} == {"rejected"}
    assert nam.get(f"/v1/records/{ops[0]['record_id']}").status_code == 404


@pytest.mark.parametrize("seed", range(4))
def test_a_chain_of_deps_is_applied_in_any_order_and_any_cut(province: Province, seed: int) -> None:
    lan, rng = province["lan"], random.Random(seed)
    ops = [lan.op("create", set={"title": str(n)}) for n in range(24)]
    for before, op in itertools.pairwise(ops):
        op["deps"] = [rng.choice((f"op:{before['op_id']}", f"record:{before['record_id']}"))]
    sent = rng.sample(ops, len(ops))
    while sent:
        size = rng.randint(1, 6)
        lan.push(*sent[:size])
        sent = sent[size:]
    assert {r["original"] for r in lan.push(*ops)["results"]} == {"applied"}


def test_an_op_waits_for_one_that_was_refused_until_that_takes_effect(province: Province) -> None:
    lan = province["lan"]
    bad = lan.op("create", set={"title": 7})
    after = lan.op("create", deps=[f"op:{bad['op_id']}"], set={"title": "Sau"})
    assert statuses(lan.push(after, bad)) == ["held", "rejected"]
    last = lan.op("create", deps=[f"op:{bad['op_id']}"], set={"title": "Sau nữa"})
    assert statuses(lan.push(last)) == ["held"]


def test_ops_that_wait_only_for_each_other_are_applied(province: Province) -> None:
    lan, minh = province["lan"], province["minh"]
    one, other = str(uuid.uuid4()), str(uuid.uuid4())
    first = lan.does("create", one, set={"title": "Một", "corrects": other})
    assert first["status"] == "held"
    assert minh.does("create", other, set={"title": "Hai", "corrects": one})["status"] == "applied"
    assert lan.record(one)["data"]["corrects"] == other


def test_the_answer_tells_what_became_of_an_op_by_the_end_of_its_batch(province: Province) -> None:
    lan = province["lan"]
    later = str(uuid.uuid4())
    early = lan.op("create", set={"title": "Sửa", "corrects": later})
    results = lan.push(early, lan.op("create", later, set={"title": "Gốc"}))["results"]
    assert [r["status"] for r in results] == ["applied", "applied"]


def test_a_record_stands_once_in_an_answer_in_its_last_result(province: Province) -> None:
    lan = province["lan"]
    made = lan.op("create", set={"title": "Gốc"})
    results = lan.push(made, lan.op("patch", made["record_id"], base_ver=1, set={"title": "Sửa"}))["results"]
    assert "record" not in results[0]
    assert results[1]["record"]["ver"] == 2


def test_a_reference_to_what_its_author_may_not_read_waits_as_if_it_were_not_there(province: Province) -> None:
    nam, lan = province["nam"], province["lan"]
    secret = nam.does("create", unit=DA_MAI, set={"title": "Của Đa Mai"})["record"]["id"]
    assert lan.does("create", set={"title": "Dò", "corrects": secret})["status"] == "held"


def test_a_held_move_is_applied_by_the_rights_of_its_author(province: Province) -> None:
    lan, ha = province["lan"], province["ha"]
    province.grant("ha", DA_MAI, Role.UNIT_HEAD)
    record_id = str(uuid.uuid4())
    assert ha.does("move", record_id, unit=DA_MAI, base_ver=1)["status"] == "held"
    lan.does("create", record_id, set={"title": "Chuyển"})
    assert ha.record(record_id)["scope"].startswith(DA_MAI)
