"""The service as a process of its own, that can be killed and comes back at the same address.

It gets an environment of its own: the data folder and where Python finds the packages, and none of the caller's
MINHCHUNG_* settings, so a demo never touches a database that is in use.
"""

import os
import re
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import httpx

HOST = "127.0.0.1"
PATIENCE = 30.0  # seconds until a process that does not answer counts as failed


class ServerFailed(Exception):
    """A process of the service did not do what it was started for; the text says what it said."""


class Server:
    """`minhchung serve` on `folder`, listening on this machine only."""

    def __init__(self, folder: Path, port: int) -> None:
        self.folder, self.port = folder.resolve(), port
        self.log = self.folder.parent / "server.log"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"

    def command(self, *words: str, typed: str = "") -> str:
        """Runs another command of the service on the same data; returns what it printed. Raises ServerFailed."""
        done = subprocess.run(  # noqa: S603  # our own interpreter and module
            _command(words), env=self._environment(), input=typed.encode(), capture_output=True, check=False
        )
        if done.returncode:
            said = done.stderr.decode(errors="replace").strip().splitlines()
            raise ServerFailed(f"minhchung {words[0]}: {said[-1] if said else done.returncode}")
        return done.stdout.decode(errors="replace").strip()

    def start(self) -> float:
        """Starts the process and waits until it answers; returns the seconds that this took. Raises ServerFailed."""
        begun = time.monotonic()
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603  # our own interpreter and module
                _command(("serve", "--host", HOST, "--port", str(self.port))),
                env=self._environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C is for the demo, which stops the service in good order
            )
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() - begun > PATIENCE:
                self.stop()
                raise ServerFailed(f"the service does not answer; {self.log} ends with: {self._last_words()}")
            time.sleep(0.05)
        return time.monotonic() - begun

    def kill(self) -> None:
        """`kill -9`: no goodbye, nothing flushed."""
        if self._process:
            self._process.kill()
            self._process.wait()
            self._process = None

    def stop(self) -> None:
        """Asks the process to end, and sees that it does."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(PATIENCE)
        finally:
            self.kill()  # harmless where it has ended; never left behind, whoever interrupts the waiting

    def wait(self) -> None:
        """Returns when the process has ended by itself."""
        if self._process:
            self._process.wait()

    def _answers(self) -> bool:
        try:
            return httpx.get(f"{self.url}/v1/health", timeout=5, trust_env=False).is_success
        except httpx.TransportError:
            return False

    def _environment(self) -> dict[str, str]:
        found = os.pathsep.join(path or str(Path.cwd()) for path in sys.path)
        return {"MINHCHUNG_DATA_DIR": str(self.folder), "PYTHONPATH": found, "PYTHONUTF8": "1"}

    def _last_words(self) -> str:
        lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()
        return re.sub(r"\s+", " ", " ".join(lines[-3:])) or "(nothing)"


def free_port(wanted: int) -> int:
    """`wanted` or the next port that nobody listens on; 0 gives any. Raises OSError where there is none."""
    for port in range(wanted, min(wanted + 100, 65536)):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, port))
                probe.listen()
            except OSError:
                continue
            chosen: int = probe.getsockname()[1]
            return chosen
    raise OSError(f"no free port from {wanted} on")


def _command(words: tuple[str, ...]) -> list[str]:
    return [sys.executable, "-m", "service", *words]
