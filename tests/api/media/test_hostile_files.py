"""Every file of the hostile corpus goes through the whole service: nothing breaks, nothing is lost, nothing is left."""

import os
from pathlib import Path
from typing import Any

import pytest

from hostile_files import corpus
from hostile_zips import office
from people import Person, Province, file_entry
from storage import keys

PHOTOS = Path(__file__).parents[4] / "shared" / "data" / "photos"


def descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def children() -> str:
    return Path(f"/proc/self/task/{os.getpid()}/children").read_text(encoding="ascii")


def outcome(entry: dict[str, Any]) -> str:
    if entry["state"] == "quarantined":
        return str(entry["code"])
    return "stored" if entry["check"] == "ok" else str(entry["check"])


def captured(who: Person, files: dict[str, bytes]) -> list[dict[str, Any]]:
    """A record for each file, and its bytes; returns the records as the push answered them."""
    records = []
    for start in range(0, len(files), 50):
        part = list(files.items())[start : start + 50]
        ops = [who.op("create", type="document", set={"title": n}, media=[file_entry(d, n)]) for n, d in part]
        records += [result["record"] for result in who.push(*ops)["results"]]
    for name, data in files.items():
        assert who.upload(data, name).headers["Upload-State"] == "verified", name
    return records


def test_every_hostile_file_is_stored_or_kept_apart_and_its_phone_is_told(
    province: Province, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    found = corpus()
    if not province.db.is_sqlite:  # the files are judged alike; of each outcome, one is enough
        found = {expected: (name, data) for name, (data, expected) in found.items()}  # type: ignore[misc]
        found = {name: (data, expected) for expected, (name, data) in found.items()}  # type: ignore[misc]
    lan, before, others = province["lan"], descriptors(), children()
    records = captured(lan, {name: data for name, (data, _) in found.items()})
    province.work()
    told = {c["record"]["id"]: c["record"] for c in lan.pull()["changes"] if c["kind"] == "put"}
    wrong = []
    for record, (name, (data, expected)) in zip(records, found.items(), strict=True):
        shown = told[record["id"]]
        entry = shown["files"][file_entry(data)["sha256"]]
        if outcome(entry) != expected:
            wrong.append(f"{name}: {outcome(entry)}, not {expected}")
        answer = lan.get(f"/v1/media/{record['id']}/{file_entry(data)['sha256']}")
        if expected in ("stored", "unreadable"):
            assert (answer.status_code, answer.content) == (200, data), name
        else:
            assert (answer.status_code, answer.json()["code"], shown["media_state"]) == (409, expected, "quarantined")
            assert entry["safe_to_delete"] is False
            assert b"".join(province.app.state.store.read(keys.of_digest(file_entry(data)["sha256"]))) == data
    assert not wrong, "\n".join(wrong)
    assert list((tmp_path / "temporary").iterdir()) == []
    assert (descriptors() <= before + 2, children()) == (True, others)


def test_evidence_with_a_file_that_is_kept_apart_waits_until_it_is_replaced(province: Province) -> None:
    lan, tuan = province["lan"], province["tuan"]
    bad, good = office(word__vbaProject_dot_bin=b"\xd0\xcf"), office()
    (record,) = captured(lan, {"macro.docx": bad})
    province.work()
    refused = tuan.decides(tuan.record(record["id"]), "verified")
    assert (refused.status_code, refused.json()["code"]) == (409, "media_quarantined")
    assert [e["reason"] for e in refused.json()["errors"]] == ["file_macros"]
    lan.upload(good, "biên bản.docx")
    base = lan.record(record["id"])["ver"]
    media = {
        "remove": {"media": [file_entry(bad, "macro.docx")]},
        "add": {"media": [file_entry(good, "biên bản.docx")]},
    }
    lan.does("patch", record["id"], type="document", base_ver=base, **media)
    province.work()
    assert tuan.decides(tuan.record(record["id"]), "verified").json()["state"] == "verified"


def test_files_of_real_cameras_are_read_where_they_are_present(province: Province) -> None:
    """The folder lies beside the project on some machines; the corpus above needs nobody's files."""
    files = {p.name: p.read_bytes() for p in sorted(PHOTOS.glob("*")) if p.suffix.lower() in (".jpg", ".heic")}
    if not province.db.is_sqlite:
        files = dict(list(files.items())[:1])
    lan = province["lan"]
    records = captured(lan, files)
    province.work()
    for record, (name, data) in zip(records, files.items(), strict=True):
        entry = lan.record(record["id"])["files"][file_entry(data)["sha256"]]
        assert (outcome(entry), entry["previews"]) == ("stored", "ready"), name
        picture = lan.get(f"/v1/media/{record['id']}/{file_entry(data)['sha256']}/pictures/preview").content
        assert b"Exif" not in picture
