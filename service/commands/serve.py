"""`minhchung serve`: the service, on one address, until it is told to stop."""

import argparse
import gc
import signal
import socket
import time
from contextlib import suppress
from types import FrameType
from typing import Any

import uvicorn
from fastapi import FastAPI

from service import logs
from service.app import create_app
from service.settings import Settings

COLLECT_AFTER = 20_000  # new objects; a batch of 100 makes some 10,000, of which hardly any is part of a cycle
GRACE_SECONDS = 10  # for requests that are under way; an upload that is cut off goes on from its durable offset


def add_parser(subparsers: Any) -> None:
    """Adds `serve` to the command line."""
    parser = subparsers.add_parser("serve", help="serve a migrated database")
    parser.add_argument("--host", help="address to listen on (default: the setting)")
    parser.add_argument("--port", type=int, help="port to listen on, 0 for a free one (default: the setting)")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace, settings: Settings) -> int:
    """Serves; says on standard output where, once connections are taken."""
    port = settings.port if args.port is None else args.port
    listener = _listen(args.host or settings.host, port)
    url = "http://{}:{}".format(*listener.getsockname()[:2])
    if "public_url" not in settings.model_fields_set:
        settings = settings.model_copy(update={"public_url": url})
    logs.set_up(settings.logged_from)
    server = Server(create_app(settings), settings.drain_seconds)
    _spare_collections()
    print(f"Minh Chứng: {url}", flush=True)
    with suppress(KeyboardInterrupt):  # Ctrl-C has stopped the server already; there is nothing to tell
        server.run(sockets=[listener])
    return 0


def _spare_collections() -> None:
    """What is loaded stays: the collector of cycles need not look through it again and again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(COLLECT_AFTER)


class Server(uvicorn.Server):
    """Told to stop, it first says so to those who ask whether it is ready, and sends away those who only wait.

    For `drain` seconds after SIGTERM it takes requests as before. Then it takes none, and ends those under way.
    """

    def __init__(self, app: FastAPI, drain: float) -> None:
        quiet: Any = {"log_config": None, "access_log": False, "proxy_headers": False}
        super().__init__(uvicorn.Config(app, timeout_graceful_shutdown=GRACE_SECONDS, **quiet))
        self._wakes, self._drain = app.state.wakes, drain
        self._leaves_at: float | None = None

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """In a signal handler: only takes note, as whoever was interrupted may hold a lock."""
        if self._leaves_at is not None:
            super().handle_exit(sig, frame)  # told twice: at once
        self._leaves_at = time.monotonic() + (self._drain if sig == signal.SIGTERM else 0)

    async def on_tick(self, counter: int) -> bool:
        """Ten times a second."""
        if self._leaves_at is not None:
            if not self._wakes.dismissed:
                self._wakes.dismiss()
            self.should_exit = self.should_exit or time.monotonic() >= self._leaves_at
        return await super().on_tick(counter)


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((host, port))
    listener.listen(2048)
    return listener
