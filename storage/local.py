"""The directory store: `incoming/<upload id>` and `objects/<key>` below one root, on one file system.

A sealed file is a hard link, so sealing costs no copy. Locks are `flock` on the incoming file: they hold between
threads and processes of one machine and die with their holder.
"""

import fcntl
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import uuid4

from storage import keys
from storage.errors import ObjectUnknown, OffsetMismatch, StoreUnavailable, UploadGone

PIECE = 2**18


class DirectoryStore:
    """A `BlobStore` in the directory `root`, which is made if it is not there."""

    append_size = 2**20

    def __init__(self, root: Path) -> None:
        self._incoming = root / "incoming"
        self._objects = root / "objects"
        for folder in (self._incoming, self._objects):
            folder.mkdir(parents=True, exist_ok=True)
        _sync_folder(root)
        self._settled = {self._objects}  # folders whose own entry is known to be durable

    def size(self, upload_id: str) -> int:
        path = self._upload(upload_id)
        with _available(), suppress(FileNotFoundError), _locked(path, os.O_RDWR) as fd:
            os.fdatasync(fd)  # what was appended, by a process that was killed perhaps, the kernel has but not the disk
            return os.fstat(fd).st_size
        return 0

    def append(self, upload_id: str, offset: int, data: bytes) -> int:
        with _available(), _locked(self._upload(upload_id), os.O_RDWR | os.O_CREAT) as fd:
            status = os.fstat(fd)
            if status.st_nlink != 1:  # 2: sealed, the object must not grow; 0: discarded since it was opened
                raise UploadGone
            if status.st_size != offset:
                raise OffsetMismatch(offset=status.st_size)
            try:
                _write(fd, data, offset)
            except OSError:
                with suppress(OSError):
                    os.ftruncate(fd, offset)
                raise
            if offset == 0:
                _sync_folder(self._incoming)
        return offset + len(data)

    def incoming(self, upload_id: str) -> Iterator[bytes]:
        path = self._upload(upload_id)
        with _available(), suppress(FileNotFoundError):
            yield from _pieces(path)

    def seal(self, upload_id: str, sha256: str, size: int) -> None:
        source, target = self._upload(upload_id), self._object(keys.of_digest(sha256))
        with _available(), suppress(FileNotFoundError), _locked(source, os.O_RDWR | (0 if size else os.O_CREAT)) as fd:
            found = os.fstat(fd).st_size
            if found != size:
                raise OffsetMismatch(offset=found)
            os.fdatasync(fd)
            self._place(target, lambda: target.hardlink_to(source))
            return
        raise OffsetMismatch(offset=0)

    def discard(self, upload_id: str) -> None:
        path = self._upload(upload_id)
        with _available():
            path.unlink(missing_ok=True)

    def incoming_ids(self) -> Iterator[str]:
        with _available():
            names = [path.name for path in self._incoming.iterdir()]
        yield from filter(keys.is_upload_id, names)

    def tidy(self, before: int) -> None:
        with _available():
            for path in self._incoming.glob("put-*"):
                with suppress(FileNotFoundError):
                    if path.stat().st_mtime * 1000 < before:
                        path.unlink()

    def put(self, key: str, data: bytes | Iterable[bytes]) -> None:
        target = self._object(key)
        partial = self._incoming / f"put-{uuid4()}"
        with _available():
            try:
                with partial.open("xb") as file:
                    for piece in [data] if isinstance(data, bytes) else data:
                        file.write(piece)
                    file.flush()
                    os.fdatasync(file.fileno())
                self._place(target, lambda: partial.replace(target))
            finally:
                partial.unlink(missing_ok=True)

    def exists(self, key: str) -> bool:
        return self._object(key).is_file()

    def length(self, key: str) -> int:
        path = self._object(key)
        with _available(), suppress(FileNotFoundError):
            return path.stat().st_size
        raise ObjectUnknown(key=key)

    def read(self, key: str, start: int = 0, length: int | None = None) -> Iterator[bytes]:
        path = self._object(key)
        with _available(), suppress(FileNotFoundError):
            yield from _pieces(path, start, length)
            return
        raise ObjectUnknown(key=key)

    def delete(self, key: str) -> None:
        path = self._object(key)
        with _available(), suppress(FileNotFoundError):
            path.unlink()
            _sync_folder(path.parent)

    def keys(self, prefix: str = "") -> Iterator[str]:
        if prefix and not keys.is_key(prefix.removesuffix("/")):
            raise ValueError("not the beginning of a key")
        for folder, _folders, names in os.walk(self._objects / prefix.rpartition("/")[0]):
            found = (Path(folder, name).relative_to(self._objects).as_posix() for name in names)
            yield from (key for key in found if key.startswith(prefix))

    def _place(self, target: Path, place: Callable[[], object]) -> None:
        """Puts a file at `target`; its entry, and those of the folders made for it, are durable on return."""
        target.parent.mkdir(parents=True, exist_ok=True)
        with suppress(FileExistsError):
            place()
        folder = target.parent
        _sync_folder(folder)
        while folder not in self._settled:  # once in each process: another one may have made it and died
            _sync_folder(folder.parent)
            self._settled.add(folder)
            folder = folder.parent

    def _upload(self, upload_id: str) -> Path:
        if not keys.is_upload_id(upload_id):
            raise ValueError("not an upload id")
        return self._incoming / upload_id

    def _object(self, key: str) -> Path:
        if not keys.is_key(key):
            raise ValueError("not a key")
        return self._objects / key


@contextmanager
def _available() -> Iterator[None]:
    """Any fault of the disk is StoreUnavailable; a missing file that means something is handled further in."""
    try:
        yield
    except OSError as error:
        raise StoreUnavailable(reason=error.strerror) from error


@contextmanager
def _locked(path: Path, flags: int) -> Iterator[int]:
    fd = os.open(path, flags | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX)
        yield fd
    finally:
        os.close(fd)


def _write(fd: int, data: bytes, offset: int) -> None:
    rest = memoryview(data)
    while rest:
        written = os.pwrite(fd, rest, offset)
        offset, rest = offset + written, rest[written:]


def _pieces(path: Path, start: int = 0, length: int | None = None) -> Iterator[bytes]:
    with path.open("rb") as file:
        file.seek(start)
        rest = length
        while piece := file.read(PIECE if rest is None else min(PIECE, rest)):
            rest = None if rest is None else rest - len(piece)
            yield piece


def _sync_folder(path: Path) -> None:
    fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
