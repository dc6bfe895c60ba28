"""What one op, one sync and one file cost on PostgreSQL: bytes on disk, processor time, memory. For docs/scale.md.

One service process, one device, batches of 20 as a field day brings them. Processor time is that of the service and of
PostgreSQL together, read from the kernel, so that what else the machine does changes little.
"""

import hashlib
import os
import subprocess
import sys
import tempfile
import time
import uuid
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import psycopg

from people import KINH_BAC, PASSWORD, YEAR, hire
from postgres import Postgres
from service.clock import SystemClock
from service.migration import prepare
from service.settings import Settings

ROUNDS, BATCH, PHOTO = 100, 20, 200_000
TICKS = os.sysconf("SC_CLK_TCK")
NOTE = "Biên bản họp tổ dân phố về công tác tuần tra và tuyên truyền. " * 8
SIZES = """select relname, pg_total_relation_size(oid) from pg_class
           where relkind = 'r' and relnamespace = 'public'::regnamespace"""


class Meter:
    """The service, its database, and what both have used so far."""

    def __init__(self, folder: Path) -> None:
        self.postgres = Postgres(options="-c fsync=on")
        self.settings = Settings(data_dir=folder, database_url=self.postgres.fresh())
        now = SystemClock().now()
        prepare(self.settings, now)
        hire(self.settings, now)
        environment = {"MINHCHUNG_DATA_DIR": str(folder), "MINHCHUNG_DATABASE_URL": str(self.settings.database_url)}
        environment |= {"MINHCHUNG_CLIENT_REQUESTS_PER_MINUTE": "1000000"}
        begun = time.monotonic()
        command = [sys.executable, "-m", "service", "serve", "--port", "0"]
        self.process = subprocess.Popen(command, env=os.environ | environment, stdout=subprocess.PIPE)
        assert self.process.stdout
        url = self.process.stdout.readline().decode().split()[-1]
        while not _lives(url):
            time.sleep(0.02)
        print(f"start       {time.monotonic() - begun:8.1f} s, {cpu(self.process.pid):.1f} s of a processor")
        print(f"memory      {rss(self.process.pid):8.0f} MB idle")
        body = {"username": "lan", "password": PASSWORD, "install_id": "install-of-the-meter", "device_name": "meter"}
        token = httpx.post(f"{url}/v1/auth/sign-in", json=body).raise_for_status().json()["access_token"]
        self.http = httpx.Client(base_url=url, headers={"Authorization": f"Bearer {token}"}, timeout=60)

    def used(self) -> float:
        """Seconds of a processor, of the service and of PostgreSQL."""
        first = (self.postgres.folder / "data/postmaster.pid").read_text().split()[0]
        backends = subprocess.run(["ps", "-o", "pid=", "--ppid", first], capture_output=True, text=True, check=True)
        return cpu(self.process.pid) + sum(cpu(int(pid)) for pid in [first, *backends.stdout.split()])

    def sizes(self) -> dict[str, int]:
        """Bytes of each table with its indexes and long values."""
        with psycopg.connect(str(self.settings.database_url).replace("+psycopg", "")) as connection:
            return dict(connection.execute(SIZES).fetchall())

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        self.postgres.remove()


def _lives(url: str) -> bool:
    try:
        return httpx.get(f"{url}/v1/ready").is_success
    except httpx.TransportError:
        return False


def cpu(pid: int) -> float:
    """Seconds of a processor that a process has used; 0 for one that has ended."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except FileNotFoundError:
        return 0
    return (int(fields[11]) + int(fields[12])) / TICKS


def rss(pid: int) -> float:
    """Memory of a process, in MB."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


class Phone:
    """Makes ops and sends them."""

    def __init__(self, http: httpx.Client) -> None:
        self.http, self.seq, self.cursor = http, 0, None
        self.records: list[str] = []

    def op(self, action: str, record_id: str, **rest: Any) -> dict[str, Any]:
        self.seq += 1
        head = {"op_id": str(uuid.uuid4()), "dev_seq": self.seq, "scope": f"{KINH_BAC}/{YEAR}", "type": "minutes"}
        return {**head, "action": action, "record_id": record_id, **rest}

    def push(self, ops: list[dict[str, Any]]) -> None:
        answer = self.http.post("/v1/sync/push", json={"ops": ops}).raise_for_status()
        assert {r["status"] for r in answer.json()["results"]} == {"applied"}, answer.text[:500]

    def create(self) -> None:
        made = [str(uuid.uuid4()) for _ in range(BATCH)]
        said = {"title": "Họp tổ dân phố", "body": NOTE}
        self.push([self.op("create", record, base_ver=0, set=said) for record in made])
        self.records += made

    def patch(self) -> None:
        chosen, self.records = self.records[:BATCH], self.records[BATCH:]
        self.push([self.op("patch", record, base_ver=1, set={"title": "Họp, bản sửa"}) for record in chosen])

    def pull(self) -> None:
        answer = self.http.post("/v1/sync/pull", json={"cursor": self.cursor, "limit": BATCH}).raise_for_status()
        self.cursor = answer.json()["cursor"]

    def upload(self) -> None:
        data = os.urandom(PHOTO)
        digest = b64encode(hashlib.sha256(data).hexdigest().encode()).decode()
        headers = {"Tus-Resumable": "1.0.0", "Upload-Length": str(PHOTO), "Upload-Metadata": f"sha256 {digest}"}
        headers |= {"Content-Type": "application/offset+octet-stream"}
        self.http.post("/v1/uploads", content=data, headers=headers).raise_for_status()


def measure(meter: Meter, name: str, step: Callable[[], None], each: int) -> None:
    """Prints processor time and bytes of one of the `each` things that a step does."""
    before, sizes = meter.used(), meter.sizes()
    for _ in range(ROUNDS):
        step()
    spent, grown = meter.used() - before, {t: n - sizes.get(t, 0) for t, n in meter.sizes().items()}
    count = ROUNDS * each
    most = sorted(((n, t) for t, n in grown.items() if n > 0), reverse=True)[:5]
    told = ", ".join(f"{table} {size / count:.0f}" for size, table in most)
    print(f"{name:12}{spent / count * 1000:8.2f} ms of a processor, {sum(grown.values()) / count:6.0f} bytes ({told})")


def main() -> None:
    """Prints a line for each thing."""
    with tempfile.TemporaryDirectory() as folder:
        meter = Meter(Path(folder))
        try:
            phone = Phone(meter.http)
            phone.create()
            measure(meter, "new record", phone.create, BATCH)
            measure(meter, "change", phone.patch, BATCH)
            measure(meter, "pull of 20", phone.pull, 1)
            while meter.http.post("/v1/sync/pull", json={"cursor": phone.cursor}).json()["more"]:
                phone.pull()
            measure(meter, "empty pull", phone.pull, 1)
            measure(meter, "photo", phone.upload, 1)
            print(f"memory      {rss(meter.process.pid):8.0f} MB after that")
        finally:
            meter.close()


if __name__ == "__main__":
    main()
