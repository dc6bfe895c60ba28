"""Apps of yesterday and of tomorrow: their ops are brought over or wait, and no word of theirs is lost (C.10)."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from auth.principal import Role
from people import KINH_BAC, Province
from programme.evidence import PAGES
from programme.registry import registry
from sync.instant import iso
from sync.types import Changes, Field, Kind, RecordType

GOLDEN = Path(__file__).parents[1] / "golden" / "upcasts"


def renamed(said: Changes) -> Changes:
    """Schema 1 of a trail called its title `name`."""
    return {**said, "set": {{"name": "title"}.get(name, name): value for name, value in said["set"].items()}}


def joined(said: Changes) -> Changes:
    """Schema 2 knew one `leader`; since schema 3 a trail has `members`."""
    values = dict(said["set"])
    leader = values.pop("leader", None)
    return {**said, "set": values, "add": {**said["add"], **({"members": [leader]} if leader else {})}}


FIELDS = {"title": Field(Kind.REGISTER, PAGES), "members": Field(Kind.SET, PAGES)}
TRAIL = RecordType("trail", FIELDS, schema=3, upcasts={1: renamed, 2: joined})


@pytest.mark.parametrize("record_type", [TRAIL, *(t for t in registry().types.values() if t.schema > 1)])
def test_each_step_of_a_type_that_has_changed_gives_what_its_golden_file_says(record_type: RecordType) -> None:
    for schema in range(1, record_type.schema):
        golden = json.loads((GOLDEN / f"{record_type.name}-{schema}.json").read_text(encoding="utf-8"))
        assert record_type.upcasts[schema](golden["op"]) == golden["upcast"]


def test_an_old_op_is_applied_in_todays_words_and_a_newer_one_waits_for_its_release(province: Province) -> None:
    lan, ha = province["lan"], province["ha"]
    types = province.app.state.types.types
    types["trail"] = TRAIL
    old = lan.op("create", type="trail", schema=1, set={"name": "Tuyến 3", "leader": "Ông Đức", "color": "xanh"})
    made = lan.push(old)["results"][0]["record"]
    assert made["data"] == {"title": "Tuyến 3", "members": ["Ông Đức"], "color": "xanh"}
    assert made["schema"] == 3
    assert lan.push(old)["results"][0]["status"] == "duplicate"

    newer = lan.op("patch", made["id"], type="trail", schema=4, base_ver=1, set={"title": {"vi": "Tuyến bốn"}})
    after = lan.op("patch", made["id"], type="trail", schema=3, base_ver=1, set={"color": "đỏ"}, deps=[])
    results = lan.push(newer, after)["results"]
    assert [(r["status"], r.get("waiting_for")) for r in results] == [("held", ["schema:trail/4"]), ("applied", None)]
    province.work()
    assert lan.record(made["id"])["data"]["title"] == "Tuyến 3"
    assert ha.get("/v1/ops", status="held").json()["ops"][0]["op"] == newer

    cursor = lan.pull()["cursor"]
    word = {"title": Field(Kind.REGISTER, lambda value: None if isinstance(value, dict) else "texts by language")}
    types["trail"] = replace(TRAIL, schema=4, fields={**FIELDS, **word})
    province.clock.advance(3_600_000)
    province.app.state.worker.attend()
    assert lan.record(made["id"])["data"] == {"title": {"vi": "Tuyến bốn"}, "members": ["Ông Đức"], "color": "đỏ"}
    notices = [c["record"]["data"] for c in lan.pull(cursor)["changes"] if c["scope"].startswith("user:")]
    assert [(n["op_id"], n["status"]) for n in notices] == [(newer["op_id"], "applied")]


def test_tables_that_follow_the_records_hear_of_what_a_supervisor_accepts(province: Province) -> None:
    lan, ha = province["lan"], province["ha"]
    before = {"wall": iso(province.clock.now())}
    province.revoke("lan", KINH_BAC, Role.FIELD_OFFICER)
    late = lan.op("create", type="monthly_report", set={"month": "2026-09"}, captured=before)
    assert lan.push(late)["results"][0]["code"] == "actor_inactive"
    assert ha.post(f"/v1/ops/{late['op_id']}/accept", None).json()["status"] == "applied"
    assert [c["id"] for c in ha.get("/v1/cases", type="monthly_report").json()["records"]] == [late["record_id"]]
