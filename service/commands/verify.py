"""`minhchung prove` and `verify`: a bundle that proves the log of a scope, and a check of it without any service."""

import argparse
import json
import sys
import zipfile
from pathlib import Path
from typing import Any

from auth.keys import load_keys
from proof import bundle, redactions
from proof.__main__ import main as check_dossier
from proof.logs import check_log
from service.bundles import make_bundle
from service.clock import SystemClock
from service.db import Database
from service.settings import Settings
from service.stores import open_store
from sync.errors import SyncError
from sync.proof import evidence


def add_parser(subparsers: Any) -> None:
    """Adds `prove` and `verify` to the command line."""
    prove = subparsers.add_parser("prove", help="write all that proves the log of a scope into one file")
    prove.add_argument("scope")
    prove.add_argument("file", type=Path)
    prove.add_argument("--record", help="tell the ops of this record only; the rest of the log as digests")
    prove.set_defaults(run=_prove)
    verify = subparsers.add_parser("verify", help="check a bundle, or saved pages of a log, offline")
    verify.add_argument(
        "file", type=Path, help="of `minhchung prove`, pages of GET /v1/proofs, or the ZIP of a dossier"
    )
    verify.add_argument(
        "--keys", type=Path, help="trusted keys: what /.well-known/minhchung-keys.json answered, kept before"
    )
    verify.add_argument("--receipt", type=Path, action="append", default=[], help="a receipt of a device, compact JWS")
    verify.add_argument("--files", type=Path, help="folder of files named by their SHA-256; all have to be there")
    verify.set_defaults(run=_verify)


def _prove(args: argparse.Namespace, settings: Settings) -> int:
    """0 when the file is written; 1 for a scope that has no log."""
    database = Database(settings.db_url)
    try:
        found = database.read(evidence, args.scope, args.record)
    except SyncError as error:
        print(f"{args.scope}: {error.code}", file=sys.stderr)
        return 1
    finally:
        database.close()
    keys = load_keys(settings.data_dir / "keys")
    parts = (open_store(settings), keys, settings.public_url, SystemClock().now())
    args.file.write_bytes(make_bundle(found, args.scope, *parts))
    print(f"{len(found.entries)} entries, {len(found.checkpoints)} checkpoints, {len(found.files)} files")
    return 0


def _verify(args: argparse.Namespace, _settings: Settings) -> int:
    """0 when everything holds; 1 with every fault on standard error."""
    if zipfile.is_zipfile(args.file):
        return check_dossier([str(args.file), *(["--keys", str(args.keys)] if args.keys else [])])
    data = args.file.read_bytes()
    if data.startswith((b'{"epoch"', b'{"kind"')):
        keys = json.loads(args.keys.read_bytes())["keys"] if args.keys else None
        files = {path.name: path for path in args.files.iterdir()} if args.files else None
        faults = bundle.check(data, keys, [path.read_text().strip() for path in args.receipt], files)
        entries = bundle.entries(data) if not faults else []
        count = data.count(b'"kind":"entry"')
        trust = "" if args.keys else "; its keys are its own word, compare them (--keys)"
    else:
        pages = [json.loads(line) for line in data.splitlines() if line.strip()]
        entries = [entry for page in pages for entry in page["entries"]]
        faults, count, trust = check_log(pages), len(entries), ""
    for line in redactions.told(entries) if not faults else ():
        print(line)
    for fault in faults:
        print(fault, file=sys.stderr)
    print(f"{count} entries: " + ("the log does not hold" if faults else "the log holds") + trust)
    return 1 if faults else 0
