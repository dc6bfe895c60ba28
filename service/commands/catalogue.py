"""`minhchung catalogue`: checking and importing criteria sets on the server itself."""

import argparse
import hashlib
from pathlib import Path
from typing import Any

from programme import catalogue
from programme.catalogue_format import parse
from programme.errors import ProgrammeError
from programme.province import adopt_criteria
from service.clock import SystemClock
from service.commands.operator import operator
from service.commands.refusal import tell
from service.db import Database
from service.settings import Settings
from sync.instant import iso


def add_parser(subparsers: Any) -> None:
    """Adds `catalogue` with its verbs to the command line."""
    parser = subparsers.add_parser("catalogue", help="criteria sets")
    verbs = parser.add_subparsers(dest="verb", required=True)
    load = verbs.add_parser("import", help="bring in a set and make it the active one")
    load.add_argument("file", type=Path)
    load.add_argument("--dry-run", action="store_true", help="only say whether it would be taken")
    check = verbs.add_parser("check", help="name every fault in a file, without a database")
    check.add_argument("file", type=Path)
    verbs.add_parser("list", help="list the sets, the active one first")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace, settings: Settings) -> int:
    """Runs one verb; 0 when done, 1 with every fault on standard error when refused."""
    try:
        VERBS[args.verb](args, settings)
    except (ProgrammeError, OSError) as error:
        return tell(args.file, error)
    return 0


def _check(args: argparse.Namespace, _settings: Settings) -> None:
    head = parse(args.file.read_bytes()).catalogue.catalogue
    print(f"no fault in {head.id} {head.version}")


def _import(args: argparse.Namespace, settings: Settings) -> None:
    source = args.file.read_bytes()
    database = Database(settings.db_url)
    try:
        now = SystemClock().now()
        file, facts = (source, settings.programme_year, now), {"sha256": hashlib.sha256(source).hexdigest()}
        if args.dry_run:
            found = database.read(adopt_criteria, *file, dry_run=True)
        else:
            found = operator(database, now).write("imported", "criteria", facts, adopt_criteria, *file)
    finally:
        database.close()
    print(f"{found.outcome} {found.id} {found.version}: {found.items} criteria, sha256 {found.digest}")


def _list(_args: argparse.Namespace, settings: Settings) -> None:
    database = Database(settings.db_url)
    try:
        for found in database.read(catalogue.criteria_sets):
            print(found.id, found.version, iso(found.imported_at), found.digest, sep="\t")
    finally:
        database.close()


VERBS = {"import": _import, "check": _check, "list": _list}
