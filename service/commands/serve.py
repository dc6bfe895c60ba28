"""`minhchung serve`: the service, on one address, until it is told to stop."""

import argparse
from typing import Any

import uvicorn

from service.app import create_app
from service.settings import Settings


def add_parser(subparsers: Any) -> None:
    parser = subparsers.add_parser("serve", help="serve a migrated database")
    parser.add_argument("--host", help="address to listen on (default: the setting)")
    parser.add_argument("--port", type=int, help="port to listen on (default: the setting)")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace, settings: Settings) -> int:
    uvicorn.run(
        create_app(settings),
        host=args.host or settings.host,
        port=settings.port if args.port is None else args.port,
        log_level="warning",
        access_log=False,
        timeout_graceful_shutdown=10,
    )
    return 0
