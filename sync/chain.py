"""The hash chain of a scope's log. Pure (protocol C.3, C.9).

`entry_hash = SHA256("mc1" | scope | seq | prev_hash | header_digest | payload_digest)`; the payload digest is salted so
that an erased body cannot be guessed from it (protocol P58).
"""

from sync import canonical
from sync.outcome import Entry

START = bytes(32)


def payload_digest(salt: bytes, body: bytes) -> bytes:
    return canonical.sha256(salt + body)


def header_digest(entry: Entry) -> bytes:
    return canonical.sha256(
        canonical.encode([entry.kind, entry.record_id, entry.ver, entry.op_id, entry.actor, entry.at])
    )


def entry_hash(entry: Entry, previous: bytes, payload: bytes) -> bytes:
    """Hash of `entry`, whose `seq` and `at` are set, after the entry whose hash is `previous`."""
    place = f"mc1\n{entry.scope}\n{entry.seq}\n".encode()
    return canonical.sha256(place + previous + header_digest(entry) + payload)
