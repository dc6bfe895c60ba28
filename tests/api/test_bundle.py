"""A proof in one file: every changed bit of it is found, by anyone, without a service (invariant 23)."""

from pathlib import Path

import pytest

from people import KINH_BAC, YEAR, Province, file_entry
from pictures import jpeg
from proof import bundle
from service.__main__ import main
from service.bundles import make_bundle
from service.checkpoints import write_checkpoint
from sync.proof import evidence

SCOPE = f"{KINH_BAC}/{YEAR}"


@pytest.fixture
def database_url() -> str | None:
    return None


@pytest.fixture
def proved(province: Province, tmp_path: Path) -> tuple[bytes, list[str], Path]:
    """A bundle, a receipt of Lan's phone, and a folder with the file."""
    lan, state = province["lan"], province.app.state
    photo = jpeg()
    lan.upload(photo)
    lan.does("create", type="photo", set={"title": "Ảnh"}, media=[file_entry(photo)])
    receipt = lan.push(lan.op("create", set={"title": "Họp"}))["receipt"]
    parts = (state.store, state.keys, province.settings.public_url, province.clock.now())
    write_checkpoint(province.db, *parts)
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / file_entry(photo)["sha256"]).write_bytes(photo)
    return make_bundle(province.db.read(evidence, SCOPE), SCOPE, *parts), [receipt], folder


def found(data: bytes, receipts: list[str], folder: Path, keys: list[dict] | None = None) -> list[str]:  # type: ignore[type-arg]
    return bundle.check(data, keys, receipts, {path.name: path for path in folder.iterdir()})


def test_every_bit_of_a_bundle_counts(
    province: Province, proved: tuple[bytes, list[str], Path], tmp_path: Path
) -> None:
    data, receipts, folder = proved
    keys = province.http.get("/.well-known/jwks.json").json()["keys"]
    assert found(*proved) == found(*proved, keys) == []
    assert data.count(b'"checkpoint"') == data.count(b'"file"') == 1
    missed = [n for n in range(len(data)) if not found(flip(data, n), receipts, folder)]
    assert missed == []
    assert all(found(data, [flip(receipts[0].encode(), n).decode("latin-1")], folder) for n in range(len(receipts[0])))
    media = next(folder.iterdir())
    whole = media.read_bytes()
    for n in range(0, len(whole), 97):
        media.write_bytes(flip(whole, n))
        assert found(data, receipts, folder)
    media.unlink()
    assert found(data, receipts, folder)


def flip(data: bytes, n: int) -> bytes:
    return data[:n] + bytes([data[n] ^ (1 << n % 8)]) + data[n + 1 :]


def test_one_record_is_proved_without_telling_the_others(province: Province) -> None:
    lan, state = province["lan"], province.app.state
    mine = lan.does("create", set={"title": "Của một bản ghi"})["record"]["id"]
    lan.does("create", set={"title": "Chuyện khác"})
    parts = (state.store, state.keys, province.settings.public_url, province.clock.now())
    data = make_bundle(province.db.read(evidence, SCOPE, mine), SCOPE, *parts)
    assert bundle.check(data) == []
    assert "Của một bản ghi" in data.decode()
    assert "Chuyện khác" not in data.decode()


def test_the_commands_prove_and_verify(
    province: Province, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    province["lan"].does("create", set={"title": "Họp"})
    monkeypatch.setenv("MINHCHUNG_DATA_DIR", str(province.settings.data_dir))
    file = tmp_path / "proof.jsonl"
    assert main(["prove", "99999/2026", str(file)]) == 1
    assert main(["prove", SCOPE, str(file)]) == 0
    keys = tmp_path / "keys.json"
    keys.write_bytes(province.http.get("/.well-known/jwks.json").content)
    assert main(["verify", str(file), "--keys", str(keys)]) == 0
    assert "the log holds" in capsys.readouterr().out
    file.write_bytes(file.read_bytes().replace("Họp".encode(), b"Hop"))
    assert main(["verify", str(file)]) == 1
