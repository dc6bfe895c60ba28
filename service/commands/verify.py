"""`minhchung prove` and `verify`: a bundle that proves the log of a scope, and a check of it without any service."""

import argparse
import hashlib
import json
import sys
from pathlib import Path
from typing import Any

from auth.keys import SigningKeys, load_keys
from auth.tokens import sign
from proof import bundle, redactions
from proof.logs import check_log
from service.clock import SystemClock
from service.db import Database
from service.settings import Settings
from service.stores import open_store
from storage.store import BlobStore
from sync.errors import SyncError
from sync.instant import iso
from sync.proof import Evidence, evidence


def add_parser(subparsers: Any) -> None:
    """Adds `prove` and `verify` to the command line."""
    prove = subparsers.add_parser("prove", help="write all that proves the log of a scope into one file")
    prove.add_argument("scope")
    prove.add_argument("file", type=Path)
    prove.add_argument("--record", help="tell the ops of this record only; the rest of the log as digests")
    prove.set_defaults(run=_prove)
    verify = subparsers.add_parser("verify", help="check a bundle, or saved pages of a log, offline")
    verify.add_argument("file", type=Path, help="of `minhchung prove`, or pages of GET /v1/proofs, one a line")
    verify.add_argument("--keys", type=Path, help="trusted keys: what /.well-known/jwks.json answered, kept before")
    verify.add_argument("--receipt", type=Path, action="append", default=[], help="a receipt of a device, compact JWS")
    verify.add_argument("--files", type=Path, help="folder of files named by their SHA-256; all have to be there")
    verify.set_defaults(run=_verify)


def make_bundle(found: Evidence, scope: str, store: BlobStore, keys: SigningKeys, issuer: str, now: int) -> bytes:
    """The bundle of `found`, signed. Raises StoreUnavailable, ObjectUnknown."""
    lines = [bundle.line(kind="proof", scope=scope, epoch=found.epoch)]
    lines.append(bundle.line(kind="keys", keys=keys.jwks()["keys"]))
    lines += [bundle.line(kind="entry", entry=entry) for entry in found.entries]
    for key, seq, head in found.checkpoints:
        signed = json.loads(b"".join(store.read(key)))["jws"]
        lines.append(bundle.line(kind="checkpoint", jws=signed, head=[seq, head]))
    lines += [bundle.line(kind="file", sha256=sha256) for sha256 in found.files]
    digest = hashlib.sha256(b"".join(lines)).hexdigest()
    said = {"iss": issuer, "at": iso(now), "head": list(found.head), "digest": digest}
    return b"".join([*lines, bundle.line(kind="end", jws=sign(keys, bundle.END, said))])


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
