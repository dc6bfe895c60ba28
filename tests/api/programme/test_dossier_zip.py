"""The ZIP of a dossier: everything in it holds offline, and any changed byte is found."""

import json
import random
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from casework import sent_dossier, zip_of
from desk_of_privacy import BASIS, moved, officer, opens
from people import KINH_BAC, YEAR, Province
from pictures import jpeg
from proof import dossier
from service.__main__ import main


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_dossier_is_one_file_that_anyone_checks_and_any_changed_byte_is_found(
    province: Province, tmp_path: Path
) -> None:
    sent_dossier(province)
    paper, data = zip_of(province["mai"])
    file = tmp_path / "ho-so.zip"
    file.write_bytes(data)
    keys = tmp_path / "keys.json"
    keys.write_bytes(province.http.get("/.well-known/jwks.json").content)
    trusted = json.loads(keys.read_bytes())["keys"]
    assert dossier.check(file) == dossier.check(file, trusted) == []
    assert main(["verify", str(file), "--keys", str(keys)]) == 0
    contents_are_right(file, tmp_path)
    by_plain_python(file, keys, tmp_path)
    flipped(file, data, trusted)
    # Made anew from nothing but what is kept, it is the same file.
    province.app.state.store.delete(f"papers/{paper['paper_id']}.zip")
    assert province["mai"].get(f"/v1/papers/{paper['paper_id']}/zip").json()["code"] == "paper_not_ready"
    assert zip_of(province["mai"]) == (paper, data)
    for name, code in (("nam", "paper_unknown"), ("chu_tich", "not_permitted")):
        assert province[name].get(f"/v1/papers/{paper['paper_id']}/zip").json()["code"] == code
    restricted_for_a_while(province, paper, file)
    taken_out_of_sight(province, paper, file)


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_dossier_from_the_other_database_holds_just_as_well(province: Province, tmp_path: Path) -> None:
    sent_dossier(province)
    _, data = zip_of(province["mai"])
    file = tmp_path / "ho-so.zip"
    for n in (None, 0, len(data) // 2, len(data) - 1):
        file.write_bytes(data if n is None else data[:n] + bytes([data[n] ^ 1]) + data[n + 1 :])
        assert (dossier.check(file) == []) == (n is None), n


def contents_are_right(file: Path, folder: Path) -> None:
    """Originals as they came, index-only pieces by name alone, what archives want to know."""
    with zipfile.ZipFile(file) as found:
        assert found.testzip() is None
        index = json.loads(found.read("muc_luc.json"))
        files = [f for piece in index for f in piece["files"]]
        assert [(f["state"], found.read(f["path"])) for f in files] == [("original", jpeg())]
        assert all(name.isascii() for name in found.namelist())
        assert len([piece for piece in index if piece["index_only"]]) > 10
        archive = json.loads(found.read("luu_tru.json"))
        assert archive["Mã hồ sơ"] == f"{KINH_BAC}.{YEAR}.DH.01"
        assert found.read("nhat_ky_tham_dinh.jsonl").count(b'"verified"') == len(index)
        assert found.read("02_muc_luc.pdf").startswith(b"%PDF-1.7")
        (folder / "kiem_tra.pyz").write_bytes(found.read("kiem_tra.pyz"))


def by_plain_python(file: Path, keys: Path, folder: Path) -> None:
    """The verifier that lies in the ZIP, on a Python without any package."""
    command = [sys.executable, "-I", "-S", "kiem_tra.pyz", str(file), "--keys", str(keys)]
    ran = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=60)
    assert (ran.returncode, ran.stderr) == (0, ""), ran.stderr
    broken = folder / "sai.zip"
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    broken.write_bytes(data)
    ran = subprocess.run(
        [*command[:4], str(broken)], cwd=folder, capture_output=True, text=True, check=False, timeout=60
    )
    assert ran.returncode == 1


def flipped(file: Path, data: bytes, trusted: list[dict[str, Any]]) -> None:
    """One bit in the header, at both ends and in the middle of each member, in the directory, and anywhere."""
    with zipfile.ZipFile(file) as found:
        starts = [info.header_offset for info in found.infolist()]
        ends = [*starts[1:], found.start_dir]
    places = {n for a, b in zip(starts, ends, strict=True) for n in (a, a + 10, a + 27, a + 31, (a + b) // 2, b - 1)}
    chance = random.Random(20261124)
    places |= {chance.randrange(len(data)) for _ in range(60)} | set(range(ends[-1], len(data), 53))
    places |= set(range(len(data) - 22, len(data)))
    for n in sorted(places):
        file.write_bytes(data[:n] + bytes([data[n] ^ (1 << n % 8)]) + data[n + 1 :])
        assert dossier.check(file, trusted) != [], n
    for other in (data + b"\0", b"\0" + data, data[:-1], b""):
        file.write_bytes(other)
        assert dossier.check(file, trusted) != []
    file.write_bytes(data)


def restricted_for_a_while(province: Province, paper: dict[str, Any], file: Path) -> None:
    """Somebody on the photo objects: a ZIP that is asked for then tells of it and does not hold it."""
    bao = officer(province)
    with zipfile.ZipFile(file) as found:
        piece = next(p for p in json.loads(found.read("muc_luc.json")) if p["files"])
    for more, state in (({}, "processing_restricted"), ({"lift": True}, piece["files"][0]["state"])):
        case = moved(bao, opens(bao, kind="restriction", subject="Bà Hoa").json(), "accept")
        fields = {"record_ids": [piece["record_id"]], **more}
        moved(bao, case, "carry_out", basis=BASIS, fields=fields)
        assert province["mai"].get(f"/v1/papers/{paper['paper_id']}/zip").json()["code"] == "paper_not_ready"
        _, data = zip_of(province["mai"])
        file.write_bytes(data)
        assert dossier.check(file) == []
        with zipfile.ZipFile(file) as found:
            again = next(p for p in json.loads(found.read("muc_luc.json")) if p["record_id"] == piece["record_id"])
            held = [name for name in found.namelist() if name.startswith("minh_chung/")]
        assert (again["files"][0]["state"], bool(held)) == (state, not state.startswith("processing"))


def taken_out_of_sight(province: Province, paper: dict[str, Any], file: Path) -> None:
    """A file that is quarantined afterwards is not handed out any more; the ZIP says so, and still holds."""
    with zipfile.ZipFile(file) as found:
        piece = next(p for p in json.loads(found.read("muc_luc.json")) if p["files"])
    path = f"/v1/media/{piece['record_id']}/{piece['files'][0]['sha256']}/quarantine"
    answer = province["tuan"].post(path, {"reason": "personal_data"})
    assert answer.status_code == 200, answer.text
    assert province["mai"].get(f"/v1/papers/{paper['paper_id']}/zip").json()["code"] == "paper_not_ready"
    _, data = zip_of(province["mai"])
    file.write_bytes(data)
    assert dossier.check(file) == []
    with zipfile.ZipFile(file) as found:
        assert not [name for name in found.namelist() if name.startswith("minh_chung/")]
