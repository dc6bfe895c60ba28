"""What the disk under the store holds for sure. The rest goes when the power does: bytes that were not synced, and
entries of folders that were not.
"""

import os
import shutil
from pathlib import Path
from types import ModuleType
from typing import Any

from storage import local


class Power(ModuleType):
    """Stands for `os` in the directory store at `root`, and notes what is synced, by the numbers of files and folders.

    A number that a new file takes over from a removed one counts as synced already; in memory that does not happen.
    """

    def __init__(self, root: Path) -> None:
        super().__init__("os")
        self.root = root
        self._lasting: dict[int, int] = {}  # number of a file -> its bytes that last
        self._names: dict[int, set[str]] = {}  # number of a folder -> its names that last
        local.os = self  # type: ignore[attr-defined]

    def __getattr__(self, name: str) -> Any:
        return getattr(os, name)

    def fdatasync(self, fd: int) -> None:
        """The bytes of a file last."""
        found = os.fstat(fd)
        self._lasting[found.st_ino] = found.st_size

    def fsync(self, fd: int) -> None:
        """The entries of a folder last."""
        self._names[os.fstat(fd).st_ino] = set(os.listdir(fd))

    def fail(self) -> None:
        """The power goes."""
        for folder, folders, files in os.walk(self.root):
            names = self._names.get(Path(folder).stat().st_ino, set())
            for name in {*folders} - names:
                shutil.rmtree(Path(folder, name))
            folders[:] = names.intersection(folders)
            for path in (Path(folder, name) for name in files):
                if path.name in names:
                    found = path.stat()
                    os.truncate(path, min(found.st_size, self._lasting.get(found.st_ino, 0)))
                else:
                    path.unlink()

    def forget(self) -> None:
        """There is nothing on the disk any more."""
        self._lasting.clear()
        self._names.clear()
