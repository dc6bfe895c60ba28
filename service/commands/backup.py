"""`minhchung backup` and `restore`: copies of everything but the keys, read back before they count."""

import argparse
import sys
from pathlib import Path
from typing import Any

from auth.keys import SigningKeys, load_keys
from programme.registry import registry
from service import backup
from service.backup import BackupUnusable
from service.clock import SystemClock
from service.db import Database
from service.restore import restore
from service.settings import Settings
from service.signed_list import Manifest
from service.stores import open_store
from sync.errors import Restored


def add_parser(subparsers: Any) -> None:
    """Adds `backup` and `restore` to the command line."""
    made = subparsers.add_parser("backup", help="copy database and files into a folder, or verify the copy there")
    made.add_argument("where", nargs="+", metavar="[verify] DIR", help="files are shared by all backups in one DIR")
    made.add_argument("--name", help="which backup of DIR to verify (default: the newest)")
    made.set_defaults(run=_backup)
    back = subparsers.add_parser("restore", help="fill an empty deployment from a backup")
    back.add_argument("where", type=Path, metavar="DIR")
    back.add_argument("--name", help="which backup of DIR (default: the newest)")
    back.set_defaults(run=_restore)


def _backup(args: argparse.Namespace, settings: Settings) -> int:
    """0 when the backup was read back and holds; 1 with the reason on standard error."""
    try:
        *verb, where = args.where
        if verb == ["verify"]:
            return _verify(_manifest(Path(where), args.name, settings))
        return _take(Path(where), settings)
    except (BackupUnusable, OSError) as error:
        print(error, file=sys.stderr)
    except Restored:
        print("the service was restored; open a new epoch first", file=sys.stderr)
    return 1


def _take(root: Path, settings: Settings) -> int:
    database = Database(settings.db_url)
    keys = load_keys(settings.data_dir / "keys")
    try:
        store, issuer, now = open_store(settings), settings.public_url, SystemClock().now()
        made = backup.take(database, store, registry(), keys, issuer, root, now)
    finally:
        database.close()
    print(f"{made.name}: {_content(made)}, read back; keys/ and secret are not in it, keep them apart")
    return 0


def _verify(manifest: Manifest) -> int:
    faults = backup.check(manifest)
    for fault in faults:
        print(fault, file=sys.stderr)
    print(f"{manifest.name}: {_content(manifest)}: " + ("damaged" if faults else "holds") + _trust(manifest))
    return 1 if faults else 0


def _restore(args: argparse.Namespace, settings: Settings) -> int:
    """0 when everything was checked and is in place; then an operator opens an epoch."""
    try:
        manifest = _manifest(args.where, args.name, settings)
        restore(manifest, settings, SystemClock().now())
    except (BackupUnusable, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    print(f"{manifest.name}: {_content(manifest)}, restored{_trust(manifest)}")
    print('Look at it, then let the phones in: minhchung epoch open --reason "..."')
    return 0


def _manifest(root: Path, name: str | None, settings: Settings) -> Manifest:
    return backup.read_manifest(root, name or backup.newest(root), _keys(settings.data_dir / "keys"))


def _keys(directory: Path) -> SigningKeys | None:
    """The keys of this deployment, where it has any; looking makes none."""
    return load_keys(directory) if directory.is_dir() else None


def _content(manifest: Manifest) -> str:
    rows = sum(count for count, _ in manifest.told["tables"].values())
    return f"{rows} rows, {manifest.told['objects'][0]} objects"


def _trust(manifest: Manifest) -> str:
    return "" if manifest.trusted else "; signed by a key that is not of this deployment"
