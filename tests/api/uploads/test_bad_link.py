"""A film over a link that is cut again and again, and a service that is killed again and again: it arrives, once.

`FILM_MIB=300 CUTS=50 KILLS=100` is the form that the figures in the documents are from; `make test` runs a short one.
"""

import hashlib
import os
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from cutting_proxy import CuttingProxy
from programme.registry import registry
from service.bench import Bench
from service.clock import ManualClock, SystemClock
from service.db import Database
from service.duties import DUTIES
from service.settings import Settings
from service.stores import open_store, prepare_store
from storage import keys
from storage.store import BlobStore
from swift import Swift

MIB = 2**20
FILM_MIB, CUTS, KILLS = (int(os.environ.get(n, d)) for n, d in (("FILM_MIB", "24"), ("CUTS", "12"), ("KILLS", "2")))
CHUNK = 5 * MIB  # what stock clients send in one request


def film(size: int) -> Iterator[bytes]:
    """The same bytes each time, without holding them."""
    block = random.Random(1).randbytes(MIB)
    for n in range(size // MIB):
        yield n.to_bytes(8, "big") + block[8:]


def piece(path: Path, offset: int, length: int) -> bytes:
    with path.open("rb") as file:
        file.seek(offset)
        return file.read(length)


def written(path: Path, size: int) -> str:
    digest = hashlib.sha256()
    with path.open("wb") as file:
        for block in film(size):
            digest.update(block)
            file.write(block)
    return digest.hexdigest()


def rss_kib(machine: Any) -> int:
    text = Path(f"/proc/{machine.process.pid}/status").read_text(encoding="ascii")
    return int(next(line.split()[1] for line in text.splitlines() if line.startswith("VmRSS")))


def into_bucket(machine: Any, swift: Swift) -> Settings:
    """Has the service of this machine keep its files in a new bucket."""
    settings = swift.settings()
    machine.env = {f"MINHCHUNG_{name.upper()}": value for name, value in settings.items()}
    made = Settings(data_dir=machine.folder, **settings)  # type: ignore[arg-type]
    prepare_store(made, Database(made.db_url))
    return made


def swept(settings: Settings) -> BlobStore:
    """The store, after the worker has come by, a week from now."""
    database, clock = Database(settings.db_url), ManualClock(SystemClock().now() + 8 * 86_400_000)
    store = open_store(settings, database)
    DUTIES["expire uploads"].act(Bench(database, store, registry(), clock, settings))
    return store


@pytest.mark.slow
@pytest.mark.parametrize(("kept_in", "memory_mib"), [("directory", 24), ("s3", 128)])
def test_a_film_over_a_link_that_is_cut(
    machine, tmp_path: Path, record_property, request: pytest.FixtureRequest, kept_in: str, memory_mib: int
) -> None:
    size = FILM_MIB * MIB
    swift: Swift | None = request.getfixturevalue("swift") if kept_in == "s3" else None
    settings = into_bucket(machine, swift) if swift else Settings(data_dir=machine.folder)
    path = tmp_path / "film"
    sha256 = written(path, size)
    lan = machine.start("large")
    before = rss_kib(machine)
    proxy = CuttingProxy(machine.port, cuts=CUTS, after=size // (2 * CUTS))
    upload = lan.create(size, sha256=sha256)
    state, breaks = "open", 0
    while state == "open":
        with httpx.Client(base_url=f"http://127.0.0.1:{proxy.here}", timeout=120) as link:
            try:
                at = int(link.head(upload, headers=lan.headers).headers["Upload-Offset"])
                headers = {**lan.headers, "Upload-Offset": str(at), "Content-Type": lan.OFFSET_TYPE}
                body = (piece(path, start, MIB) for start in range(at, size, MIB))
                headers["Content-Length"] = str(size - at)
                state = link.patch(upload, headers=headers, content=body).headers.get("Upload-State", "open")
            except httpx.TransportError:
                breaks += 1
    proxy.close()
    again = proxy.sent - size
    record_property("film", f"{FILM_MIB} MiB, {breaks} cuts, {again} bytes sent again, peak {machine.peak_kib()} KiB")
    print(
        f"\n{FILM_MIB} MiB, {breaks} cuts, {again / MIB:.1f} MiB sent again, "
        f"memory {before} KiB before, {machine.peak_kib()} KiB at most"
    )
    assert (state, breaks) == ("verified", CUTS)
    # What was on its way between the two machines is lost with a connection; of what came, nothing is.
    assert again <= CUTS * CHUNK, "at most a chunk for each cut"
    assert machine.peak_kib() - before < memory_mib * 1024
    machine.kill()
    if swift:
        assert swift.leftovers(str(settings.s3_bucket)) == []
    assert list(swept(settings).keys()) == [keys.of_digest(sha256)]
    assert [p for p in (machine.folder / "blobs").rglob("*") if p.is_file() and p.name != sha256] == []


@pytest.mark.slow
@pytest.mark.parametrize("store", ["directory", "s3"])
def test_killed_again_and_again(machine, request: pytest.FixtureRequest, store: str) -> None:
    """`kill -9` of the service, and of the S3 servers in turn, at any moment of an upload of several pieces."""
    swift: Swift | None = request.getfixturevalue("swift") if store == "s3" else None
    settings = into_bucket(machine, swift) if swift else Settings(data_dir=machine.folder)
    rng = random.Random(len(store))
    machine.start()
    kept: list[int] = []
    for number in range(KILLS):
        data = rng.randbytes(rng.choice([300_000, 3 * MIB, 9 * MIB]))
        sha256 = hashlib.sha256(data).hexdigest()
        path = machine.lan.create(len(data), sha256=sha256)
        promised = _killed_upload(machine, swift, path, data, rng)
        found = machine.lan.head(path)
        kept.append(int(found.headers["Upload-Offset"]))
        assert kept[-1] >= promised, "what was durable is gone"
        assert machine.lan.resume(path, data).headers["Upload-State"] == "verified", number
    print(f"\n{store}: {KILLS} kills, {sum(map(bool, kept))} uploads went on from what was there, all verified")
    machine.kill()
    if swift:
        swept(settings)
        assert swift.leftovers(str(settings.s3_bucket)) == [], "what was killed half-way is cleaned up"
    else:
        assert list((machine.folder / "blobs/incoming").iterdir()) == []


def _killed_upload(machine: Any, swift: Swift | None, path: str, data: bytes, rng: random.Random) -> int:
    """Sends chunk by chunk, and kills somebody after a random number of bytes; the last offset that was promised."""
    stop = rng.randrange(len(data))
    victim = rng.choice(["service", "proxy", "object"]) if swift else "service"

    def body(chunk: int) -> Iterator[bytes]:
        for start in range(chunk, min(chunk + CHUNK, len(data)), 65_536):
            if start <= stop < start + 65_536:
                if victim == "service":
                    machine.process.kill()
                elif swift:
                    swift.kill(victim)
            yield data[start : min(start + 65_536, chunk + CHUNK)]

    promised = 0
    for chunk in range(0, stop + 1, CHUNK):
        promised = _promised(machine.lan, path, chunk, body(chunk)) or promised
    if victim == "service":
        machine.kill()
        machine.start()
    elif swift:
        swift.start()
    return promised


def _promised(lan: Any, path: str, offset: int, body: Iterator[bytes]) -> int:
    """The offset that an append was answered with; 0 for none."""
    headers = {**lan.headers, "Upload-Offset": str(offset), "Content-Type": lan.OFFSET_TYPE}
    try:
        answer = lan.http.patch(path, headers=headers, content=body)
    except httpx.TransportError:
        return 0
    return int(answer.headers.get("Upload-Offset", "0")) if answer.is_success else 0
