"""Stock tus clients, unchanged, against the service as a process: upload, break, go on."""

import hashlib
import random
from pathlib import Path

import pytest
from tusclient.client import TusClient

import npm_packages
from people import PASSWORD

FILM = random.Random(7).randbytes(2 * 2**20 + 77)
SHA256 = hashlib.sha256(FILM).hexdigest()


@pytest.fixture
def film(tmp_path: Path) -> Path:
    path = tmp_path / "film.bin"
    path.write_bytes(FILM)
    return path


def bearer(served) -> str:  # type: ignore[no-untyped-def]
    with served.sign_in("lan", PASSWORD, "install-of-a-stock-client") as client:
        return client.headers["Authorization"].removeprefix("Bearer ")


@pytest.mark.parametrize("mode", ["plain", "break", "creation"])
def test_tus_js_client(served, film: Path, mode: str) -> None:  # type: ignore[no-untyped-def]
    script = Path(__file__).with_name("tus_js.cjs")
    done = npm_packages.run(script, f"{served.url}/v1/uploads", bearer(served), str(film), SHA256, mode, timeout=60)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["verified", str(mode == "break").lower()]


def test_tuspy_breaks_off_and_goes_on_with_checksums(served, film: Path) -> None:  # type: ignore[no-untyped-def]
    headers = {"Authorization": f"Bearer {bearer(served)}"}
    client = TusClient(f"{served.url}/v1/uploads", headers=headers)
    metadata = {"filename": "Biên bản họp.bin", "sha256": SHA256}
    with film.open("rb") as stream:
        half = client.uploader(file_stream=stream, chunk_size=2**18, metadata=metadata, upload_checksum=True)
        half.upload(stop_at=2**20)
        served.kill()
        served.start()
        client = TusClient(f"{served.url}/v1/uploads", headers=headers)
        again = client.uploader(file_stream=stream, chunk_size=2**18, url=half.url, upload_checksum=True)
        assert again.offset == 2**20
        again.upload()
    assert again.request.response_headers["upload-state"] == "verified"
