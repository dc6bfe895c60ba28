"""`minhchung archive`: a year as files that are kept and checked without the service."""

import argparse
import sys
from pathlib import Path
from typing import Any

from auth.keys import load_keys
from service import year_archive
from service.clock import SystemClock
from service.db import Database
from service.settings import Settings
from service.signed_list import Manifest
from service.stores import open_store
from service.year_archive import ArchiveUnusable
from sync.errors import Restored


def add_parser(subparsers: Any) -> None:
    """Adds `archive` to the command line."""
    parser = subparsers.add_parser("archive", help="write a year's records, logs and files into a folder, or check it")
    parser.add_argument("year", type=int)
    parser.add_argument("folder", type=Path, metavar="DIR", help="files are shared by the archives of all years in it")
    parser.add_argument("--check", action="store_true", help="write nothing; read every byte of the archive in DIR")
    parser.set_defaults(run=_archive)


def _archive(args: argparse.Namespace, settings: Settings) -> int:
    """0 when the archive was read back and holds; 1 with every reason on standard error."""
    try:
        if args.check:
            return _check(args, settings)
        made = _write(args, settings)
    except (ArchiveUnusable, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    except Restored:
        print("the service was restored; open a new epoch first", file=sys.stderr)
        return 1
    print(f"{made.name}: {_content(made)}, read back")
    for line in _left_out(made.told):
        print(line)
    return 0


def _write(args: argparse.Namespace, settings: Settings) -> Manifest:
    database = Database(settings.db_url)
    keys = load_keys(settings.data_dir / "keys")
    try:
        store, issuer, now = open_store(settings), settings.public_url, SystemClock().now()
        return year_archive.write(database, store, keys, issuer, args.folder, args.year, now)
    finally:
        database.close()


def _check(args: argparse.Namespace, settings: Settings) -> int:
    directory = settings.data_dir / "keys"
    archive = year_archive.read(args.folder, args.year, load_keys(directory) if directory.is_dir() else None)
    faults = year_archive.check(archive)
    for fault in faults:
        print(fault, file=sys.stderr)
    trust = "" if archive.trusted else "; signed by a key that is not of this deployment"
    print(f"{archive.name}: {_content(archive)}: " + ("damaged" if faults else "holds") + trust)
    return 1 if faults else 0


def _content(archive: Manifest) -> str:
    told = archive.told
    return f"{told['records']} records in {len(told['scopes'])} scopes, {told['objects'][0]} files"


def _left_out(told: dict[str, Any]) -> list[str]:
    """What an archive of this year does not hold, or not yet."""
    counts = {
        "ops wait for something or were rejected: GET /v1/ops": told["open"],
        "phones still hold ops of the year: GET /v1/clients?unit=&year=": told["owing"],
        "scopes are restricted and stay out": told["restricted"],
        "files are kept apart and stay out": len(told["apart"]),
    }
    return [f"  {count} {what}" for what, count in counts.items() if count]
