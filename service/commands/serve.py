"""`minhchung serve`: the service, on one address, until it is told to stop."""

import argparse
import gc
import socket
from contextlib import suppress
from typing import Any

import uvicorn

from service import logs
from service.app import create_app
from service.settings import Settings

COLLECT_AFTER = 20_000  # new objects; a batch of 100 makes some 10,000, of which hardly any is part of a cycle


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
    config = uvicorn.Config(
        create_app(settings), log_config=None, access_log=False, timeout_graceful_shutdown=10, proxy_headers=False
    )
    _spare_collections()
    print(f"Minh Chứng: {url}", flush=True)
    with suppress(KeyboardInterrupt):  # Ctrl-C has stopped the server already; there is nothing to tell
        uvicorn.Server(config).run(sockets=[listener])
    return 0


def _spare_collections() -> None:
    """What is loaded stays: the collector of cycles need not look through it again and again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(COLLECT_AFTER)


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((host, port))
    listener.listen(2048)
    return listener
