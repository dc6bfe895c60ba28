"""`minhchung migrate`: brings the database to this release and loads the province into a fresh one."""

import argparse
from typing import Any

from service.clock import SystemClock
from service.migration import prepare
from service.settings import Settings


def add_parser(subparsers: Any) -> None:
    parser = subparsers.add_parser("migrate", help="create or upgrade the database and load the province")
    parser.set_defaults(run=run)


def run(_args: argparse.Namespace, settings: Settings) -> int:
    print(prepare(settings, SystemClock().now()))
    return 0
