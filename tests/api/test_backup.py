"""Backups: whole, read back, restorable on either database, and no word of safety before that (rows D8, D9)."""

from pathlib import Path

import pytest

from people import KINH_BAC, YEAR, Province, file_entry
from pictures import jpeg
from postgres import Postgres
from proof.logs import check_log
from restores import back_up, bring_back, elsewhere, let_in
from service import backup
from service.__main__ import main
from service.signed_list import Manifest

SCOPE = f"{KINH_BAC}/{YEAR}"


@pytest.fixture
def busy(province: Province) -> Province:
    """Lan has a document with its file; a decision was made; a role was given and taken."""
    lan, tuan = province["lan"], province["tuan"]
    photo = jpeg()
    lan.upload(photo)
    lan.does("create", type="photo", set={"title": "Ảnh"}, media=[file_entry(photo)])
    province.work()
    lan.does("create", set={"title": "Họp", "body": "Nội dung", "criteria": ["PH-A02"]})
    tuan.decides(shown(province)[1], "needs_info", reason_code="incomplete", comment="Thiếu")
    return province


def shown(province: Province) -> list[dict]:  # type: ignore[type-arg]
    return [c["record"] for c in province["lan"].pull()["changes"] if c["scope"] == SCOPE]


def test_a_restored_service_is_what_it_was(busy: Province, tmp_path: Path, postgres: Postgres) -> None:
    """From each database into the other one."""
    lan, before = busy["lan"], shown(busy)
    manifest = back_up(busy, tmp_path / "backups")
    assert backup.check(manifest) == []
    other = elsewhere(busy, tmp_path / "other", postgres if busy.db.is_sqlite else None)
    bring_back(busy, manifest, other)
    assert lan.post("/v1/sync/push", {"ops": []}).json()["code"] == "restored"
    assert busy.http.get("/v1/ready").json() == {"status": "restored"}
    let_in(busy)
    assert shown(busy) == before
    sha256 = next(iter(before[0]["files"]))
    assert lan.get(f"/v1/media/{before[0]['id']}/{sha256}").content == jpeg()
    assert check_log([busy["tuan"].get("/v1/proofs", scope=SCOPE, payload=True).json()]) == []
    assert lan.does("create", set={"title": "Sau đó"})["status"] == "applied"
    assert lan.push()["safe_to_delete"][SCOPE] == next(
        seq for scope, seq, _ in manifest.told["heads"] if scope == SCOPE
    )
    lan.upload(jpeg(size=900))
    busy.work()  # a job gets an id of its own


def test_a_second_backup_copies_only_what_is_new(busy: Province, tmp_path: Path) -> None:
    back_up(busy, tmp_path)
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "objects").rglob("*") if path.is_file()}
    busy["lan"].upload(jpeg(size=900))
    back_up(busy, tmp_path)
    after = {path: path.stat().st_mtime_ns for path in (tmp_path / "objects").rglob("*") if path.is_file()}
    assert len(after) == len(before) + 1
    assert before.items() <= after.items()


def test_any_damage_to_a_backup_is_found(busy: Province, tmp_path: Path) -> None:
    manifest = back_up(busy, tmp_path / "backups")
    missed = []
    for path in sorted(p for p in manifest.root.rglob("*") if p.is_file()):
        whole = path.read_bytes()
        path.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
        flipped = refused(manifest, busy)
        path.unlink()
        if not flipped or not refused(manifest, busy):
            missed.append(path)
        path.write_bytes(whole)
    assert missed == []
    assert not refused(manifest, busy)


def refused(manifest: Manifest, province: Province) -> bool:
    try:
        read = backup.read_manifest(manifest.root, manifest.name, province.app.state.keys)
    except backup.BackupUnusable:
        return True
    return bool(backup.check(read))


def test_a_file_that_the_store_has_lost_makes_no_backup(busy: Province, tmp_path: Path) -> None:
    sha256 = file_entry(jpeg())["sha256"]
    path = next((busy.settings.data_dir / "blobs").rglob(f"objects/**/{sha256}"))
    path.chmod(0o600)
    path.write_bytes(b"x" * path.stat().st_size)
    with pytest.raises(backup.BackupUnusable, match="1 files are missing or damaged"):
        back_up(busy, tmp_path)
    assert busy["lan"].push()["safe_to_delete"] == {}


def test_a_deployment_with_data_is_not_overwritten(busy: Province, tmp_path: Path) -> None:
    manifest = back_up(busy, tmp_path / "backups")
    with pytest.raises(backup.BackupUnusable, match="there is a database already"):
        bring_back(busy, manifest, busy.settings)
    assert shown(busy)


def test_the_commands(
    busy: Province, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MINHCHUNG_DATA_DIR", str(busy.settings.data_dir))
    if busy.settings.database_url:
        monkeypatch.setenv("MINHCHUNG_DATABASE_URL", busy.settings.database_url)
    folder = str(tmp_path / "backups")
    assert main(["backup", "verify", folder]) == 1
    assert main(["checkpoint"]) == 0
    assert main(["backup", folder]) == 0
    assert main(["backup", "verify", folder]) == 0
    assert "holds" in capsys.readouterr().out
    assert main(["restore", folder]) == 1
    monkeypatch.setenv("MINHCHUNG_DATA_DIR", str(tmp_path / "other"))
    monkeypatch.delenv("MINHCHUNG_DATABASE_URL", raising=False)
    assert main(["restore", folder]) == 0
    assert "signed by a key that is not of this deployment" in capsys.readouterr().out
    assert main(["checkpoint"]) == 1
    assert main(["backup", folder]) == 1
    assert main(["epoch", "open", "--reason", "drill"]) == 0
    assert main(["checkpoint"]) == 0
    assert "sync goes on" in capsys.readouterr().out
