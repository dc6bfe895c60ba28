"""How a command says that it was refused, on standard error; one that reads a file names every fault with its line."""

import sys
from collections.abc import Callable
from pathlib import Path

from auth.errors import AuthError
from programme.errors import ProgrammeError
from service.db import Database
from service.problems import message
from service.settings import Settings


def tell(file: Path, error: ProgrammeError | OSError) -> int:
    """Prints why `file` was not taken; returns the exit code 1."""
    if isinstance(error, OSError):
        print(f"{file}: {error.strerror}", file=sys.stderr)
        return 1
    print(message(error.code, "en", error.params), file=sys.stderr)
    for fault in error.params.get("errors", ()):
        print(f"{file}:{fault['line']}: {fault['key'] or '/'}: {fault['detail_en']}", file=sys.stderr)
    return 1


def done(settings: Settings, work: Callable[[Database], None]) -> int:
    """Does `work` on a migrated database; returns the exit code: 0 when done, 1 with a line when it was refused."""
    database = Database(settings.db_url)
    try:
        work(database)
    except AuthError as error:
        print(message(error.code, "en", error.params), file=sys.stderr)
        return 1
    finally:
        database.close()
    return 0
