"""How a command that reads a file says that it was refused: every fault with its line, on standard error."""

import sys
from pathlib import Path

from programme.errors import ProgrammeError
from service.problems import message


def tell(file: Path, error: ProgrammeError | OSError) -> int:
    """Prints why `file` was not taken; returns the exit code 1."""
    if isinstance(error, OSError):
        print(f"{file}: {error.strerror}", file=sys.stderr)
        return 1
    print(message(error.code, "en", error.params), file=sys.stderr)
    for fault in error.params.get("errors", ()):
        print(f"{file}:{fault['line']}: {fault['key'] or '/'}: {fault['detail_en']}", file=sys.stderr)
    return 1
