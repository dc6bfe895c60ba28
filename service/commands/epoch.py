"""`minhchung epoch`: the lineage of the database. After a restore an operator opens the next one, and sync goes on."""

import argparse
import sys
from typing import Any

from auth.keys import load_keys
from service.checkpoints import open_epoch, write_checkpoint
from service.clock import SystemClock
from service.commands.operator import operator
from service.db import Database
from service.settings import Settings
from service.stores import open_store
from sync.epoch import is_restored
from sync.errors import Restored


def add_parser(subparsers: Any) -> None:
    """Adds `epoch` and `checkpoint` to the command line."""
    epoch = subparsers.add_parser("epoch", help="the lineage of the database, after a restore")
    verbs = epoch.add_subparsers(dest="verb", required=True)
    opened = verbs.add_parser("open", help="open a new epoch: phones send again what the restored database lacks")
    opened.add_argument("--reason", required=True, help="why, for the record")
    epoch.set_defaults(run=_open)
    checkpoint = subparsers.add_parser("checkpoint", help="sign the heads of all logs into the blob store, now")
    checkpoint.set_defaults(run=_checkpoint)


def _open(args: argparse.Namespace, settings: Settings) -> int:
    """Opens a new epoch, whether the service waits for one or not; prints its id."""
    database = Database(settings.db_url)
    try:
        waited = database.read(is_restored)
        parts = (database, open_store(settings), load_keys(settings.data_dir / "keys"), settings.public_url)
        now = SystemClock().now()
        opened = open_epoch(*parts, reason=args.reason, now=now)
        operator(database, now).saw("epoch_opened", opened, waited=waited)
    finally:
        database.close()
    print(f"epoch {opened}" + ("; sync goes on" if waited else "; the one before was still open and has ended"))
    return 0


def _checkpoint(_args: argparse.Namespace, settings: Settings) -> int:
    """Signs what moved since the last checkpoint; 1 where the service waits for an operator."""
    database = Database(settings.db_url)
    try:
        parts = (database, open_store(settings), load_keys(settings.data_dir / "keys"), settings.public_url)
        moved = write_checkpoint(*parts, SystemClock().now())
    except Restored:
        print("the service was restored; open a new epoch first", file=sys.stderr)
        return 1
    finally:
        database.close()
    print(f"{moved} heads signed")
    return 0
