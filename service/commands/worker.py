"""`minhchung worker`: does the work after answers, for services whose setting `worker` is `apart`."""

import argparse
import signal
import sys
from contextlib import suppress
from typing import Any

from starlette.datastructures import State

from service import logs
from service.app import furnish
from service.clock import SystemClock
from service.db import Database
from service.settings import Settings


def add_parser(subparsers: Any) -> None:
    """Adds `worker` to the command line."""
    parser = subparsers.add_parser("worker", help="do the work after answers, beside services (PostgreSQL)")
    parser.set_defaults(run=run)


def run(_args: argparse.Namespace, settings: Settings) -> int:
    """Works until it is told to stop, and ends the job that it has in hand first; any number of them may run."""
    if settings.db_url.startswith("sqlite"):
        print("minhchung worker: a SQLite file has one process, and that does this work too", file=sys.stderr)
        return 2
    logs.set_up(settings.logged_from)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    held = State()
    furnish(held, settings, SystemClock(), Database(settings.db_url))
    with suppress(KeyboardInterrupt):
        held.wakes.start()
        held.worker.start()
        print("Minh Chứng: worker", flush=True)
        while True:
            signal.pause()
    held.worker.stop()
    held.wakes.stop()
    held.traces.close()
    held.database.close()
    return 0
