"""Where tests write: in memory where the machine has enough of it, as nothing of theirs has to outlive a power cut.

Most of what the suite waits for is else the disk: a database made and dropped for each test, and every commit synced.
"""

import os
import shutil
import tempfile
from pathlib import Path

MEMORY = Path("/dev/shm")  # only folders that `tempfile` and pytest make there, readable by their owner
ENOUGH = 4 * 2**30  # bytes


def folder() -> Path:
    """A folder in memory with at least 4 GiB free, else the one that the machine keeps for temporary files."""
    usable = MEMORY.is_dir() and os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free >= ENOUGH
    return MEMORY if usable else Path(tempfile.gettempdir())
