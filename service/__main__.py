"""The command line, `minhchung COMMAND`: see `COMMANDS`, or `minhchung --help`."""

import argparse
import sys
from collections.abc import Sequence
from importlib import import_module

from service.settings import Settings

# Command -> its module in `service.commands`; only that of the one that is asked for is loaded.
COMMANDS = {
    "serve": "serve",
    "worker": "worker",
    "migrate": "migrate",
    "demo": "demo",
    "openapi": "openapi",
    "account": "account",
    "app": "app",
    "audit": "audit",
    "catalogue": "catalogue",
    "units": "units",
    "import": "importing",
    "blobs": "blobs",
    "backup": "backup",
    "restore": "backup",
    "archive": "archive",
    "keys": "keys",
    "epoch": "epoch",
    "checkpoint": "epoch",
    "prove": "verify",
    "verify": "verify",
    "doctor": "doctor",
}


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command; returns its exit code. Settings come from the environment (docs/settings.md)."""
    given = sys.argv[1:] if argv is None else list(argv)
    parser = argparse.ArgumentParser(prog="minhchung", description="Offline-first evidence sync service.")
    subparsers = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    asked = given[0] if given else ""
    for module in [COMMANDS[asked]] if asked in COMMANDS else dict.fromkeys(COMMANDS.values()):
        import_module(f"service.commands.{module}").add_parser(subparsers)
    args = parser.parse_args(given)
    code: int = args.run(args, Settings())
    return code


if __name__ == "__main__":
    sys.exit(main())
