"""The files of backups and archives: objects of the store by the digest of their bytes, shared by all in one folder."""

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import orjson

from service.backup_tables import file_digest
from storage.errors import ObjectUnknown
from storage.store import BlobStore
from sync.checkpoint import LATEST

BY_DIGEST = "sha256/"
INDEX = "objects.jsonl"
PIECE = 2**20
Object = tuple[str, str, int]  # key in the store, SHA-256 in hex, size


def object_path(root: Path, sha256: str) -> Path:
    return root / "objects" / sha256[:2] / sha256


def others(store: BlobStore) -> list[str]:
    """Keys of the store under which no file lies by its digest."""
    return sorted(key for key in store.keys() if not key.startswith(BY_DIGEST))  # noqa: SIM118  # a store, no dict


def list_in(folder: Path, objects: list[Object]) -> list[Any]:
    """Writes which objects a copy holds; returns their number and the digest of the list."""
    index = folder / INDEX
    index.write_bytes(b"".join(orjson.dumps(one) + b"\n" for one in objects))
    return [len(objects), file_digest(index)]


def listed(folder: Path) -> list[Object]:
    """The objects that a copy holds, as `list_in` wrote them."""
    return [tuple(orjson.loads(line)) for line in (folder / INDEX).read_bytes().splitlines()]


def list_holds(folder: Path, told: list[Any]) -> bool:
    """Whether the list in `folder` is the one that `list_in` told of."""
    return bool(file_digest(folder / INDEX) == told[1])


def take(store: BlobStore, root: Path, wanted: list[str]) -> tuple[list[Object], list[str]]:
    """Copies what is new of the keys in `wanted`.

    Returns what the copy now holds, and the keys that are missing from the store or are not what their name says.
    """
    held: list[Object] = []
    missing: list[str] = []
    for key in wanted:
        digest = key.rpartition("/")[2] if key.startswith(BY_DIGEST) else None
        try:
            there = digest and object_path(root, digest)
            if there and there.is_file() and there.stat().st_size == store.length(key):
                held.append((key, str(digest), there.stat().st_size))
                continue
            sha256, size = _copy(store, key, root)
        except ObjectUnknown:
            missing.append(key)
            continue
        if digest in (None, sha256):
            held.append((key, sha256, size))
        else:
            missing.append(key)
    return held, missing


def _copy(store: BlobStore, key: str, root: Path) -> tuple[str, int]:
    """Copies an object durably to its place by digest, unless the same bytes lie there from a backup before."""
    draft = root / "objects" / f"{uuid4().hex}.part"
    draft.parent.mkdir(parents=True, exist_ok=True)
    digest, size = hashlib.sha256(), 0
    try:
        with draft.open("wb") as file:
            for piece in store.read(key):
                digest.update(piece)
                size += len(piece)
                file.write(piece)
            file.flush()
            os.fsync(file.fileno())
        place = object_path(root, digest.hexdigest())
        place.parent.mkdir(exist_ok=True)
        if not place.is_file() or place.stat().st_size != size:
            draft.replace(place)
    finally:
        draft.unlink(missing_ok=True)
    return digest.hexdigest(), size


def damaged(root: Path, objects: list[Object]) -> Iterator[str]:
    """Objects of a backup that are not there, or not what they were."""
    for _, sha256, size in objects:
        path = object_path(root, sha256)
        if not path.is_file() or path.stat().st_size != size or file_digest(path) != sha256:
            yield f"object {sha256} is missing or damaged"


def put_back(store: BlobStore, root: Path, objects: list[Object]) -> int:
    """Gives the store what it lacks; returns how many. Its newest checkpoint is not touched: it may know more."""
    done = 0
    for key, sha256, size in objects:
        if key == LATEST or (store.exists(key) and store.length(key) == size):
            continue
        if key.startswith(BY_DIGEST):
            _seal(store, object_path(root, sha256), sha256)
        else:
            store.put(key, object_path(root, sha256).read_bytes())
        done += 1
    return done


def _seal(store: BlobStore, path: Path, sha256: str) -> None:
    upload_id, size = str(uuid4()), 0
    with path.open("rb") as file:
        while piece := file.read(PIECE * 8):
            size = store.append(upload_id, size, piece)
    store.seal(upload_id, sha256, store.size(upload_id))
    store.discard(upload_id)
