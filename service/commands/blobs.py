"""`minhchung blobs`: the files, whole and twice. The service does the same by itself, little by little."""

import argparse
from typing import Any

from programme.registry import registry
from service.clock import SystemClock
from service.db import Database
from service.settings import Settings
from service.stores import open_mirror, open_store
from service.upkeep import Shelf, check, clean, mirror

DAY_MS = 86_400_000


def add_parser(subparsers: Any) -> None:
    """Adds `blobs` to the command line."""
    parser = subparsers.add_parser("blobs", help="check, copy and sweep the files")
    verbs = parser.add_subparsers(dest="verb", required=True)
    verbs.add_parser("check", help="hash every file anew, repair what has a second copy; 1 where one is lost")
    verbs.add_parser("mirror", help="copy every file that has no second copy yet")
    verbs.add_parser("sweep", help="remove files that no record names, after their time")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace, settings: Settings) -> int:
    """Prints what was done; 1 where a file is lost."""
    database, now = Database(settings.db_url), SystemClock().now()
    shelf = Shelf(database, open_store(settings, database), open_mirror(settings, database), registry())
    try:
        if args.verb == "check":
            found = check(shelf, now, before=now + 1, limit=2**31 - 1)
            print(", ".join(f"{found[how]} {how}" for how in ("good", "repaired", "lost")))
            return 1 if found["lost"] else 0
        if args.verb == "mirror":
            return _mirror(shelf, now)
        print(f"{clean(shelf, now, before=now - settings.unused_days * DAY_MS)} files removed")
        return 0
    finally:
        database.close()


def _mirror(shelf: Shelf, now: int) -> int:
    if shelf.mirror is None:
        print("no place for second copies is set (MINHCHUNG_MIRROR_DIR or MINHCHUNG_MIRROR_BUCKET)")
        return 1
    done = 0
    while copied := mirror(shelf, now):
        done += copied
    print(f"{done} files copied")
    return 0
