"""Canonical bytes: what is hashed, signed and compared. Pure.

Field names are ASCII, numbers are integers, decimals are strings; sorted-key JSON is then RFC 8785 (JCS).
"""

import hashlib
import json
import unicodedata
import uuid
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import orjson

LARGEST = 2**53 - 1  # I-JSON, RFC 7493 §2.2
DEPTH = 16
NAME_LENGTH = 64
DERIVED = uuid.UUID("5d0c3b52-7b1c-5a0e-9d5a-4b8f0c7a1e66")


@dataclass(frozen=True, slots=True)
class OddNumber:
    """A JSON number that is no interoperable integer, kept as the text it was sent as."""

    text: str


class OddValue(ValueError):
    """A JSON value that the contract does not allow; `path` is a JSON pointer."""

    def __init__(self, path: str, why: str) -> None:
        super().__init__(why)
        self.path = path


def parse(text: bytes) -> Any:
    """JSON as sent. Odd numbers survive as `OddNumber`, so that one bad op cannot take its batch along.

    Raises ValueError for what is not JSON, and for a name that stands twice in one object (protocol P49).
    """
    try:
        return json.loads(
            text.decode("utf-8"),
            object_pairs_hook=_no_twins,
            parse_int=_integer,
            parse_float=OddNumber,
            parse_constant=OddNumber,
        )
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


def _integer(digits: str) -> int | OddNumber:
    if len(digits) > 17:
        return OddNumber(digits)
    value = int(digits)
    return value if -LARGEST <= value <= LARGEST else OddNumber(digits)


def _no_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands twice in one object")
    return found


def check(value: Any, path: str = "", depth: int = 0) -> None:
    """Raises OddValue where `value` cannot be canonical: odd numbers, NUL, lone surrogates, depth, odd names."""
    if isinstance(value, str):
        if not _writable(value):
            raise OddValue(path, "text holds a NUL or half a surrogate pair")
    elif isinstance(value, dict | list):
        if depth >= DEPTH:
            raise OddValue(path, "nested too deeply")
        children = value.items() if isinstance(value, dict) else enumerate(value)
        for name, child in children:
            if type(name) is str and not _is_name(name):
                raise OddValue(path, "a field name must be short printable ASCII")
            # Most children are good text, or numbers, which as parsed are of the allowed range or odd.
            if type(child) is not int and not (type(child) is str and _writable(child)):
                check(child, f"{path}/{name}", depth + 1)
    elif isinstance(value, OddNumber):
        raise OddValue(path, "a number must be an integer below 2^53; write decimals as strings")


def _writable(text: str) -> bool:
    if "\x00" in text:
        return False
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


@lru_cache(4096)
def _is_name(text: str) -> bool:
    return text.isascii() and 0 < len(text) <= NAME_LENGTH and text.isprintable()


def encode(value: Any) -> bytes:
    """Canonical bytes of a value that `check` has passed."""
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


def keep(value: Any) -> str:
    """JSON text that holds any parsed value: lone surrogates and NUL stay escaped, an odd number is told as one."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), default=lambda odd: {"$number": odd.text})


def sha256(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def derived_id(name: str, digest: bytes) -> str:
    """A UUID that follows from a name and a digest, so that a retry meets what it made before."""
    return str(uuid.uuid5(DERIVED, name + digest.hex()))


def same(a: Any, b: Any) -> bool:
    """Equal for the eye: NFC and NFD spellings of a text are one value (protocol P47)."""
    return bool(a == b or _nfc(a) == _nfc(b))


def nfc(text: str) -> str:
    """The spelling of a text in which letters and their marks are one character."""
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def settled(value: Any) -> bytes:
    """Canonical bytes that are the same for both spellings of every text in `value`."""
    encoded = encode(value)
    return encoded if encoded.isascii() else nfc(encoded.decode()).encode()


def _nfc(value: Any) -> Any:
    if isinstance(value, str):
        return nfc(value)
    if isinstance(value, list):
        return [_nfc(v) for v in value]
    if isinstance(value, dict):
        return {k: _nfc(v) for k, v in value.items()}
    return value
