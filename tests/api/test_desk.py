"""Ops that ask for a person: listed, replayed, accepted, refused; rescue, reconcile, signatures (protocol C.4)."""

import json
import uuid
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from auth import accounts, sessions
from auth.accounts import OPERATOR
from auth.clients import Install
from auth.principal import Role
from device_keys import detached
from people import DA_MAI, KINH_BAC, Person, Province
from programme.evidence import EVIDENCE
from sync import canonical
from sync.instant import iso


def told(person: Person) -> list[tuple[str, str | None]]:
    changes = [c["record"]["data"] for c in person.pull()["changes"] if c["scope"].startswith("user:")]
    return [(t["status"], t["code"]) for t in changes]


def with_key(province: Province, name: str) -> tuple[Person, ec.EllipticCurvePrivateKey]:
    """A person on an install whose key the service knows."""
    key = ec.generate_private_key(ec.SECP256R1())
    pem = (
        key.public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        .decode()
    )
    account = province.db.read(accounts.account_id_of, name)
    province.db.write(sessions.sign_in, account, Install("install-with-key", "Máy", pem), province.clock.now())
    return Person(province, name, "install-with-key"), key


def test_a_rejected_op_is_replayed_after_a_fix_and_its_author_hears_of_it(province: Province) -> None:
    lan, ha, nam = province["lan"], province["ha"], province["nam"]
    op = lan.op("create", type="trail", set={"title": "Tuyến mới"})
    assert lan.push(op)["results"][0]["code"] == "type_unknown"
    shown = ha.get("/v1/ops", status="rejected").json()["ops"]
    assert [(o["op_id"], o["op"]["set"]) for o in shown] == [(op["op_id"], op["set"])]
    assert nam.get("/v1/ops").json()["ops"] == []
    assert nam.get(f"/v1/ops/{op['op_id']}").status_code == 404
    assert lan.post(f"/v1/ops/{op['op_id']}/replay", None).status_code == 403
    assert ha.post(f"/v1/ops/{op['op_id']}/replay", None).json()["code"] == "type_unknown"
    minutes = next(t for t in EVIDENCE if t.name == "minutes")
    province.app.state.types.types["trail"] = minutes
    replayed = ha.post(f"/v1/ops/{op['op_id']}/replay", None).json()
    assert (replayed["status"], replayed["record"]["data"]) == ("applied", op["set"])
    assert lan.push(op)["results"][0]["original"] == "applied"
    assert told(lan) == [("rejected", "type_unknown"), ("applied", None)]
    history = ha.get(f"/v1/ops/{op['op_id']}").json()["history"]
    assert [(h["status"], h["by"]) for h in history] == [("rejected", ha.account_id)] * 2
    assert ha.post(f"/v1/ops/{op['op_id']}/replay", None).json()["code"] == "op_settled"


def test_what_was_captured_before_a_grant_ended_waits_for_a_supervisor(province: Province) -> None:
    lan, ha = province["lan"], province["ha"]
    before = {"wall": iso(province.clock.now())}
    province.revoke("lan", KINH_BAC, Role.FIELD_OFFICER)
    province.clock.advance(3_600_000)
    ops = [
        lan.op("create", set={"title": "Kịp"}, captured=before),
        lan.op("create", set={"title": "Kịp nữa"}, captured=before),
        lan.op("create", set={"title": "Muộn"}, captured={"wall": iso(province.clock.now())}),
    ]
    results = lan.push(*ops)["results"]
    assert [(r["status"], r["code"]) for r in results] == [
        ("held", "actor_inactive"), ("held", "actor_inactive"), ("rejected", "not_permitted"),
    ]  # fmt: skip
    accepted = ha.post(f"/v1/ops/{ops[0]['op_id']}/accept", None).json()
    assert (accepted["status"], accepted["record"]["authors"]) == ("applied", [lan.account_id])
    refused = ha.post(f"/v1/ops/{ops[1]['op_id']}/refuse", {"reason": "Trùng"}).json()
    assert (refused["status"], refused["code"]) == ("rejected", "refused")
    assert "Trùng" in refused["message"]
    assert ha.post(f"/v1/ops/{ops[2]['op_id']}/accept", None).status_code == 409
    assert told(lan) == [("applied", None), ("rejected", "refused")]


def test_a_supervisor_of_another_ward_decides_nothing_here(province: Province) -> None:
    lan = province["lan"]
    province.grant("nam", DA_MAI, Role.UNIT_HEAD)
    op = lan.op("create", set={"title": 7})
    lan.push(op)
    for what in ("replay", "accept"):
        assert province["nam"].post(f"/v1/ops/{op['op_id']}/{what}", None).status_code == 404


def test_a_dead_phone_is_rescued_by_its_key_alone(province: Province) -> None:
    lan, key = with_key(province, "lan")
    ha = province["ha"]
    province.db.write(accounts.set_active, OPERATOR, lan.account_id, False, province.clock.now())
    op = lan.op("create", set={"title": "Cứu"})
    assert lan.post("/v1/sync/push", {"ops": [op]}).status_code == 403
    body = json.dumps({"client_id": lan.client_id, "ops": [op, {"odd": 1.5}]}).encode()

    def rescue(signature: str) -> Any:
        headers = {"Device-Signature": signature, "Content-Type": "application/json"}
        return province.http.post("/v1/sync/rescue", content=body, headers=headers)

    for wrong in ("", "..", detached(key, b"{}", "mc-rescue+jws"), detached(key, body, "mc-op+jws")):
        assert rescue(wrong).json()["code"] == "device_proof_invalid"
    for _ in range(2):
        answer = rescue(detached(key, body, "mc-rescue+jws"))
        assert answer.status_code == 200, answer.text
        assert [(o["status"], o["code"]) for o in answer.json()["ops"]] == [("held", "auth_stale")] * 2
    accepted = ha.post(f"/v1/ops/{op['op_id']}/accept", None).json()
    assert (accepted["status"], accepted["record"]["data"]["title"]) == ("applied", "Cứu")


def test_an_op_signed_by_its_device_says_so_and_a_wrong_signature_is_kept_and_refused(province: Province) -> None:
    lan, key = with_key(province, "lan")
    other = ec.generate_private_key(ec.SECP256R1())
    ops = [lan.op("create", set={"title": t}) for t in "ab"]
    good, bad = (
        {**op, "sig": detached(k, canonical.encode(op), "mc-op+jws")} for op, k in zip(ops, (key, other), strict=True)
    )
    results = lan.push(good, bad)["results"]
    assert [(r["status"], r.get("signed"), r.get("code")) for r in results] == [
        ("applied", True, None), ("rejected", None, "signature_invalid"),
    ]  # fmt: skip
    assert lan.push(good)["results"][0]["signed"] is True


def test_an_op_sent_by_another_device_of_the_account_is_no_duplicate(province: Province) -> None:
    lan, phone = province["lan"], Person(province, "lan", "install-0002")
    op = lan.op("create", set={"title": "Một"})
    lan.push(op)
    again = phone.push(op)
    assert [(r["status"], r["code"]) for r in again["results"]] == [("rejected", "op_of_another_device")]
    assert again["acked_through"] == 1


def test_reconcile_tells_a_restored_phone_what_came_and_tells_nobody_else(province: Province) -> None:
    lan, minh = province["lan"], province["minh"]
    here, bad, never = lan.op("create", set={"title": "Có"}), lan.op("create", set={"title": 7}), str(uuid.uuid4())
    lan.push(here, bad)
    ids = [here["op_id"], bad["op_id"], never, "not an id"]

    def asked(person: Person) -> list[str]:
        return [o["status"] for o in person.post("/v1/sync/reconcile", {"op_ids": ids}).json()["ops"]]

    assert asked(Person(province, "lan", "install-0002")) == ["applied", "rejected", "unknown", "unknown"]
    assert asked(minh) == ["unknown"] * 4
