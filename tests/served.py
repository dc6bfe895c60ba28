"""The service as a real process, on a free port of this machine, that can be killed."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import httpx


class Served:
    """`minhchung serve` on a folder; `kill` is SIGKILL, `start` may come again."""

    def __init__(self, folder: Path, **settings: str) -> None:
        self.folder, self.settings = folder, settings
        self.log = folder.parent / "standard-error.log"
        self.process: subprocess.Popen[bytes] | None = None
        self.url = ""
        self.port = "0"  # the first start picks one, later ones keep it: clients know the service by its address

    def start(self) -> None:
        """Starts the process and waits until it says where it listens."""
        env = {**os.environ, "MINHCHUNG_DATA_DIR": str(self.folder), **self.settings}
        command = [sys.executable, "-m", "service", "serve", "--port", self.port]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=log)
        assert self.process.stdout is not None
        line = self.process.stdout.readline().decode()
        found = re.search(r"http://\S+", line)
        assert found, f"the service did not start: {self.log.read_text()[-3000:]}"
        self.url, self.port = found[0], found[0].rsplit(":", 1)[1]

    def kill(self) -> None:
        """`kill -9`: no goodbye, nothing flushed."""
        if self.process:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()
            if self.process.stdout:
                self.process.stdout.close()
            self.process = None

    def sign_in(self, name: str, password: str, install: str) -> httpx.Client:
        body = {"username": name, "password": password, "install_id": install, "device_name": "test"}
        answer = httpx.post(f"{self.url}/v1/auth/sign-in", json=body, timeout=30).raise_for_status().json()
        return httpx.Client(headers={"Authorization": f"Bearer {answer['access_token']}"}, timeout=30)
