"""Proofs as the service signs them: the log of a scope in one file."""

import hashlib
import json

from auth.keys import SigningKeys
from auth.tokens import sign
from proof import bundle
from storage.store import BlobStore
from sync.instant import iso
from sync.proof import Evidence


def make_bundle(found: Evidence, scope: str, store: BlobStore, keys: SigningKeys, issuer: str, now: int) -> bytes:
    """The bundle of `found`, signed. Raises StoreUnavailable, ObjectUnknown."""
    lines = [bundle.line(kind="proof", scope=scope, epoch=found.epoch)]
    lines.append(bundle.line(kind="keys", keys=keys.jwks()["keys"]))
    lines += [bundle.line(kind="entry", entry=entry) for entry in found.entries]
    for key, seq, head in found.checkpoints:
        signed = json.loads(b"".join(store.read(key)))["jws"]
        lines.append(bundle.line(kind="checkpoint", jws=signed, head=[seq, head]))
    lines += [bundle.line(kind="file", sha256=sha256) for sha256 in found.files]
    digest = hashlib.sha256(b"".join(lines)).hexdigest()
    said = {"iss": issuer, "at": iso(now), "head": list(found.head), "digest": digest}
    return b"".join([*lines, bundle.line(kind="end", jws=sign(keys, bundle.END, said))])
