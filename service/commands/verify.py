"""`minhchung verify`: checks, without any service, what the service handed out."""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from proof.logs import check_log
from service.settings import Settings


def add_parser(subparsers: Any) -> None:
    """Adds `verify` to the command line."""
    parser = subparsers.add_parser("verify", help="check a saved log of a scope offline")
    parser.add_argument("file", type=Path, help="pages of GET /v1/proofs: one JSON document a line, oldest first")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace, _settings: Settings) -> int:
    """0 when the log holds from its start to its head; 1 with every fault on standard error."""
    pages = [json.loads(line) for line in args.file.read_text(encoding="utf-8").splitlines() if line.strip()]
    faults = check_log(pages)
    for fault in faults:
        print(fault, file=sys.stderr)
    count = sum(len(page["entries"]) for page in pages)
    print(f"{count} entries: " + ("the log does not hold" if faults else "the log holds"))
    return 1 if faults else 0
