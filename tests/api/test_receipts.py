"""What a phone gets that has lost its receipts, and a reader who wants one record proved; checked offline (C.9)."""

import json
from pathlib import Path

import pytest

from people import KINH_BAC, YEAR, Person, Province, file_entry
from pictures import jpeg
from proof import jws
from service.__main__ import main
from service.checkpoints import write_checkpoint
from sync.instant import iso

SCOPE = f"{KINH_BAC}/{YEAR}"


@pytest.fixture
def database_url() -> str | None:
    return None


def test_lost_receipts_are_made_again_and_hold_offline(
    province: Province, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lan, state, photo = province["lan"], province.app.state, jpeg()
    came = iso(province.clock.now())
    lan.upload(photo)
    ops = [
        lan.op("create", type="photo", set={"title": "Ảnh"}, media=[file_entry(photo)]),
        lan.op("create", set={"title": 7}),
    ]
    pushed = lan.push(*ops)
    province.clock.advance(86_400_000)
    phone = Person(province, "lan", "install-0002")
    told = phone.post("/v1/sync/reconcile", {"op_ids": [op["op_id"] for op in ops]}).json()
    keys = province.http.get("/.well-known/minhchung-keys.json").json()["keys"]
    again = jws.verify(told["receipt"], keys, "mc-receipt+jws")
    first = jws.verify(pushed["receipt"], keys, "mc-receipt+jws")
    assert [row[:9] for row in again["ops"]] == first["ops"]
    assert [row[9:] for row in again["ops"]] == [[lan.client_id, came]] * 2
    assert phone.post("/v1/sync/reconcile", {"op_ids": []}).json()["receipt"] is None

    asked = [(ops[0]["record_id"], file_entry(photo)["sha256"]), (ops[0]["record_id"], "0" * 64)]
    files = {"files": [{"record_id": record_id, "sha256": sha256} for record_id, sha256 in asked]}
    media = jws.verify(lan.post("/v1/media/verify", files).json()["receipt"], keys, "mc-media-receipt+jws")
    assert media["files"] == [list(asked[0])]

    write_checkpoint(province.db, state.store, state.keys, province.settings.public_url, province.clock.now())
    lan.does("create", set={"title": "Chuyện khác"})
    address = f"/v1/proofs/{ops[0]['record_id']}"
    assert province["nam"].get(address).json()["code"] == "record_unknown"
    proof = province["tuan"].get(address)
    assert "Chuyện khác" not in proof.text
    for name, text in (("p.jsonl", proof.text), ("r", told["receipt"]), ("keys.json", json.dumps({"keys": keys}))):
        (tmp_path / name).write_text(text, encoding="utf-8")
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / asked[0][1]).write_bytes(photo)
    more = ["--keys", str(tmp_path / "keys.json"), "--receipt", str(tmp_path / "r"), "--files", str(tmp_path / "files")]
    assert main(["verify", str(tmp_path / "p.jsonl"), *more]) == 0
    assert "the log holds" in capsys.readouterr().out
    assert proof.text.count('"kind":"checkpoint"') == 1
    (tmp_path / "p.jsonl").write_text(proof.text.replace("Ảnh", "Anh"), encoding="utf-8")
    assert main(["verify", str(tmp_path / "p.jsonl"), *more]) == 1
