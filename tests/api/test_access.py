"""Every operation x every role x own unit, a unit beside it, and its commune: what `docs/access.md` says happens.

The operations come from the published description: one that is new and has no row, or no probe, fails here.
"""

import json
import re
import uuid
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from access_matrix import LAST, PROBES, hired, settled
from access_table import permissions, rules
from auth.principal import Grant, Permission, Role
from people import Province

DESCRIPTION = json.loads((Path(__file__).parents[2] / "openapi/openapi.json").read_text(encoding="utf-8"))
OPERATIONS = {
    operation["operationId"]: (method, path, operation)
    for path, item in DESCRIPTION["paths"].items()
    for method, operation in item.items()
}
RULES = rules()
OWN, BESIDE, COMMUNE = "CQ-001", "CQ-002", "07210"


def test_every_operation_has_a_rule_and_every_rule_an_operation() -> None:
    assert RULES.keys() == OPERATIONS.keys(), "a new operation needs its row in docs/access.md"


def test_a_rule_that_depends_on_the_unit_has_a_probe() -> None:
    probed = {name for name, rule in RULES.items() if rule.needs not in ("anyone", "signed in")}
    assert probed == PROBES.keys(), "give the new operation a probe in PROBES"


def test_every_operation_does_for_each_role_what_its_row_says(province: Province) -> None:
    places = [settled(province, unit) for unit in (OWN, BESIDE, COMMUNE)]
    may, wrong = permissions(), []
    names = in_order(name for name in PROBES if province.db.is_sqlite or asks_the_database(name))
    for role in roles_to_try(province):
        who = hired(province, f"role-{role.value.replace('_', '-')}", Grant(OWN, role))
        for name in names:
            for place in places if asks_the_database(name) else places[:1]:
                held = may.get(role.value, set()) if place.unit == OWN else set()
                expected, got = RULES[name].answer(held), PROBES[name](who, place)
                if got != expected:
                    wrong.append(f"{name} as {role.value} in {place.unit}: {got}, not {expected}")
    assert not wrong, "\n".join(wrong)


def asks_the_database(name: str) -> bool:
    """Whether the answer depends on what is looked up; else it follows from the caller's grants alone, in any unit."""
    return RULES[name].unseen != "not_permitted"


def roles_to_try(province: Province) -> list[Role]:
    """One of each set of permissions (that the table of roles is the documents' is shown elsewhere); on the second
    database one of each set of those that a statement asks about."""
    in_sql = set(Permission) if province.db.is_sqlite else {"read", "supervise", "administer", "protect", "capture"}
    kinds = {frozenset(permissions().get(role.value, set()) & in_sql): role for role in reversed(Role)}
    return list(kinds.values())


def in_order(names: Iterable[str]) -> list[str]:
    return sorted(names, key=lambda name: (name in LAST, name))


def test_a_role_in_every_unit_reaches_all_of_them(province: Province) -> None:
    place = settled(province, BESIDE)
    may, wrong = permissions(), []
    for role in (Role.ADMINISTRATOR, Role.PROVINCE_APPRAISER):
        who = hired(province, f"role-{role.value.replace('_', '-')}", Grant("*", role))
        held = may[role.value] | {f"{word} every unit" for word in may[role.value]}
        for name in in_order(PROBES):
            expected, got = RULES[name].answer(held), PROBES[name](who, place)
            wrong += [f"{name} as {role}: {got}"] if got != expected else []
    assert not wrong, "\n".join(wrong)


STRANGER = {"Authorization": "Bearer aaaa.bbbb.cccc", "Tus-Resumable": "1.0.0", "Upload-Length": "9"}


@pytest.mark.parametrize("name", sorted(OPERATIONS))
def test_strangers_reach_only_what_is_for_anyone(name: str, open_province: Province) -> None:
    method, path, operation = OPERATIONS[name]
    url = re.sub(r"\{\w+\}", str(uuid.uuid4()), path)
    answer = open_province.http.request(method, url, headers=STRANGER)
    if RULES[name].needs == "anyone":
        assert not operation.get("security")
        assert answer.status_code not in (403, 404)
    else:
        assert operation["security"]
        assert answer.status_code == 401
        if answer.content:
            assert answer.json()["code"] == "token_invalid"


@pytest.fixture(scope="module")
def open_province(tmp_path_factory: pytest.TempPathFactory, migrated: Path) -> Any:
    made = Province(tmp_path_factory.mktemp("open"), migrated, None)
    yield made
    made.close()
