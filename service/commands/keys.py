"""`minhchung keys`: the keys that sign. Those of tokens change while the service runs; those of evidence are kept."""

import argparse
import sys
from pathlib import Path
from typing import Any

from auth.keyring import FOLDER, Keyring, TooEarly, announce, rotate
from auth.keys import load_keys
from service.clock import SystemClock
from service.commands.operator import operator
from service.db import Database
from service.settings import Settings


def add_parser(subparsers: Any) -> None:
    """Adds `keys` with its verbs to the command line."""
    parser = subparsers.add_parser("keys", help="the keys that sign: list, announce, rotate")
    verbs = parser.add_subparsers(dest="verb", required=True)
    listed = verbs.add_parser("list", help="print the kid of every key that counts, the one that signs first")
    announced = verbs.add_parser("announce", help="publish the key that will sign next")
    rotated = verbs.add_parser("rotate", help="let the announced key sign; the old one goes on counting")
    rotated.add_argument(
        "--at-once", action="store_true", help="do not wait for an hour of announcement: a key is lost"
    )
    for verb, run in ((listed, _list), (announced, _announce), (rotated, _rotate)):
        verb.add_argument("--evidence", action="store_true", help="those of receipts and checkpoints, not of tokens")
        verb.set_defaults(run=run)


def _list(args: argparse.Namespace, settings: Settings) -> int:
    print("\n".join(key["kid"] for key in load_keys(_directory(args, settings)).jwks()["keys"]))
    return 0


def _announce(args: argparse.Namespace, settings: Settings) -> int:
    print(f"{announce(_directory(args, settings), SystemClock().now())} will sign next; rotate in an hour or later")
    return 0


def _rotate(args: argparse.Namespace, settings: Settings) -> int:
    """Notes the change in the audit trail; 1 where the next key is not known to others yet."""
    now = SystemClock().now()
    try:
        made = rotate(_directory(args, settings), now, at_once=args.at_once)
    except TooEarly:
        print("announce the next key first, an hour ahead: others keep the published set so long", file=sys.stderr)
        return 1
    database = Database(settings.db_url)
    try:
        what = "evidence" if args.evidence else "tokens"
        operator(database, now).saw("keys_rotated", made.kid, of=what)
    finally:
        database.close()
    print(f"{made.kid} signs {what}" + ("; restart the service" if args.evidence else " from the next request on"))
    return 0


def _directory(args: argparse.Namespace, settings: Settings) -> Path:
    directory = settings.data_dir / "keys"
    Keyring(directory)
    return directory if args.evidence else directory / FOLDER
