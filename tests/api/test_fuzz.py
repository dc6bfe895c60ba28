"""Requests that a machine made up from the published description: no answer is a fault, and none is outside it.

`FUZZ_EXAMPLES` says how many are made up for each operation and caller, beside the edge cases of every parameter.
"""

import hashlib
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from schemathesis.config import SchemathesisConfig

from people import KINH_BAC, Province, file_entry
from postgres import Postgres

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "5"))
DESCRIPTION = Path(__file__).parents[2] / "openapi/openapi.json"
CONFIG = {
    "seed": 2026,
    "generation": {"deterministic": True, "max-examples": EXAMPLES, "with-security-parameters": False},
    "checks": {
        # 403, 404 and 409 are right answers to a request of the right shape.
        "positive_data_acceptance": {"enabled": False},
        "negative_data_rejection": {"expected-statuses": ["4xx"]},
        "missing_required_header": {"expected-statuses": ["4xx"]},
    },
}
FILE = b"%PDF-1.4 bien ban"
schemathesis.openapi.media_type("application/offset+octet-stream", st.binary(max_size=64))


class Door:
    """Where the requests go in: the service of the test that runs, without the worker beside it."""

    inside: Province

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            await self.inside.app(scope, receive, send)


door = Door()
schema = schemathesis.openapi.from_path(DESCRIPTION, config=SchemathesisConfig.from_dict(CONFIG))
# A stream that ends with its token, when this clock moves: test_wakes.py listens to it.
schema = schema.exclude(operation_id="events")
schema.app = door


class Town(NamedTuple):
    """A province, and path parameters that name something in it, so that requests come further than `not found`."""

    province: Province
    known: dict[str, str]


@pytest.fixture(scope="module")
def towns(tmp_path_factory: pytest.TempPathFactory, migrated: Path, postgres: Postgres) -> Iterator[dict[str, Town]]:
    """One on each database, for all requests; they leave their marks in it."""
    urls = {"sqlite": None, "postgresql": postgres.fresh("migrated")}
    made = {name: Province(tmp_path_factory.mktemp(name), migrated, url) for name, url in urls.items()}
    yield {name: Town(province, settle(province)) for name, province in made.items()}
    for province in made.values():
        province.close()


def settle(province: Province) -> dict[str, str]:
    """Makes a record with a history and a file, and begins an upload. Returns what names them."""
    lan, minh = province["lan"], province["minh"]
    media = [file_entry(FILE, "Biên bản.pdf", "application/pdf")]
    made = lan.does("create", type="document", set={"title": "Biên bản", "criteria": ["PH-B01"]}, media=media)
    lan.does("patch", made["record"]["id"], type="document", base_ver=1, set={"title": "Biên bản họp"})
    lan.upload(FILE, "Biên bản.pdf", "application/pdf")
    begun = {"Tus-Resumable": "1.0.0", "Upload-Length": "1000000", **lan.headers}
    catalogue = lan.get("/v1/criteria-sets").json()[0]
    return {
        "record_id": made["record"]["id"],
        "sha256": hashlib.sha256(FILE).hexdigest(),
        "upload_id": province.http.post("/v1/uploads", headers=begun).headers["Location"].rsplit("/", 1)[1],
        "account_id": minh.account_id,
        "client_id": minh.client_id,
        "set_id": catalogue["id"],
        "version": catalogue["version"],
        **dict.fromkeys(("unit", "code"), KINH_BAC),
    }


CALLERS = [
    pytest.param("sqlite", "quan", id="administrator"),
    pytest.param("sqlite", "lan", id="field officer"),
    pytest.param("postgresql", "lan", id="field officer on PostgreSQL"),
    pytest.param("sqlite", None, id="nobody"),
]


@pytest.mark.parametrize(("database", "who"), CALLERS)
@schema.parametrize()
@settings(max_examples=EXAMPLES, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
def test_every_answer_is_in_the_description(
    case: schemathesis.Case, database: str, who: str | None, towns: dict[str, Town]
) -> None:
    door.inside, known = towns[database]
    if case.meta and case.meta.generation.mode.is_positive:
        case.path_parameters |= {name: known[name] for name in case.path_parameters if name in known}
    case.call_and_validate(headers=door.inside[who].headers if who else {})


ADDRESSES = sorted(re.sub(r"\{.*?\}", "x", path) for path in schema.raw_schema["paths"] if path != "/v1/sync/events")


@pytest.mark.parametrize("path", [*ADDRESSES, "/", "/v1", "/v1/records/", "/v2/sync/push", "/v1/%00", "/v1/../etc"])
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW"])
def test_whatever_is_asked_of_any_address_a_refusal_is_a_problem(
    towns: dict[str, Town], method: str, path: str
) -> None:
    province = towns["sqlite"].province
    answer = province.http.request(method, path, headers=province["lan"].headers)
    assert answer.status_code < 500
    if answer.status_code >= 300:
        assert answer.headers["content-type"] == "application/problem+json"
    if answer.status_code == 405:
        allowed = answer.headers["allow"].split(", ")
        assert method not in allowed
        described = schema.raw_schema["paths"].get(path, {})
        assert {name.upper() for name in described} <= set(allowed)
