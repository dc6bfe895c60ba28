"""Erasing by law: gone from everywhere, phones hear of it, the log still proves itself (protocol P58, domain L19)."""

import json
import sqlite3
import uuid
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import SQLModel

from desk_of_privacy import BASIS, officer
from people import KINH_BAC, YEAR, Person, Province, file_entry
from pictures import jpeg
from proof.jws import unverified
from proof.logs import check_log, check_receipt
from service.__main__ import main
from storage import keys
from sync import backups

SCOPE = f"{KINH_BAC}/{YEAR}"


def erase(who: Person, record_id: str, *fields: str, redaction_id: str = "") -> Any:
    body = {"redaction_id": redaction_id or str(uuid.uuid4()), "reason": "subject_request", "basis": BASIS}
    return who.post(f"/v1/records/{record_id}/redactions", body | ({"fields": list(fields)} if fields else {}))


def stored(province: Province) -> str:
    """All that the engine and the programme keep, as text."""
    tables = [t for t in SQLModel.metadata.sorted_tables if t.name not in ("criteria_set", "criterion", "unit")]
    return str([province.db.read(lambda session, t=t: session.connection().execute(t.select()).all()) for t in tables])


def on_disk(province: Province) -> bytes:
    """The file of the database, with all that was written to it; nothing where it is not a file of ours."""
    if not province.db.is_sqlite:
        return b""
    path = province.db.writer.url.database or ""
    connection = sqlite3.connect(path)
    connection.execute("pragma wal_checkpoint(truncate)")
    connection.close()
    return Path(path).read_bytes()


def log_of(province: Province) -> dict[str, Any]:
    return dict(province["tuan"].get("/v1/proofs", scope=SCOPE, limit=1000, payload=True).json())


def test_one_field_is_erased_everywhere_and_the_log_still_proves_the_rest(
    province: Province, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lan, minh, bao = province["lan"], province["minh"], officer(province)
    made = lan.does("create", set={"title": "Họp tổ", "chair": "Bà Hoa, 0912 345 678", "attendees": ["Bà Hoa"]})
    record_id = made["record"]["id"]
    receipt = lan.push(lan.op("patch", record_id, base_ver=1, set={"body": "Khai mạc"}))["receipt"]
    minh.push(minh.op("patch", record_id, base_ver=1, set={"chair": "Bà Hoa (tổ 3)"}))
    waiting = lan.op("patch", record_id, set={"chair": "Bà Hoa chờ"}, deps=[f"record:{uuid.uuid4()}"])
    assert lan.push(waiting, lan.op("patch", record_id, set={"chair": ["Bà Hoa"]}))["results"][0]["status"] == "held"
    cursor = lan.pull()["cursor"]
    province.db.write(backups.record, backups.Taken("b1", province.clock.now(), "e", "/b", {}), province.clock.now())
    province.clock.advance(1000)

    assert lan.post(f"/v1/records/{record_id}/redactions", {}).status_code == 422
    assert erase(province["ha"], record_id, "chair").json()["code"] == "not_permitted"
    wish = str(uuid.uuid4())
    done = erase(bao, record_id, "chair", "attendees", redaction_id=wish).json()
    assert [b["name"] for b in done["backups"]] == ["b1"]
    assert done["bodies"] == 4

    assert "Bà Hoa" not in stored(province)
    assert "Bà Hoa".encode() not in on_disk(province)
    assert erase(bao, record_id, "chair", "attendees", redaction_id=wish).json() == {**done, "bodies": 0}
    assert erase(bao, record_id, "chair").json()["ver"] == done["ver"]
    told = [c["record"] for c in lan.pull(cursor)["changes"] if c["scope"] == SCOPE]
    assert [(r["ver"], r["data"]) for r in told] == [
        (done["ver"], {"title": "Họp tổ", "chair": None, "body": "Khai mạc"})
    ]
    assert [(m["by"], m["fields"], m["basis"]) for m in told[0]["redacted"]] == [
        (bao.account_id, ["attendees", "chair"], BASIS)
    ]
    assert lan.record(record_id, ver=2)["data"] == {"title": "Họp tổ", "body": "Khai mạc"}
    desk = province["tuan"].get(f"/v1/reviews/{record_id}")
    assert (desk.json()["record"]["data"]["chair"], "Bà Hoa" in desk.text) == (None, False)
    assert province["tuan"].decides(made["record"], "verified").json()["code"] == "content_changed"
    notices = [c["record"]["data"] for c in lan.pull(cursor)["changes"] if c["scope"].startswith("user:")]
    assert [(n["op_id"], n["code"]) for n in notices] == [(waiting["op_id"], "record_redacted")]
    late = minh.does("patch", record_id, base_ver=1, set={"chair": "Bà Tư"})  # made before the phone heard of it
    assert (late["status"], late["record"]["data"]["chair"]) == ("conflict", None)

    page = log_of(province)
    assert check_log([page]) == []
    assert check_receipt(unverified(receipt), [page]) == []
    saved = tmp_path / "log.jsonl"
    saved.write_text(json.dumps(page), encoding="utf-8")
    assert main(["verify", str(saved)]) == 0
    out = capsys.readouterr().out
    assert f"record {record_id}: attendees, chair erased at" in out
    assert BASIS in out
    assert "bodies of entries 1, 3 are erased\n" in out


def test_a_whole_record_goes_with_its_files_and_comes_back_by_no_late_op(province: Province) -> None:
    lan, minh, tuan, bao = province["lan"], province["minh"], province["tuan"], officer(province)
    photo, shared = jpeg(), jpeg() + b"\x00"
    for data in (photo, shared):
        assert lan.upload(data).status_code == 201
    first = lan.does("create", type="photo", set={"title": "Ảnh Bà Hoa"}, media=[file_entry(photo, "Bà Hoa.jpg")])
    other = lan.does("create", type="photo", set={"title": "Khác"}, media=[file_entry(shared)])["record"]
    record_id = first["record"]["id"]
    shown = lan.does("patch", record_id, type="photo", base_ver=1, media=[file_entry(shared)])["record"]
    tuan.decides(shown, "needs_info", reason_code="incomplete", comment="Bà Hoa là ai?")
    province.work()

    done = erase(bao, record_id).json()
    assert sorted(done["files"]) == sorted(file_entry(data)["sha256"] for data in (photo, shared))
    province.work()
    assert "Bà Hoa" not in stored(province)
    here = set(province.app.state.store.keys("sha256/"))
    assert keys.of_digest(file_entry(photo)["sha256"]) not in here
    assert keys.of_digest(file_entry(shared)["sha256"]) in here
    assert lan.get(f"/v1/media/{other['id']}/{file_entry(shared)['sha256']}").status_code == 200
    now = lan.record(record_id)
    assert (now["deleted"], now["data"], now["state"]) == (True, {}, "deleted")
    assert lan.record(record_id, ver=1)["data"] == {}
    assert check_log([log_of(province)]) == []

    late = minh.op("restore", record_id, type="photo", base_ver=now["ver"])
    edit = minh.op("patch", record_id, type="photo", base_ver=1, set={"title": "Ảnh Bà Hoa ở tổ 3"})
    assert [r["code"] for r in minh.push(late, edit)["results"]] == ["record_redacted"] * 2
    assert erase(bao, record_id).json()["bodies"] == 2  # what came late goes with the next wish
    assert "Bà Hoa" not in stored(province)
    assert erase(bao, record_id).json()["bodies"] == 0
