"""What the ZIP of a big dossier costs: seconds and memory for making, sending and checking it.

    PYTHONPATH=tests:. .venv/bin/python benchmarks/dossier.py

Kinh Bắc's dossier of 300 photos of about 3 MB is put together by the people of the tests, whose clock says that it is
in time. Then the service listens in this process. Memory is what the kernel says of the whole of it, client included.
"""

import gc
import socket
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import httpx
import uvicorn

from casework import sent_dossier
from people import KINH_BAC, NOW, YEAR, Province, hire
from pictures import jpeg
from proof import dossier
from service.migration import prepare
from service.settings import Settings

PHOTOS, SIDE, READERS = 300, 2100, 4
MANY = 1_000_000  # requests a minute: the clock of the tests stands still


def kernel(name: str) -> float:
    """A figure of this process in MB: `VmRSS` now, `VmHWM` at most since it was reset."""
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) / 1024
    raise KeyError(name)


@contextmanager
def measured(what: str) -> Iterator[None]:
    """Prints seconds, and how far memory rose above what was in use before."""
    gc.collect()
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # the peak is counted from here (proc(5))
    before, begun = kernel("VmRSS"), time.monotonic()
    yield
    seconds, peak = time.monotonic() - begun, kernel("VmHWM")
    print(f"{what:36} {seconds:7.1f} s   {before:5.0f} MB before, {peak - before:+6.0f} MB at most", flush=True)


@contextmanager
def listening(province: Province) -> Iterator[str]:
    """The address of the service, served by a thread."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(province.app, lifespan="off", log_config=None, access_log=False))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    yield "http://{}:{}".format(*listener.getsockname())
    server.should_exit = True
    thread.join()


def fetched(url: str, headers: dict[str, str], target: Path) -> int:
    """Bytes of an answer, written to a file as they come."""
    with httpx.stream("GET", url, headers=headers, timeout=600) as answer, target.open("wb") as file:
        answer.raise_for_status()
        return sum(file.write(piece) for piece in answer.iter_raw())


def main() -> None:
    """Puts the dossier together, then measures."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        settings = Settings(data_dir=folder / "migrated")
        prepare(settings, NOW)
        hire(settings)
        province = Province(folder / "var", settings.data_dir, client_requests_per_minute=MANY)
        with measured(f"{PHOTOS} photos sent and judged"):
            sent_dossier(province, (jpeg(n, SIDE) for n in range(PHOTOS)))
            province.work()
        measure(province, folder)
        province.close()


def measure(province: Province, folder: Path) -> None:
    """Makes the ZIP, sends it, and checks what came."""
    mai = province["mai"]
    asked = mai.post("/v1/papers", {"kind": "dossier_archive", "unit": KINH_BAC, "year": YEAR}).json()
    with measured("making the ZIP"):
        province.work()
    size = mai.get(f"/v1/papers/{asked['paper_id']}").json()["files"][0]["size"]
    print(f"{'size of the ZIP':36} {size / 10**6:7.0f} MB")
    files = [folder / f"{n}.zip" for n in range(READERS)]
    with listening(province) as url:
        address, headers = f"{url}/v1/papers/{asked['paper_id']}/zip", mai.headers
        for many in (1, READERS):
            with measured(f"sending it to {many} at once"), ThreadPoolExecutor(many) as readers:
                got = list(readers.map(lambda file: fetched(address, headers, file), files[:many]))
            assert got == [size] * many, got
    with measured("checking it offline"):
        faults = dossier.check(files[0])
    assert faults == [], faults


if __name__ == "__main__":
    main()
