"""The command line, `minhchung COMMAND`: see `COMMANDS`, or `minhchung --help`."""

import argparse
import sys
from collections.abc import Sequence

from service.commands import (
    account,
    app,
    audit,
    backup,
    blobs,
    catalogue,
    demo,
    doctor,
    epoch,
    importing,
    keys,
    migrate,
    openapi,
    serve,
    units,
    verify,
)
from service.settings import Settings

COMMANDS = (
    serve,
    migrate,
    demo,
    openapi,
    account,
    app,
    audit,
    catalogue,
    units,
    importing,
    blobs,
    backup,
    keys,
    epoch,
    verify,
    doctor,
)


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command; returns its exit code. Settings come from the environment (docs/settings.md)."""
    parser = argparse.ArgumentParser(prog="minhchung", description="Offline-first evidence sync service.")
    subparsers = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for command in COMMANDS:
        command.add_parser(subparsers)
    args = parser.parse_args(argv)
    code: int = args.run(args, Settings())
    return code


if __name__ == "__main__":
    sys.exit(main())
