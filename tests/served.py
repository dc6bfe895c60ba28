"""The service as a process of its own, which can be killed and started again in no time.

A process is a fork of one that has imported the service and done nothing else (`forkserver`): what it does from there,
and how it dies, is that of `minhchung serve`.
"""

import os
import sys
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from threading import Event

import httpx

from service.__main__ import main

FORKS = get_context("forkserver")
FORKS.set_forkserver_preload(["service.__main__"])


class Served:
    """`minhchung serve` on a folder; `kill` is SIGKILL, `start` may come again; `up` says that it listens."""

    def __init__(self, folder: Path, **settings: str) -> None:
        self.folder = folder
        self.environment = {"MINHCHUNG_DATA_DIR": str(folder), **settings}
        self.log = folder.parent / "standard-error.log"
        self.port = "0"  # the first start picks one, later ones keep it: clients know the service by its address
        self.url = ""
        self.up = Event()

    def start(self) -> None:
        """Starts the process and waits until it says where it listens."""
        self.says, output = FORKS.Pipe(duplex=False)
        self.process = FORKS.Process(target=_serve, args=(self.environment, self.port, self.log, output), daemon=True)
        self.process.start()
        output.close()
        with os.fdopen(os.dup(self.says.fileno())) as lines:
            _, _, self.url = lines.readline().strip().partition(": ")
        assert self.url, f"the service did not start: {self.log.read_text()[-3000:]}"
        self.port = self.url.rpartition(":")[2]
        self.up.set()

    def kill(self) -> None:
        """`kill -9`: no goodbye, nothing flushed."""
        self.up.clear()
        self.process.kill()
        self.process.join()
        self.says.close()

    def sign_in(self, name: str, password: str, install: str) -> httpx.Client:
        body = {"username": name, "password": password, "install_id": install, "device_name": "test"}
        answer = httpx.post(f"{self.url}/v1/auth/sign-in", json=body, timeout=30).raise_for_status().json()
        return httpx.Client(headers={"Authorization": f"Bearer {answer['access_token']}"}, timeout=30)


def _serve(environment: dict[str, str], port: str, log: Path, output: Connection) -> None:
    os.environ.update(environment)
    with log.open("ab") as errors:
        os.dup2(errors.fileno(), sys.stderr.fileno())
    os.dup2(output.fileno(), sys.stdout.fileno())
    sys.exit(main(["serve", "--port", port]))
