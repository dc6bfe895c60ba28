"""The audit trail as signed files in a place off this host: written piece by piece, read back, checked by anyone.

A piece is JSON lines: what it follows, the public keys, its entries, and a JWS over every byte before. Its name is the
number of its first entry, so that a piece whose note was lost in a crash is written again under the same name.
"""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from auth import audit_exports
from auth.audit import Entry
from auth.audit_exports import Due
from auth.keys import SigningKeys
from auth.tokens import sign
from proof import bundle, jws
from service.db import Database
from storage.store import BlobStore
from sync.instant import iso

TYP = "mc-audit+jws"
Piece = tuple[tuple[int, str], list[Entry]]  # number and hash of the entry that it follows, its entries


class PieceUnreadable(Exception):
    """What was written does not read back as it was."""


def export(database: Database, store: BlobStore, keys: SigningKeys, issuer: str, now: int) -> int:
    """Brings everything that is not there yet to `store`; returns how many entries. Raises StoreUnavailable,
    PieceUnreadable."""
    count = 0
    while piece := database.read(audit_exports.due):
        name = f"audit/{piece.entries[0].seq:012}.jsonl"
        data = written(piece, keys, issuer, now)
        store.put(name, data)
        if b"".join(store.read(name)) != data or check([data], keys.jwks()["keys"])[1]:
            raise PieceUnreadable(name)
        database.write(audit_exports.exported, piece, name, now)
        count += len(piece.entries)
    return count


def written(piece: Due, keys: SigningKeys, issuer: str, now: int) -> bytes:
    """A piece as the bytes of its file."""
    seq, digest = piece.after
    lines = [
        bundle.line(kind="audit", after=seq, after_hash=digest),
        bundle.line(kind="keys", keys=keys.jwks()["keys"]),
    ]
    lines += [bundle.line(kind="entry", entry=asdict(entry)) for entry in piece.entries]
    said = {"iss": issuer, "at": iso(now), "head": list(piece.last), "digest": _digest(lines)}
    return b"".join([*lines, bundle.line(kind="end", jws=sign(keys, TYP, said))])


def check(files: Iterable[bytes], trusted: list[jws.Key] | None = None) -> tuple[int, list[str]]:
    """How many entries these files hold, in the order of their names, and every fault: one that was changed, is not
    signed by a trusted key (None: its own word is taken), or does not follow the one before."""
    pieces: list[Piece] = []
    faults: list[str] = []
    for number, data in enumerate(files, 1):
        try:
            pieces.append(_read(data, trusted))
        except (ValueError, KeyError, TypeError, IndexError, AttributeError, RecursionError) as error:
            faults.append(f"piece {number} cannot be read, or is not as it was signed: {type(error).__name__}")
    return sum(len(entries) for _, entries in pieces), faults + audit_exports.chain_faults(pieces)


def _read(data: bytes, trusted: list[jws.Key] | None) -> Piece:
    *body, end = data.splitlines(keepends=True)
    parts: list[dict[str, Any]] = [json.loads(line) for line in body]
    said = jws.verify(json.loads(end)["jws"], parts[1]["keys"] if trusted is None else trusted, TYP)
    entries = [Entry(**part["entry"]) for part in parts[2:]]
    if said["digest"] != _digest(body) or said["head"] != [entries[-1].seq, entries[-1].entry_hash]:
        raise jws.NotSigned
    return (parts[0]["after"], parts[0]["after_hash"]), entries


def _digest(lines: list[bytes]) -> str:
    return hashlib.sha256(b"".join(lines)).hexdigest()
