"""Ops with anything in any place: each gets a result, and none is a fault of the service."""

import itertools
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from people import Province
from programme.evidence import EVIDENCE
from raw_push import results, send, stored
from sync.push import MAX_OPS

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "60"))
STATUSES = {"applied", "merged", "conflict", "superseded", "duplicate", "held", "rejected"}
PLACES = (
    *("op_id", "dev_seq", "actor", "action", "type", "record_id", "scope", "base_ver", "base_hash", "schema"),
    *("set", "add", "remove", "inc", "media", "deps", "captured", "of a later schema"),
)
ODD_VALUES = (
    *(None, True, False, 0, -1, 1.5, 2**53, -(2**53), 10**40, float("nan"), float("-inf")),
    *("", "x", "\x00", "\ud800", "ỗ" * 70, "a" * 100_000, "1" * 32, "0001-01-01T00:00:00+14:00"),
    *(
        [],
        [None],
        [[]],
        [{}],
        [1.5],
        ["\ud800"],
        {},
        {"": 1},
        {"x": None},
        {"ổ": 1},
        {"text": None},
        {"sha256": "0" * 64},
    ),
)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def town(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, migrated: Path
) -> Iterator[Province]:
    """One province for all examples of a property, which leave their marks in it."""
    url = request.getfixturevalue("postgres").fresh("migrated") if request.param == "postgresql" else None
    made = Province(tmp_path_factory.mktemp("town"), migrated, url)
    yield made
    made.close()


@pytest.mark.parametrize("name", PLACES)
def test_every_part_of_an_op_may_be_missing_or_anything(province: Province, name: str) -> None:
    lan = province["lan"]
    made = [lan.op("create", set={"title": "Tốt"}) for _ in range(len(ODD_VALUES) + 1)]
    odd = [{**op, name: value} for op, value in zip(made, ODD_VALUES, strict=False)]
    odd.append({key: value for key, value in made[-1].items() if key != name})
    assert {r["status"] for r in results(lan, *odd)} <= STATUSES
    again = results(lan, *odd)
    assert {r["status"] for r in again} == {"duplicate"}


@pytest.mark.parametrize("record_type", EVIDENCE, ids=lambda t: t.name)
def test_every_field_of_every_type_may_be_anything(province: Province, record_type: Any) -> None:
    lan = province["lan"]
    record_id = lan.does("create", type=record_type.name, set={"title": "Tốt"})["record"]["id"]
    changes: list[dict[str, Any]] = []
    for name, value in itertools.product((*record_type.fields, "media", "unknown"), ODD_VALUES):
        changes += [{"set": {name: value}}, {"add": {name: [value]}}, {"remove": {name: [value]}}]
        changes += [{"inc": {name: value}}] if isinstance(value, int) else []
    for start in range(0, len(changes), MAX_OPS // 2):
        part = changes[start : start + MAX_OPS // 2]
        ops = [lan.op("create", type=record_type.name, **change) for change in part]
        ops += [lan.op("patch", record_id, type=record_type.name, base_ver=1, **change) for change in part]
        assert {r["status"] for r in results(lan, *ops)} <= STATUSES
    assert lan.record(record_id)["ver"] > 1
    assert lan.pull()["changes"]


def test_ops_that_wait_for_each_other_in_a_long_line_are_all_applied(province: Province) -> None:
    lan = province["lan"]
    ops = [lan.op("create", set={"title": str(n)}) for n in range(3 * MAX_OPS)]
    for op, after in itertools.pairwise(ops):
        op["deps"] = [f"op:{after['op_id']}"]
    for start in range(0, len(ops), MAX_OPS):
        last = results(lan, *ops[start : start + MAX_OPS])[-1]
    assert last["status"] == "applied"
    assert {r["original"] for r in results(lan, *ops[:MAX_OPS])} == {"applied"}


TEXT = st.text(st.characters(), max_size=20) | st.sampled_from(["\ud800", "\x00", "create", "09187/2026"])
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | TEXT
VALUES = st.recursive(SCALARS, lambda v: st.lists(v, max_size=3) | st.dictionaries(TEXT, v, max_size=3), max_leaves=8)
NAMES = st.sampled_from(["title", "note", "criteria", "tags", "media", "corrects", "captured_at", "odd"])
PARTS = st.dictionaries(NAMES, VALUES | st.lists(VALUES, max_size=3), max_size=3)
IDS = st.sampled_from([f"{n:08d}-0000-4000-8000-000000000000" for n in range(6)])
OPS = st.fixed_dictionaries(
    {},
    optional={
        "op_id": IDS | st.uuids().map(str) | VALUES,
        "action": st.sampled_from(["create", "patch", "delete", "restore", "move", "resolve"]) | VALUES,
        "type": st.sampled_from(["minutes", "photo"]) | VALUES,
        "record_id": IDS | VALUES,
        "scope": st.sampled_from(["09187/2026", "09187/2027", "07228/2026"]) | VALUES,
        "base_ver": st.integers(0, 5) | VALUES,
        "deps": st.lists(IDS.map("op:{}".format), max_size=2) | VALUES,
        **dict.fromkeys(("set", "add", "remove", "inc"), PARTS | VALUES),
        **dict.fromkeys(("media", "captured", "actor", "schema", "base_hash", "more"), VALUES),
    },
)


@settings(max_examples=EXAMPLES, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(ops=st.lists(OPS | VALUES, max_size=12), numbered=st.booleans())
def test_any_list_gets_a_result_for_each_of_its_members(town: Province, ops: list[Any], numbered: bool) -> None:
    lan = town["lan"]
    for op in (op for op in ops if numbered and isinstance(op, dict)):
        lan.dev_seq += 1
        op["dev_seq"] = lan.dev_seq
    answer = send(lan, {"ops": ops})
    assert answer.status_code in {200, 409, 422}, answer.text
    if answer.status_code == 200:
        found = answer.json()["results"]
        assert len(found) == len(ops)
        assert {r["status"] for r in found} <= STATUSES
        assert all(stored(town, r["op_id"]) for r in found)
    else:
        assert answer.headers["content-type"] == "application/problem+json"
