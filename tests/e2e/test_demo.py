"""`minhchung demo` as a newcomer runs it: the day holds, again and with given photos, and leaves no process behind."""

import hashlib
import os
import re
import signal
import subprocess
import sys
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import httpx
import pillow_heif
import pytest
from PIL import ExifTags, Image

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[2]
DEMO = [sys.executable, "-m", "service", "demo", "--port", "0"]
ROW = re.compile(r"^ +(\S.*\)) +(\d+) +(\d+) +(\d+|–) +(\d+)$", re.MULTILINE)
NFD_NAME = unicodedata.normalize("NFD", "Ảnh tổ dân phố.jpg")


def environment(folder: Path) -> dict[str, str]:
    return {**os.environ, "MINHCHUNG_DATA_DIR": str(folder / "var"), "PYTHONUTF8": "1"}


def play(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*DEMO, *words], cwd=ROOT, env=environment(folder), capture_output=True, text=True, timeout=300, check=False
    )


def read_until(day: subprocess.Popen[str], words: str) -> str:
    """What the demo prints up to a line with `words`."""
    assert day.stdout
    printed = ""
    for line in day.stdout:
        printed += line
        if words in line:
            return printed
    raise AssertionError(f"the demo ended before: {words}\n{printed}")


def table(printed: str) -> dict[str, tuple[str, ...]]:
    """Captured, acknowledged, verified and lost, by the English name of the row."""
    found = {label: numbers for label, *numbers in ROW.findall(printed)}
    return {label.rpartition("(")[2].rstrip(")"): tuple(numbers) for label, numbers in found.items()}


def holds(printed: str) -> dict[str, tuple[str, ...]]:
    """The table of a day on which nothing was lost."""
    rows = table(printed)
    assert rows.keys() == {"photos", "minutes", "patrol logs", "documents", "ops", "files, byte by byte"}, printed
    for captured, acknowledged, verified, lost in rows.values():
        assert int(captured) > 0
        assert acknowledged == captured
        assert verified in (captured, "–")
        assert lost == "0"
    assert "✗" not in printed
    return rows


@pytest.fixture
def interruptible() -> Iterator[None]:
    """A shell has its background jobs ignore Ctrl-C, and so would what a test in such a job starts."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture
def camera(tmp_path: Path) -> Path:
    """A folder as one copies it off phones: a JPEG with EXIF, a HEIC, a broken JPEG, a name spelt by a Mac."""
    folder = tmp_path / "camera"
    folder.mkdir()
    picture = Image.effect_noise((640, 480), 60).convert("RGB")
    exif = Image.Exif()
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.DateTimeOriginal] = "2026:03:02 08:15:00"
    picture.save(folder / "IMG_0001.jpg", exif=exif)
    pillow_heif.from_pillow(picture).save(folder / "IMG_0002.HEIC")
    (folder / "IMG_0003.jpg").write_bytes((folder / "IMG_0001.jpg").read_bytes()[:40_000])
    picture.rotate(90, expand=True).save(folder / NFD_NAME)
    (folder / "ghi chú.txt").write_text("không phải ảnh", encoding="utf-8")
    return folder


@pytest.mark.usefixtures("interruptible")
def test_a_day_holds_and_goes_on_serving_while_another_one_holds_with_given_photos(
    tmp_path: Path, camera: Path
) -> None:
    command = [*DEMO, "--keep-serving"]
    with subprocess.Popen(command, cwd=ROOT, env=environment(tmp_path), stdout=subprocess.PIPE, text=True) as day:
        try:
            drawn = read_until(day, "Ctrl-C")
            assert holds(drawn)["photos"][0] == "7"
            assert "[PH-B01-01]" in drawn
            assert "\x1b" not in drawn, "colours are for terminals"
            url = looks_around(drawn)
            with_given_photos(tmp_path, camera, port=url.rpartition(":")[2])
            day.send_signal(signal.SIGINT)
            assert day.wait(60) == 0
        finally:
            day.terminate()
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{url}/v1/health")


def looks_around(printed: str) -> str:
    """Opens the API docs and signs in, both as the demo says; returns where the service is."""
    url = re.search(r"(http://\S+)/docs", printed)
    password = re.search(r"^ +tuan +(\S+)", printed, re.MULTILINE)
    assert url
    assert password
    assert httpx.get(f"{url[1]}/docs").is_success
    body = {"username": "tuan", "password": password[1], "install_id": "terminal-1", "device_name": "terminal"}
    assert httpx.post(f"{url[1]}/v1/auth/sign-in", json=body, timeout=30).is_success
    return url[1]


def with_given_photos(folder: Path, camera: Path, port: str) -> None:
    """A second day in the same folder; the port that it asks for is taken."""
    day = play(folder, "--photos", str(camera), "--port", port)
    assert (day.returncode, day.stderr) == (0, ""), day.stdout
    assert holds(day.stdout)["files, byte by byte"][0] == "8", "four given, three drawn, one taken again"
    assert "1 × image/jpeg: unreadable" in day.stdout
    assert "1 × image/heic: ok" in day.stdout
    assert "2026-03-02 08:15" in day.stdout, "the time in the EXIF of the given photo"
    assert f":{port} " not in day.stdout
    kept = {path.name for path in (folder / "var/demo/2/server/blobs").rglob("*")}
    pictures = [path for path in camera.iterdir() if path.suffix != ".txt"]
    assert {hashlib.sha256(path.read_bytes()).hexdigest() for path in pictures} <= kept


def test_a_demo_that_is_told_to_end_in_the_middle_leaves_no_service_behind(tmp_path: Path) -> None:
    with subprocess.Popen(DEMO, cwd=ROOT, env=environment(tmp_path), stdout=subprocess.PIPE, text=True) as day:
        url = re.search(r"http://\S+", read_until(day, "http://"))
        assert url
        assert httpx.get(f"{url[0]}/v1/health").is_success
        day.send_signal(signal.SIGTERM)
        assert day.wait(60) == 128 + signal.SIGTERM
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{url[0]}/v1/health")


def test_a_folder_without_photos_is_said_to_be_one(tmp_path: Path) -> None:
    day = play(tmp_path, "--photos", str(tmp_path))
    assert day.returncode == 1
    assert "no photos in" in day.stdout
