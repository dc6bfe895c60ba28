"""The hash chain of a scope's log, for the entries of the engine. Pure; the rules are `proof.chain`'s."""

from proof import chain
from proof.chain import START, payload_digest
from sync.outcome import Entry

__all__ = ["START", "entry_hash", "payload_digest"]


def entry_hash(entry: Entry, previous: bytes, payload: bytes) -> bytes:
    """Hash of `entry`, whose `seq` and `at` are set, after the entry whose hash is `previous`."""
    header = [entry.kind, entry.record_id, entry.ver, entry.op_id, entry.actor, entry.at]
    return chain.entry_hash(entry.scope, entry.seq, previous, header, payload)
