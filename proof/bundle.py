"""A bundle: everything that proves the log of one scope, in one file that anyone may check without a service.

JSON lines: `proof` (scope, epoch), `keys` (JWK set), an `entry` for each change, the `checkpoint`s that name heads of
this scope, the `file`s that its records hold, and `end`, a JWS over the SHA-256 of every byte before it. A changed bit
is found twice: by the signature of the whole, and by the chain, signature or digest of the part it stands in.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from proof import chain, jws
from proof.logs import ChainCheck, check_receipt, feed

END, CHECKPOINT, RECEIPT = "mc-proof+jws", "mc-checkpoint+jws", "mc-receipt+jws"
Doc = dict[str, Any]


def line(**parts: Any) -> bytes:
    """A line of a bundle, in its one spelling."""
    return chain.canonical(parts) + b"\n"


def check(
    data: bytes,
    keys: list[jws.Key] | None = None,
    receipts: Iterable[str] = (),
    files: Mapping[str, Path] | None = None,
) -> list[str]:
    """Faults of a bundle; empty when it holds.

    `keys`: those that are trusted, or None to take the word of the bundle for them. `receipts`: as a device kept them,
    compact JWS. `files`: digest -> where the bytes are; all that the bundle names have to be there then.
    """
    try:
        return list(_faults(data, keys, receipts, files))
    except (ValueError, KeyError, TypeError, IndexError, AttributeError, RecursionError, OSError) as error:
        return [f"cannot be read: {type(error).__name__}"]


def entries(data: bytes) -> list[Doc]:
    """The entries of a bundle that was checked, as `proof.redactions.told` reads them."""
    return [part["entry"] for part in map(json.loads, data.splitlines()) if part["kind"] == "entry"]


def files(data: bytes) -> list[str]:
    """Digests of the files that a bundle which was checked names."""
    return [part["sha256"] for part in map(json.loads, data.splitlines()) if part["kind"] == "file"]


def _faults(
    data: bytes, keys: list[jws.Key] | None, receipts: Iterable[str], files: Mapping[str, Path] | None
) -> Iterator[str]:
    *body, end = data.splitlines(keepends=True)
    parts = [json.loads(one) for one in body]
    trusted = keys if keys is not None else parts[1]["keys"]
    signed = json.loads(end)
    said = jws.verify(signed["jws"], trusted, END)
    if end != line(kind="end", jws=signed["jws"]) or said["digest"] != hashlib.sha256(b"".join(body)).hexdigest():
        yield "the bundle is not the one that was signed"
    scope = parts[0]["scope"]
    log = ChainCheck()
    entries = [part for part in parts if part["kind"] == "entry"]
    for part in entries:
        feed(log, scope, part["entry"])
    yield from log.faults
    if log.heads() != [(scope, *said["head"])]:
        yield "the log does not end at its head"
    hashes = {part["entry"]["seq"]: part["entry"]["entry_hash"] for part in entries}
    for part in parts:
        if part["kind"] == "checkpoint":
            yield from _checkpoint_faults(part, scope, hashes, trusted)
        elif part["kind"] == "file" and files is not None:
            yield from _file_faults(part["sha256"], files)
    page = {"scope": scope, "entries": [part["entry"] for part in entries]}
    for text in receipts:
        yield from check_receipt(jws.verify(text, trusted, RECEIPT), [page])


def _checkpoint_faults(part: Doc, scope: str, hashes: dict[int, str], trusted: list[jws.Key]) -> Iterator[str]:
    seq, head = part["head"]
    signed = jws.verify(part["jws"], trusted, CHECKPOINT)
    if chain.head_digest(scope, seq, bytes.fromhex(head)).hex() not in signed["heads"] or hashes.get(seq) != head:
        yield f"the log is not the one that was witnessed at {seq}"


def _file_faults(sha256: str, files: Mapping[str, Path]) -> Iterator[str]:
    path = files.get(sha256)
    if path is None or not path.is_file():
        yield f"file {sha256} is not there"
        return
    with path.open("rb") as file:
        if hashlib.file_digest(file, "sha256").hexdigest() != sha256:
            yield f"file {sha256} is not what was verified"
