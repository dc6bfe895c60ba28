"""Starts and stops what is measured: a durable PostgreSQL of its own, and the servers on it, on free ports."""

import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from auth import accounts
from auth.accounts import OPERATOR
from auth.passwords import hash_password
from auth.principal import Grant, Role
from postgres import Postgres, free_port
from race.ours import PASSWORD
from service.clock import SystemClock
from service.db import Database
from service.migration import prepare
from service.settings import Settings

HERE = Path(__file__).resolve().parent
PEERS = Path(".venv/kinto/bin")
PROCESSES = 2
# Durability is at its defaults; the rest is what a small server is commonly given.
POSTGRES = "-c shared_buffers=1GB -c max_wal_size=4GB -c checkpoint_timeout=15min -c max_connections=120"
UNITS = 99
KINTO = """
[app:main]
use = egg:kinto
kinto.storage_backend = kinto.core.storage.postgresql
kinto.storage_url = {dsn}
kinto.permission_backend = kinto.core.permission.postgresql
kinto.permission_url = {dsn}
kinto.cache_backend = kinto.core.cache.memory
kinto.userid_hmac_secret = of-this-benchmark
multiauth.policies = basicauth
kinto.bucket_create_principals = system.Authenticated
kinto.bucket_write_principals = system.Authenticated
kinto.explicit_permissions = false
kinto.batch_max_requests = 500
kinto.paginate_by = 10000
"""


@dataclass(slots=True)
class Running:
    """A server that answers: its addresses (a device picks one), and the processes to watch."""

    bases: list[str]
    pids: list[int]


@contextmanager
def postgres(more: str = "") -> Iterator[Postgres]:
    """A cluster with fsync on, gone when the block ends; `more`: further options."""
    cluster = Postgres(f"{POSTGRES} {more}")
    try:
        yield cluster
    finally:
        cluster.remove()


def pid_of(cluster: Postgres) -> int:
    """The process above all of a cluster."""
    return int((cluster.folder / "data" / "postmaster.pid").read_text().splitlines()[0])


@contextmanager
def _processes(commands: list[list[str]], log: Path, **environment: str) -> Iterator[list[subprocess.Popen[bytes]]]:
    with ExitStack() as stack:
        out = stack.enter_context(log.open("ab"))
        env = {**os.environ, "PYTHONPATH": str(HERE.parent), **environment}
        started = [subprocess.Popen(c, stdout=out, stderr=out, env=env) for c in commands]
        try:
            yield started
        finally:
            for process in started:
                process.terminate()
            for process in started:
                process.wait(20)


def _await(url: str) -> None:
    """Until something answers at `url`, whatever it answers; at most a minute."""
    for _ in range(600):
        try:
            urllib.request.urlopen(url, timeout=2).close()
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise TimeoutError(url)


@contextmanager
def ours(folder: Path, database_url: str | None, processes: int = PROCESSES) -> Iterator[Running]:
    """This service, in as many processes as the others get; on SQLite in one."""
    settings = Settings(data_dir=folder, database_url=database_url)
    prepare(settings, SystemClock().now())
    _people(settings)
    ports = [free_port() for _ in range(processes)]
    commands = [[sys.executable, "-m", "service", "serve", "--port", str(port)] for port in ports]
    environment = {"MINHCHUNG_DATA_DIR": str(folder), "MINHCHUNG_PUBLIC_URL": f"http://127.0.0.1:{ports[0]}"}
    if database_url:
        environment["MINHCHUNG_DATABASE_URL"] = database_url
    with _processes(commands, folder / "log", **environment) as started:
        for port in ports:
            _await(f"http://127.0.0.1:{port}/v1/health")
        yield Running([f"http://127.0.0.1:{p}" for p in ports], [p.pid for p in started])


def _people(settings: Settings) -> None:
    """An account for each device, in a unit of its own, and one that reads several."""
    database, now = Database(settings.db_url), SystemClock().now()
    password = hash_password(PASSWORD)
    for number in range(UNITS):
        grant = (Grant(unit(number), Role.FIELD_OFFICER),)
        make = accounts.create_account
        database.write(make, OPERATOR, f"bench{number}", "Bench", now, grants=grant, password_hash=password)
    database.close()


def unit(number: int) -> str:
    """The code of one of the province's communes and wards."""
    rows = Path("programme/data/communes.csv").read_text().splitlines()
    return rows[1 + number].split(",")[0]


@contextmanager
def thin(folder: Path, database_url: str) -> Iterator[Running]:
    """The thin server, by uvicorn with two workers."""
    port, dsn = free_port(), database_url.replace("+psycopg", "")
    command = [sys.executable, "-m", "uvicorn", "race.thin:app", "--workers", str(PROCESSES), "--port", str(port)]
    with _processes([[*command, "--no-access-log", "--lifespan", "off"]], folder / "log", BENCH_DSN=dsn) as started:
        _await(f"http://127.0.0.1:{port}/open/none")
        yield Running([f"http://127.0.0.1:{port}"], [p.pid for p in started])


@contextmanager
def trivial(folder: Path) -> Iterator[Running]:
    """A server that does nothing, in one process: there is nothing to share."""
    port = free_port()
    command = [sys.executable, "-m", "uvicorn", "race.trivial:app", "--port", str(port), "--no-access-log"]
    with _processes([[*command, "--lifespan", "off"]], folder / "log") as started:
        _await(f"http://127.0.0.1:{port}/pull")
        yield Running([f"http://127.0.0.1:{port}"], [p.pid for p in started])


@contextmanager
def kinto(folder: Path, database_url: str) -> Iterator[Running]:
    """Kinto by gunicorn with two workers, set up as its documentation says, on a migrated database."""
    port, dsn = free_port(), database_url.replace("+psycopg", "")
    ini = folder / "kinto.ini"
    ini.write_text(KINTO.format(dsn=dsn))
    subprocess.run([PEERS / "kinto", "migrate", "--ini", ini], check=True, capture_output=True)
    command = [str(PEERS / "gunicorn"), "-w", str(PROCESSES), "-k", "sync", "-b", f"127.0.0.1:{port}"]
    with _processes([[*command, "--paste", str(ini)]], folder / "log") as started:
        _await(f"http://127.0.0.1:{port}/v1/")
        yield Running([f"http://127.0.0.1:{port}/v1"], [p.pid for p in started])
