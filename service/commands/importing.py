"""`minhchung import`: bringing in a table of units, people or past recognitions on the server itself."""

import argparse
from pathlib import Path
from typing import Any, get_args

from auth.accounts import OPERATOR
from programme.errors import ProgrammeError
from programme.registry import registry
from service.clock import SystemClock
from service.commands.refusal import tell
from service.db import Database
from service.importing import ImportKind, import_table
from service.settings import Settings


def add_parser(subparsers: Any) -> None:
    """Adds `import` to the command line."""
    parser = subparsers.add_parser("import", help="bring in units, accounts, past recognitions or criteria")
    parser.add_argument("kind", choices=get_args(ImportKind))
    parser.add_argument("file", type=Path)
    parser.add_argument("--dry-run", action="store_true", help="only say what would happen")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace, settings: Settings) -> int:
    """0 when done; 1 with every fault on standard error when refused."""
    database = Database(settings.db_url)
    try:
        write = database.rehearse if args.dry_run else database.write
        data, now = args.file.read_bytes(), SystemClock().now()
        done = write(import_table, registry(), OPERATOR, "", args.kind, data, settings.programme_year, now)
    except (ProgrammeError, OSError) as error:
        return tell(args.file, error)
    finally:
        database.close()
    print(f"{done.added} added, {done.changed} changed, {done.unchanged} unchanged{' (dry run)' * args.dry_run}")
    return 0
