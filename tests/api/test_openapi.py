"""The published description: current, valid, and complete about failures. That it is true is shown in `test_fuzz`."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import schemathesis

from service.commands.openapi import document
from service.problems import Problem, catalogue

COMMITTED = Path(__file__).parents[2] / "openapi/openapi.json"
DESCRIPTION: dict[str, Any] = json.loads(COMMITTED.read_text(encoding="utf-8"))
METHODS = {"get", "put", "post", "delete", "options", "head", "patch", "trace"}


def operations() -> Iterator[tuple[str, dict[str, Any]]]:
    for path, item in DESCRIPTION["paths"].items():
        yield from ((f"{name} {path}", item[name]) for name in METHODS & item.keys())


EVERY = dict(sorted(operations()))
each_operation = pytest.mark.parametrize("operation", EVERY.values(), ids=EVERY)


def test_the_committed_description_is_what_the_routes_say() -> None:
    assert COMMITTED.read_text(encoding="utf-8") == document(), "run `make openapi`"


def test_the_description_is_valid_openapi_3_1() -> None:
    assert DESCRIPTION["openapi"].startswith("3.1")
    schemathesis.openapi.from_dict(DESCRIPTION).validate()


def test_every_reference_leads_somewhere() -> None:
    text = json.dumps(DESCRIPTION)
    named = {part.split('"')[0] for part in text.split('"$ref": "#/components/schemas/')[1:]}
    assert named <= DESCRIPTION["components"]["schemas"].keys()
    for schema in DESCRIPTION["components"]["schemas"].values():
        jsonschema_rs.meta.validate({**schema, "$schema": "https://json-schema.org/draft/2020-12/schema"})


def test_names_of_operations_are_unique() -> None:
    names = [operation["operationId"] for operation in EVERY.values()]
    assert sorted(names) == sorted(set(names))


@each_operation
def test_an_operation_says_what_it_is_for(operation: dict[str, Any]) -> None:
    assert operation["operationId"].isidentifier()
    assert operation["tags"]
    assert operation["description"]


@each_operation
def test_every_failure_of_an_operation_is_a_problem_with_known_codes(operation: dict[str, Any]) -> None:
    failures = {status: answer for status, answer in operation["responses"].items() if status >= "400"}
    assert failures.keys() >= {"500", "503"}
    for status, answer in failures.items():
        schemas = {kind: content["schema"] for kind, content in answer["content"].items()}
        assert schemas == {"application/problem+json": {"$ref": "#/components/schemas/Problem"}}
        codes = answer["description"].split(", ")
        assert {str(catalogue()[code].status) for code in codes} == {status}


@each_operation
def test_an_operation_says_what_it_answers_to_strangers_and_to_bad_bodies(operation: dict[str, Any]) -> None:
    failures = operation["responses"].keys()
    assert ("401" in failures) >= bool(operation.get("security"))
    if "requestBody" in operation:
        assert {"413", "415", "422"} <= failures


def test_the_shape_of_a_problem_is_described() -> None:
    assert DESCRIPTION["components"]["schemas"]["Problem"] == Problem.model_json_schema()
