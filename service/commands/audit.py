"""`minhchung audit`: the trail brought off this host, checked there, and shortened here once it may be."""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from auth import audit_exports
from auth.keys import load_keys
from service import trail
from service.clock import SystemClock
from service.db import Database
from service.duties import MONTH_MS
from service.settings import Settings
from service.stores import open_trail
from service.trail import PieceUnreadable
from storage.errors import StorageError
from storage.local import DirectoryStore


def add_parser(subparsers: Any) -> None:
    """Adds `audit` with its verbs to the command line."""
    parser = subparsers.add_parser("audit", help="the audit trail: export, verify an export, remove what was exported")
    verbs = parser.add_subparsers(dest="verb", required=True)
    export = verbs.add_parser("export", help="bring what is new off this host, signed, and read it back")
    export.add_argument("dir", type=Path, nargs="?", metavar="DIR", help="instead of the place in the settings")
    export.set_defaults(run=_export)
    verify = verbs.add_parser("verify", help="check exported pieces, without any service")
    verify.add_argument("dir", type=Path, metavar="DIR")
    verify.add_argument("--keys", type=Path, help="trusted keys: what /.well-known/jwks.json answered, kept before")
    verify.set_defaults(run=_verify)
    cut = verbs.add_parser("cut", help="remove entries that are exported and older than the retention")
    cut.set_defaults(run=_cut)


def _export(args: argparse.Namespace, settings: Settings) -> int:
    """0 when everything is there and was read back; 1 with the reason on standard error."""
    database = Database(settings.db_url)
    try:
        store = DirectoryStore(args.dir) if args.dir else open_trail(settings, database)
        if store is None:
            print("name a folder, or set MINHCHUNG_AUDIT_DIR or MINHCHUNG_AUDIT_BUCKET", file=sys.stderr)
            return 1
        keys = load_keys(settings.data_dir / "keys")
        count = trail.export(database, store, keys, settings.public_url, SystemClock().now())
    except (StorageError, PieceUnreadable, OSError) as error:
        print(f"not exported: {error}", file=sys.stderr)
        return 1
    finally:
        database.close()
    print(f"{count} entries exported")
    return 0


def _verify(args: argparse.Namespace, _settings: Settings) -> int:
    """0 when every piece is as it was signed and follows the one before; 1 with every fault on standard error."""
    keys = json.loads(args.keys.read_bytes())["keys"] if args.keys else None
    store = DirectoryStore(args.dir)
    pieces = (b"".join(store.read(key)) for key in sorted(store.keys("audit/")))
    count, faults = trail.check(pieces, keys)
    for fault in faults:
        print(fault, file=sys.stderr)
    trust = "" if args.keys else "; its keys are its own word, compare them (--keys)"
    print(f"{count} entries: " + ("the trail does not hold" if faults else "the trail holds") + trust)
    return 1 if faults else 0


def _cut(_args: argparse.Namespace, settings: Settings) -> int:
    """Prints how many entries were removed; none that is younger than the retention or not exported."""
    database, now = Database(settings.db_url), SystemClock().now()
    try:
        gone = database.write(audit_exports.cut, now - settings.audit_months * MONTH_MS, now)
    finally:
        database.close()
    print(f"{gone} entries removed")
    return 0
