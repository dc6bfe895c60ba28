"""Requests that a machine made up, from the published description: no answer is a fault, none is outside it.

`FUZZ_EXAMPLES` sets how many are made up for each operation and caller.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.config import SchemathesisConfig

from people import Province

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "5"))
DESCRIPTION = Path(__file__).parents[2] / "openapi/openapi.json"
CONFIG = {
    "seed": 2026,
    "generation": {"deterministic": True, "max-examples": EXAMPLES},
    "checks": {"positive_data_acceptance": {"enabled": False}},
}
schema = schemathesis.openapi.from_path(DESCRIPTION, config=SchemathesisConfig.from_dict(CONFIG))


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory, migrated: Path) -> Iterator[Province]:
    made = Province(tmp_path_factory.mktemp("town"), migrated)
    yield made
    made.close()


@pytest.fixture(scope="module")
def service(town: Province) -> Any:
    """The service without the worker that runs beside it."""

    async def requests_only(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            await town.app(scope, receive, send)

    return requests_only


@pytest.mark.parametrize("who", ["quan", "lan", None], ids=["administrator", "field officer", "nobody"])
@schema.parametrize()
@settings(max_examples=EXAMPLES, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
def test_every_answer_is_in_the_description(case: schemathesis.Case, who: str | None, town: Province, service: Any) -> None:
    headers = town[who].headers if who else {}
    case.call_and_validate(app=service, headers=headers)
