"""The hash chain of a scope's log (protocol C.3, C.9). Pure, and the only place where these bytes are spelled out.

`entry_hash = SHA256("mc1" | scope | seq | previous hash | header digest | payload digest)`, the first three with a line
end behind each. The payload digest is salted, so that an erased body cannot be guessed from it (protocol P58).
"""

import hashlib
import json
from typing import Any

START = bytes(32)
HEADER = ("kind", "record_id", "ver", "op_id", "actor", "at")
_encode = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False).encode


def canonical(value: Any) -> bytes:
    """RFC 8785 bytes of what the contract allows: ASCII names, integers, strings."""
    return _encode(value).encode()


def sha256(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def payload_digest(salt: bytes, body: bytes) -> bytes:
    return sha256(salt + body)


def entry_hash(scope: str, seq: int, previous: bytes, header: list[Any], payload: bytes) -> bytes:
    """`header`: the values of `HEADER`; `payload`: the payload digest; `previous`: the hash of the entry before."""
    return sha256(f"mc1\n{scope}\n{seq}\n".encode() + previous + sha256(canonical(header)) + payload)


def head_digest(scope: str, seq: int, head: bytes) -> bytes:
    """What a checkpoint signs of a head: it tells nothing to who does not know the log up to there."""
    return sha256(f"mch1\n{scope}\n{seq}\n".encode() + head)
