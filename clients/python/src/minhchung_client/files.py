"""Files that wait on the device: a copy of each, under its digest, until the service has proved that it holds it."""

import hashlib
import os
from io import BytesIO
from pathlib import Path
from uuid import uuid4

from minhchung_client.wire import Doc

PIECE = 1 << 20  # bytes of a file in one request


class Files:
    """A folder of files by digest. A file is kept durably and read back before an op may name it."""

    def __init__(self, folder: Path, piece_size: int = PIECE) -> None:
        self.folder, self.piece_size = folder, piece_size
        folder.mkdir(parents=True, exist_ok=True)

    def keep(self, source: Path | bytes, name: str, mime: str) -> Doc:
        """Copies a file and returns what an op says of it: `{sha256, size, mime, name}`. Raises OSError.

        The copy is durable, and was read back, before it gets its name; one that was damaged since is replaced.
        """
        draft = self.folder / f"{uuid4().hex}.part"
        try:
            sha256, size = _copy(source, draft)
            if _digest(draft) != sha256:
                raise OSError("the file could not be kept: what was written is not what was read")
            draft.replace(self.path(sha256))
        finally:
            draft.unlink(missing_ok=True)
        _sync_folder(self.folder)
        return {"sha256": sha256, "size": size, "mime": mime, "name": name}

    def path(self, sha256: str) -> Path:
        return self.folder / sha256

    def drop(self, sha256: str) -> int:
        """Removes a kept file; returns its size, 0 where there is none."""
        path = self.path(sha256)
        size = path.stat().st_size if path.exists() else 0
        path.unlink(missing_ok=True)
        return size

    def piece(self, sha256: str, offset: int) -> bytes:
        """The bytes to send next. Raises OSError."""
        with self.path(sha256).open("rb") as file:
            file.seek(offset)
            return file.read(self.piece_size)


def _copy(source: Path | bytes, to: Path) -> tuple[str, int]:
    """Writes durably; digest in hex and size of what was read."""
    digest, size = hashlib.sha256(), 0
    with BytesIO(source) if isinstance(source, bytes) else source.open("rb") as read, to.open("wb") as written:
        while data := read.read(PIECE):
            digest.update(data)
            size += len(data)
            written.write(data)
        written.flush()
        os.fsync(written.fileno())
    return digest.hexdigest(), size


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _sync_folder(folder: Path) -> None:
    """Makes the name of a new file as durable as its bytes."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
