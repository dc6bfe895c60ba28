"""Requests that a machine made up from the published description: no answer is a fault, and none is outside it.

`FUZZ_EXAMPLES` says how many are made up for each operation and caller, beside the edge cases of every parameter.
"""

import hashlib
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from schemathesis.config import SchemathesisConfig

from people import KINH_BAC, Province, file_entry

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "8"))
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
schema.app = door


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory, migrated: Path, postgres) -> Iterator[Province]:
    """One province for all requests, which leave their marks in it."""
    made = door.inside = Province(tmp_path_factory.mktemp("town"), migrated, postgres.fresh("migrated"))
    yield made
    made.close()


@pytest.fixture(scope="module")
def known(town: Province) -> dict[str, str]:
    """Path parameters that name something, so that requests come further than to `not found`."""
    lan, minh = town["lan"], town["minh"]
    media = [file_entry(FILE, "Biên bản.pdf", "application/pdf")]
    made = lan.does("create", type="document", set={"title": "Biên bản", "criteria": ["PH-B01"]}, media=media)
    lan.does("patch", made["record"]["id"], type="document", base_ver=1, set={"title": "Biên bản họp"})
    lan.does("patch", type="document", set={"title": "Chưa có"})
    sent = lan.upload(FILE, "Biên bản.pdf", "application/pdf")
    begun = {"Tus-Resumable": "1.0.0", "Upload-Length": "1000000", **lan.headers}
    upload = town.http.post("/v1/uploads", headers=begun).headers["Location"].rsplit("/", 1)[1]
    assert sent.headers["Upload-State"] == "verified"
    sets = lan.get("/v1/criteria-sets").json()
    return {
        "record_id": made["record"]["id"],
        "sha256": hashlib.sha256(FILE).hexdigest(),
        "upload_id": upload,
        "account_id": minh.account_id,
        "client_id": minh.client_id,
        "unit": KINH_BAC,
        "code": KINH_BAC,
        **{name: found[key] for found in sets[:1] for name, key in (("set_id", "id"), ("version", "version"))},
    }


@pytest.mark.parametrize("who", ["quan", "lan", None], ids=["administrator", "field officer", "nobody"])
@schema.parametrize()
@settings(max_examples=EXAMPLES, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
def test_every_answer_is_in_the_description(
    case: schemathesis.Case, who: str | None, town: Province, known: dict[str, str]
) -> None:
    if case.meta and case.meta.generation.mode.is_positive:
        case.path_parameters |= {name: known[name] for name in case.path_parameters if name in known}
    case.call_and_validate(headers=town[who].headers if who else {})


ADDRESSES = sorted(re.sub(r"\{.*?\}", "x", path) for path in schema.raw_schema["paths"])


@pytest.mark.parametrize("path", [*ADDRESSES, "/", "/v1", "/v1/records/", "/v2/sync/push", "/v1/%00", "/v1/../etc"])
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW"])
def test_whatever_is_asked_of_any_address_a_refusal_is_a_problem(town: Province, method: str, path: str) -> None:
    answer = town.http.request(method, path, headers=town["lan"].headers)
    assert answer.status_code < 500
    if answer.status_code >= 300:
        assert answer.headers["content-type"] == "application/problem+json"
    if answer.status_code == 405:
        allowed = answer.headers["allow"].split(", ")
        assert method not in allowed
        described = schema.raw_schema["paths"].get(path, {})
        assert {name.upper() for name in described} <= set(allowed)
