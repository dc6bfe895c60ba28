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

import access_probes
from access_matrix import LAST, PROBES, hired, settled
from access_table import permissions, rules
from auth import audit
from auth.principal import GUARDED, PERMISSIONS, Grant, Permission, Role
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


def test_one_role_of_each_set_of_permissions_stands_for_all() -> None:
    """Nothing lets anybody in by the name of a role: only by permissions, and by whether a second factor is asked."""
    for role in Role:
        alike = [other for other in Role if PERMISSIONS[other] == PERMISSIONS[role]]
        assert {other in GUARDED for other in alike} == {role in GUARDED}
    root, named = Path(__file__).parents[2], set()
    for room in ("auth", "privacy", "programme", "papers", "service", "sync"):
        for path in (root / room).rglob("*.py"):
            if re.search(r"\bRole\.[A-Z]", path.read_text(encoding="utf-8")):
                named.add(str(path.relative_to(root)))
    assert named == {
        "auth/accounts.py",  # the operator of the server
        "auth/principal.py",  # the table itself
        "programme/transitions.py",  # whose turn a case is: whom a task goes to
        "service/duties.py",  # whom a reminder goes to
    }


def test_whoever_administers_supervises_protects_or_audits_is_seen_looking(ward: Province) -> None:
    """Every operation that only shows, to these, leaves its line in the trail (QCVN 12:2026/BCA: their own views)."""
    place, looked = settled(ward, BESIDE), {"administer", "supervise", "protect", "audit"}
    watcher = hired(ward, "watcher", *(Grant("*", role) for role in (Role.ADMINISTRATOR, Role.DATA_PROTECTION_OFFICER)))
    case = {**access_probes.STRANGER, "case_id": str(uuid.uuid4()), "kind": "erasure"}
    watcher.post("/v1/privacy/cases", case)
    desk, account = f"/v1/privacy/cases/{case['case_id']}", f"/v1/accounts/{place.officer.account_id}"
    watcher.post(f"{desk}/moves", {"move_id": str(uuid.uuid4()), "action": "accept", "note": "Nhận"})
    erased = {"action": "carry_out", "basis": "Luật 91/2025/QH15", "note": "Xoá"}
    erased |= {"move_id": str(uuid.uuid4()), "fields": {"record_ids": [place.record["id"]]}}
    done = watcher.post(f"{desk}/moves", erased).json()["steps"][-1]["outcome"]
    breach = {"case_id": str(uuid.uuid4()), "type": "breach", "words": "Mất máy"}
    watcher.post("/v1/privacy/cases", breach)
    lost, phone = f"/v1/privacy/cases/{breach['case_id']}", place.officer.client_id
    facts = {"harm": True, "client_id": phone}
    watcher.post(f"{lost}/moves", {"move_id": str(uuid.uuid4()), "action": "assess", "note": "Có", "fields": facts})
    looks = {
        "listOps": "/v1/ops", "readOp": f"/v1/ops/{place.refused}", "listAccounts": "/v1/accounts",
        "listClients": f"{account}/clients", "listPhones": "/v1/clients",
        "clientHoldings": f"/v1/clients/{phone}/holdings", "readPrivacyCase": desk, "breachNotice": f"{lost}/notice",
        "breachReach": f"{lost}/reach", "exportSubject": f"{desk}/export", "dueForErasure": "/v1/privacy/retention",
        "erasureCertificate": f"/v1/privacy/certificates/{done['certificate']}", "readTrail": "/v1/audit",
        "auditWeek": "/v1/audit/week", "sensitiveReaders": "/v1/audit/readers", "listApps": "/v1/apps",
    }  # fmt: skip
    shows = {name for name, rule in RULES.items() if looked & {rule.needs.split()[0]} and OPERATIONS[name][0] == "get"}
    assert shows == looks.keys(), "a new one needs its line in the trail, and its address here"
    for name, path in {**looks, "listPrivacyCases": "/v1/privacy/cases"}.items():
        before, _ = ward.db.read(audit.head)
        answer = watcher.get(path, **({"unit": BESIDE, "year": 2026} if name == "listPhones" else {}))
        assert answer.status_code == 200, f"{name}: {answer.text}"
        assert ward.db.read(audit.head)[0] == before + 1, name


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
