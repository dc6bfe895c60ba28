"""`minhchung units`: bringing in a table of units on the server itself."""

import argparse
import hashlib
from pathlib import Path
from typing import Any

from programme.errors import ProgrammeError
from programme.province import adopt_units
from service.clock import SystemClock
from service.commands.operator import operator
from service.commands.refusal import tell
from service.db import Database
from service.settings import Settings


def add_parser(subparsers: Any) -> None:
    """Adds `units` with its verbs to the command line."""
    parser = subparsers.add_parser("units", help="communes, wards, agencies, enterprises, schools")
    verbs = parser.add_subparsers(dest="verb", required=True)
    load = verbs.add_parser("import", help="add and update units from a CSV table")
    load.add_argument("file", type=Path)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace, settings: Settings) -> int:
    """Imports a table; 0 when done, 1 with every fault on standard error when refused."""
    database = Database(settings.db_url)
    try:
        table, now = args.file.read_bytes(), SystemClock().now()
        facts = {"sha256": hashlib.sha256(table).hexdigest()}
        done = operator(database, now).write(
            "imported", "units", facts, adopt_units, table, settings.programme_year, now
        )
    except (ProgrammeError, OSError) as error:
        return tell(args.file, error)
    finally:
        database.close()
    print(f"{done.added} added, {done.changed} changed, {done.unchanged} unchanged")
    return 0
