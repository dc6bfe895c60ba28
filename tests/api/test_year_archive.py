"""The archive of a year: whole, proved and readable without the service; what may not leave the house stays out."""

import csv
import json
from pathlib import Path

import pytest

from people import KINH_BAC, YEAR, Province, file_entry
from pictures import jpeg
from proof import bundle
from service.__main__ import main

SCOPE = f"{KINH_BAC}/{YEAR}"
LOG = Path(str(YEAR)) / "logs" / f"{KINH_BAC}-{YEAR}.jsonl"


@pytest.fixture
def busy(province: Province, monkeypatch: pytest.MonkeyPatch) -> Province:
    """Lan has a photo, a second one that is kept apart, minutes in two versions, and an op that waits."""
    lan = province["lan"]
    photo, secret = jpeg(), jpeg(size=900)
    for title, data in (("Ảnh tuần tra", photo), ("Ảnh phải giữ riêng", secret)):
        lan.upload(data)
        lan.does("create", type="photo", set={"title": title}, media=[file_entry(data)])
    province.work()
    kept = next(r for r in records(province) if r["data"]["title"] == "Ảnh phải giữ riêng")
    sha256 = file_entry(secret)["sha256"]
    assert (
        province["tuan"].post(f"/v1/media/{kept['id']}/{sha256}/quarantine", {"reason": "may_be_secret"}).status_code
        < 300
    )
    lan.does("create", set={"title": "=Họp tổ", "body": "Nội dung", "criteria": ["PH-A02"]})
    lan.does("patch", needs=["op:0198f2a4-7c1e-7d02-9a51-6f0c2b7e4d99"], set={"title": "Sau"})
    monkeypatch.setenv("MINHCHUNG_DATA_DIR", str(province.settings.data_dir))
    if province.settings.database_url:
        monkeypatch.setenv("MINHCHUNG_DATABASE_URL", province.settings.database_url)
    return province


def records(province: Province) -> list[dict]:  # type: ignore[type-arg]
    return [c["record"] for c in province["lan"].pull()["changes"] if c["scope"] == SCOPE]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "archives"


def test_a_year_is_kept_without_the_service(
    busy: Province, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    before = {r["id"]: r for r in records(busy)}
    assert main(["archive", str(YEAR), str(folder)]) == 0
    told = capsys.readouterr().out
    assert f"{YEAR}: " in told
    assert "1 files, read back" in told
    assert "1 files are kept apart and stay out" in told
    assert "1 ops wait" in told

    lines = (folder / str(YEAR) / "records" / LOG.name).read_text().splitlines()
    assert {r["id"]: r for r in map(json.loads, lines)} == before
    proved = (folder / LOG).read_bytes()
    here = {path.name: path for path in (folder / "objects").rglob("*") if path.is_file()}
    assert bundle.check(proved) == []
    assert [path.read_bytes() for path in here.values()] == [jpeg()]
    table = list(csv.reader((folder / str(YEAR) / "contents.csv").read_text("utf-8-sig").splitlines()))
    assert ["minutes", "'=Họp tổ"] in [[row[1], row[3]] for row in table]

    assert main(["archive", str(YEAR), str(folder), "--check"]) == 0
    assert "holds" in capsys.readouterr().out
    assert main(["verify", str(folder / LOG)]) == 0
    assert main(["archive", str(YEAR), str(folder)]) == 1
    assert "holds an archive already" in capsys.readouterr().err
    assert undamaged(folder) == []
    monkeypatch.setenv("MINHCHUNG_DATA_DIR", str(folder.parent / "elsewhere"))
    assert main(["archive", str(YEAR), str(folder), "--check"]) == 0
    assert "not of this deployment" in capsys.readouterr().out


def undamaged(folder: Path) -> list[Path]:
    """Files whose damage or absence nobody notices."""
    missed = []
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        whole = path.read_bytes()
        path.write_bytes(whole[:-2] + bytes([whole[-2] ^ 1]) + whole[-1:])
        flipped = main(["archive", str(YEAR), str(folder), "--check"])
        path.unlink()
        if not flipped or not main(["archive", str(YEAR), str(folder), "--check"]):
            missed.append(path)
        path.write_bytes(whole)
    return missed


def test_a_file_that_the_store_has_lost_makes_no_archive(
    busy: Province, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sha256 = file_entry(jpeg())["sha256"]
    path = next((busy.settings.data_dir / "blobs").rglob(f"objects/**/{sha256}"))
    path.chmod(0o600)
    path.write_bytes(b"x" * path.stat().st_size)
    assert main(["archive", str(YEAR), str(folder)]) == 1
    assert "1 files are missing or damaged" in capsys.readouterr().err
    assert main(["archive", str(YEAR), str(folder), "--check"]) == 1
