"""What tests of uploads share: the service of `server.py`, in this process or in one that can be killed."""

import base64
import hashlib
import os
import runpy
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from fastapi.testclient import TestClient
from sqlmodel import Session

from programme.registry import registry
from service.bench import Bench
from service.duties import DUTIES
from sync.models import Attachment, Record

PROGRAM = Path(__file__).with_name("server.py")
SERVER = runpy.run_path(str(PROGRAM))


class Phone:
    """Speaks tus for one caller, as a stock client does."""

    PHOTO = b"\xff\xd8\xff\xe0\x00\x10JFIF" + bytes(range(256)) * 40
    SHA256 = hashlib.sha256(PHOTO).hexdigest()
    RECORD = "01890a5d-ac96-774b-bcce-b302099a8057"
    OFFSET_TYPE = "application/offset+octet-stream"

    def __init__(self, http: httpx.Client, who: str) -> None:
        self.http = http
        self.headers = {"Authorization": f"Bearer {who}", "Tus-Resumable": "1.0.0"}

    def post(self, size: int | None, body: bytes = b"", **metadata: str) -> httpx.Response:
        pairs = [f"{key} {base64.b64encode(text.encode()).decode()}" for key, text in metadata.items()]
        length = {"Upload-Defer-Length": "1"} if size is None else {"Upload-Length": str(size)}
        kind = {"Content-Type": self.OFFSET_TYPE} if body else {}
        headers = {**self.headers, **length, **kind, "Upload-Metadata": ",".join(pairs)}
        return self.http.post("/v1/uploads", headers=headers, content=body)

    def create(self, size: int | None, **metadata: str) -> str:
        """The path of a new upload."""
        answer = self.post(size, **metadata)
        assert answer.status_code == 201, answer.text
        return httpx.URL(answer.headers["Location"]).path

    def head(self, path: str) -> httpx.Response:
        return self.http.head(path, headers=self.headers)

    def patch(self, path: str, offset: int, body: bytes, **headers: str) -> httpx.Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        sent = {**self.headers, "Upload-Offset": str(offset), "Content-Type": self.OFFSET_TYPE, **named}
        return self.http.patch(path, headers=sent, content=body)

    def delete(self, path: str) -> httpx.Response:
        return self.http.delete(path, headers=self.headers)

    def get(self, record_id: str, sha256: str, **headers: str) -> httpx.Response:
        return self.http.get(f"/v1/media/{record_id}/{sha256}", headers={**self.headers, **headers})

    def send(self, data: bytes, **metadata: str) -> httpx.Response:
        """A whole file; the answer to its last byte."""
        return self.patch(self.create(len(data), **metadata), 0, data)

    def resume(self, path: str, data: bytes) -> httpx.Response:
        """Asks where to go on and goes on, again and again, until the file is judged."""
        for _ in range(100):
            asked = self.head(path)
            if asked.headers["Upload-State"] != "open":
                return asked
            offset = int(asked.headers["Upload-Offset"])
            self.patch(path, offset, data[offset:])
        raise AssertionError("the upload does not come to its end")


class House:
    """The service in this process, its clock and its people."""

    def __init__(self, folder: Path) -> None:
        self.app = SERVER["make_app"](folder)
        self.db, self.store, self.clock = self.app.state.database, self.app.state.store, self.app.state.clock
        self.told: list[str] = self.app.state.told
        self.http = TestClient(self.app)
        self.lan, self.tablet, self.minh, self.hung, self.tuan = (
            Phone(self.http, who) for who in ("lan", "lan-tablet", "minh", "hung", "tuan")
        )

    def sweep(self) -> None:
        """What the worker does once an hour."""
        DUTIES["expire uploads"].act(Bench(self.db, self.store, registry(), self.clock, self.app.state.settings))

    def record(
        self, record_id: str = Phone.RECORD, sha256: str = Phone.SHA256, *, account: str = "a-lan", name: str = "a.jpg"
    ) -> None:
        """A record of Kinh Bắc that `account` made, naming a file whose bytes are not here yet."""
        self.db.write(add_record, record_id, sha256, account, name)


def add_record(session: Session, record_id: str, sha256: str, account: str, name: str) -> None:
    doc = f'{{"id": "{record_id}", "data": {{"media": [{{"sha256": "{sha256}", "name": "{name}"}}]}}}}'
    session.add(
        Record(
            id=record_id, type="evidence", scope=f"{SERVER['KINH_BAC']}/2026", seq=hash(record_id) % 10**9, ver=1,
            deleted=False, state="", content_digest="", doc=doc, meta="{}",
        )
    )  # fmt: skip
    session.add(Attachment(record_id=record_id, sha256=sha256, account_id=account, state="missing"))


class Machine:
    """A server process over one folder, which can be killed and started again."""

    def __init__(self, folder: Path, **env: str) -> None:
        self.folder, self.env = folder, env
        self.process: subprocess.Popen[str] | None = None
        self.http: httpx.Client | None = None
        self.port = 0

    @property
    def lan(self) -> Phone:
        """Lan's phone, connected to the process."""
        assert self.http
        return Phone(self.http, "lan")

    def start(self, *options: str) -> Phone:
        """A new process; gives Lan's phone."""
        command = [sys.executable, str(PROGRAM), str(self.folder), *options]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ, **self.env})
        assert self.process.stdout
        self.port = int(self.process.stdout.readline())
        self.http = httpx.Client(base_url=f"http://127.0.0.1:{self.port}", timeout=30)
        return self.lan

    def peak_kib(self) -> int:
        """The most memory that the process has held."""
        assert self.process
        status = Path(f"/proc/{self.process.pid}/status").read_text(encoding="ascii")
        return int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM")))

    def kill(self) -> int:
        """Ends the process without a word to it, if it has not ended; returns how it did."""
        assert self.process
        assert self.process.stdout
        assert self.http
        self.http.close()
        self.process.send_signal(signal.SIGKILL)
        self.process.stdout.close()
        return self.process.wait(timeout=30)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    made = House(tmp_path)
    yield made
    made.http.close()
    made.db.close()


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    """Not started; for tests that kill it."""
    made = Machine(tmp_path)
    yield made
    if made.process:
        made.kill()


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    """One process for the tests that leave it alive."""
    made = Machine(tmp_path_factory.mktemp("running"))
    made.start()
    yield made
    made.kill()
