"""The audit trail: what stands in it, who reads it, and that nobody changes it without being seen."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from auth import audit
from auth.audit import Trace
from auth.principal import Role
from people import KINH_BAC, PASSWORD


def test_what_an_administrator_does_stands_in_it_and_an_auditor_reads_it(province):
    quan, minh = province["quan"], province["minh"]
    quan.post(f"/v1/accounts/{minh.account_id}/grants", {"unit": KINH_BAC, "role": "unit_editor"})
    quan.post(f"/v1/clients/{minh.client_id}/revoke", {"revoked_as": "retired"})
    province.grant("tuan", "*", Role.AUDITOR)
    assert province["lan"].get("/v1/audit").json()["code"] == "not_permitted"
    assert quan.get("/v1/audit").json()["code"] == "not_permitted", "whoever administers does not audit himself"
    found = province["tuan"].get("/v1/audit").json()
    told = [(e["act"], e["actor"], e["subject"]) for e in found["entries"]]
    assert told == [
        ("grant_given", quan.account_id, minh.account_id),
        ("client_revoked", quan.account_id, minh.client_id),
    ]
    assert found["entries"][0]["facts"] == {"grant": f"unit_editor@{KINH_BAC}"}
    week = province["tuan"].get("/v1/audit/week", until="2026-09-22T00:00:00Z").json()
    assert (week["acts"], week["faults"]) == ({"grant_given": 1, "client_revoked": 1, "trail_read": 1}, [])


def test_a_wrong_password_stands_in_it_without_the_password(province):
    body = {"username": "lan", "password": "sai-mat-khau", "install_id": "somebody-else", "device_name": "Máy lạ"}
    province.http.post("/v1/auth/sign-in", json=body)
    province.http.post("/v1/auth/sign-in", json={**body, "password": PASSWORD})
    entries = province.db.read(audit.entries)
    assert [e.act for e in entries] == ["sign_in_failed", "signed_in"]
    assert all(word not in str(entries) for word in ("sai-mat-khau", PASSWORD, "Máy lạ"))
    assert entries[0].source == "testclient"


@pytest.mark.parametrize("verb", ["update audit_entry set act = 'x'", "delete from audit_entry"])
def test_the_database_refuses_to_change_it(province, verb):
    province.db.write(audit.note, Trace("a"), "signed_out", "x", 1)
    with pytest.raises(DBAPIError, match="append-only"):
        province.db.write(lambda session: session.connection().execute(text(verb)))


def test_a_changed_a_missing_and_a_moved_entry_are_found(province):
    for n in range(5):
        province.db.write(audit.note, Trace("a"), "signed_out", f"x{n}", n, n=n)
    found = province.db.read(audit.entries)
    assert audit.faults(found) == []
    forged = [*found[:2], audit.Entry(**{**_fields(found[2]), "actor": "b"}), *found[3:]]
    assert audit.faults(forged) == ["entry 3 was changed, or does not follow the one before"]
    assert "entry 2 is missing before 3" in audit.faults([found[0], *found[2:]])
    assert audit.faults([found[1], found[0], *found[2:]]) != []
    assert audit.faults(found[2:], before=(found[1].seq, found[1].entry_hash)) == []


def _fields(entry: audit.Entry) -> dict:
    return {name: getattr(entry, name) for name in entry.__slots__}
