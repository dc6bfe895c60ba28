"""The ZIP of a dossier: planned by the worker, sent as a stream, never stored whole.

The plan names each member with its checksum and where its bytes lie, so what a request sends is known to the byte
before the first one leaves. The log and the signature are made once and kept: the same dossier gives the same ZIP.
"""

import hashlib
import zlib
from collections.abc import Iterator
from typing import Any, NamedTuple

import orjson

from auth.keys import SigningKeys, load_keys
from auth.tokens import sign
from papers.archive import VERIFIER, Contents, contents
from papers.errors import PaperNotRendered
from proof import dossier, jws, zipped
from service.bench import Bench
from service.bundles import make_bundle
from storage import keys
from storage.decoders.outcome import PREVIEW
from storage.errors import ObjectUnknown
from storage.store import BlobStore
from sync.instant import iso
from sync.proof import evidence


class Planned(NamedTuple):
    """A member of the ZIP, and the key of its bytes in the store."""

    name: str
    size: int
    crc: int
    sha256: str
    key: str

    @property
    def member(self) -> zipped.Member:
        return zipped.Member(self.name, self.size, self.crc)


def plan_key(paper_id: str) -> str:
    """Where the plan of a ZIP lies."""
    return f"papers/{paper_id}.zip"


def plan(bench: Bench, paper_id: str, record_id: str) -> tuple[str, int]:
    """Plans the ZIP of a dossier and returns its SHA-256 and size. Raises PaperNotRendered."""
    found = bench.database.read(contents, record_id, bench.settings.font_dir)
    signing = load_keys(bench.settings.data_dir / "keys")
    texts = {**found.texts, dossier.LOG: _log(bench, paper_id, found, signing)}
    texts[VERIFIER] = texts.pop(VERIFIER)
    members = [_text(bench.store, paper_id, name, data) for name, data in texts.items()]
    members += [_measured(bench.store, *source) for source in found.sources]
    listed = dossier.manifest({m.name: m.sha256 for m in members})
    said = {"record_id": record_id, "at": iso(found.at), "iss": bench.settings.public_url}
    said |= {digest: hashlib.sha256(data).hexdigest() for digest, data in
             (("manifest", listed), ("snapshot", texts[dossier.SNAPSHOT]))}  # fmt: skip
    signature = _signature(bench.store, paper_id, signing, said)
    members += [_text(bench.store, paper_id, dossier.MANIFEST, listed)]
    members += [_text(bench.store, paper_id, dossier.SIGNATURE, signature)]
    index = hashlib.sha256(texts[dossier.INDEX]).hexdigest()
    bench.store.put(plan_key(paper_id), orjson.dumps({"index": index, "members": [list(member) for member in members]}))
    whole = hashlib.sha256()
    for piece in stream(bench.store, members):
        whole.update(piece)
    return whole.hexdigest(), zipped.length(m.member for m in members)


def planned(store: BlobStore, paper_id: str) -> tuple[str, list[Planned]]:
    """The digest of the index that the plan was made with, and the plan. Raises ObjectUnknown."""
    found: dict[str, Any] = orjson.loads(b"".join(store.read(plan_key(paper_id))))
    return found["index"], [Planned(*member) for member in found["members"]]


def stream(store: BlobStore, members: list[Planned]) -> Iterator[bytes]:
    """The bytes of the ZIP, in bounded pieces."""
    for planned_member in members:
        yield zipped.local(planned_member.member)
        yield from store.read(planned_member.key)
    yield from zipped.directory(m.member for m in members)


def _key(paper_id: str, name: str) -> str:
    return f"papers/{paper_id}/{name}"


def _text(store: BlobStore, paper_id: str, name: str, data: bytes) -> Planned:
    store.put(_key(paper_id, name), data)
    return Planned(name, len(data), zlib.crc32(data), hashlib.sha256(data).hexdigest(), _key(paper_id, name))


def _measured(store: BlobStore, path: str, sha256: str, derived: bool) -> Planned:  # fields of a Source
    """Reads a file once; an original has to be what its digest says."""
    key = keys.of_derivative(sha256, PREVIEW) if derived else keys.of_digest(sha256)
    digest, crc, size = hashlib.sha256(), 0, 0
    try:
        for piece in store.read(key):
            digest.update(piece)
            crc, size = zlib.crc32(piece, crc), size + len(piece)
    except ObjectUnknown as error:
        raise PaperNotRendered(kind=path, why="the file is not in the store") from error
    if not derived and digest.hexdigest() != sha256:
        raise PaperNotRendered(kind=path, why="the file is not what was verified")
    return Planned(path, size, crc, digest.hexdigest(), key)


def _kept(store: BlobStore, key: str) -> bytes | None:
    return b"".join(store.read(key)) if store.exists(key) else None


def _log(bench: Bench, paper_id: str, found: Contents, signing: SigningKeys) -> bytes:
    """The log of the unit's year as it was when the ZIP was first made; only the dossier's own ops are told."""
    kept = _kept(bench.store, _key(paper_id, dossier.LOG))
    if kept is not None:
        return kept
    log = bench.database.read(evidence, found.scope, found.record_id)
    return make_bundle(log, found.scope, bench.store, signing, bench.settings.public_url, bench.clock.now())


def _signature(store: BlobStore, paper_id: str, signing: SigningKeys, said: dict[str, Any]) -> bytes:
    """A signature by ES256 is another one each time: the one that was made first is kept."""
    kept = _kept(store, _key(paper_id, dossier.SIGNATURE))
    if kept is not None and jws.unverified(kept.decode()) == said:
        return kept
    return sign(signing, dossier.TYP, said).encode()
