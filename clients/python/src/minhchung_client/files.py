"""Files that wait on the device: a copy of each, under its digest, until the service has proved that it holds it."""

import hashlib
import os
from pathlib import Path
from typing import Any

PIECE = 1 << 20  # bytes of a file in one request


class Files:
    """A folder of files by digest. A file is kept durably and read back before an op may name it."""

    def __init__(self, folder: Path, piece_size: int = PIECE) -> None:
        self.folder, self.piece_size = folder, piece_size
        folder.mkdir(parents=True, exist_ok=True)

    def keep(self, source: Path | bytes, name: str, mime: str) -> dict[str, Any]:
        """Copies a file and returns what an op says of it: `{sha256, size, mime, name}`. Raises OSError."""
        data = source if isinstance(source, bytes) else source.read_bytes()
        sha256 = hashlib.sha256(data).hexdigest()
        path = self.path(sha256)
        if not path.exists():
            self._write(path, data)
        if hashlib.sha256(path.read_bytes()).hexdigest() != sha256:
            path.unlink()
            raise OSError("the file could not be kept: what was written is not what was read")
        return {"sha256": sha256, "size": len(data), "mime": mime, "name": name}

    def path(self, sha256: str) -> Path:
        return self.folder / sha256

    def piece(self, sha256: str, offset: int) -> bytes:
        with self.path(sha256).open("rb") as file:
            file.seek(offset)
            return file.read(self.piece_size)

    def _write(self, path: Path, data: bytes) -> None:
        draft = path.with_suffix(".part")
        with draft.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
        folder = os.open(self.folder, os.O_RDONLY)
        os.fsync(folder)
        os.close(folder)
