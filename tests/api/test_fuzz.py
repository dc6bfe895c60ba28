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
    "generation": {"deterministic": True, "max-examples": EXAMPLES, "with-security-parameters": False},
    "checks": {
        # 404, 409 and the like are right answers to a request of the right shape.
        "positive_data_acceptance": {"enabled": False},
        "negative_data_rejection": {"expected-statuses": ["4xx"]},
        "missing_required_header": {"expected-statuses": ["4xx"]},
    },
}


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
def town(tmp_path_factory: pytest.TempPathFactory, migrated: Path) -> Iterator[Province]:
    """One province for all requests, which leave their marks in it."""
    made = door.inside = Province(tmp_path_factory.mktemp("town"), migrated)
    yield made
    made.close()


@pytest.mark.parametrize("who", ["quan", "lan", None], ids=["administrator", "field officer", "nobody"])
@schema.parametrize()
@settings(max_examples=EXAMPLES, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
def test_every_answer_is_in_the_description(case: schemathesis.Case, who: str | None, town: Province) -> None:
    case.call_and_validate(headers=town[who].headers if who else {})
