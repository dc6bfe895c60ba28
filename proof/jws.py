"""Signed documents: compact JWS (RFC 7515) with ES256 and nothing else, in their one spelling.

A signature that could be spelled in two ways would let a bit change without being found, so base64url with other
padding bits, and a header with anything but `alg`, `typ` and `kid`, are refused.
"""

import base64
import hashlib
import json
from typing import Any

from proof import p256

try:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
    from cryptography.hazmat.primitives.hashes import SHA256
except ImportError:  # a machine with Python and nothing else
    FAST = False
else:
    FAST = True

Key = dict[str, Any]  # a JWK (RFC 7517)


class NotSigned(ValueError):
    """A text that none of the keys has signed as this kind of document."""


def verify(text: str, keys: list[Key], typ: str) -> dict[str, Any]:
    """The payload of a JWS of this `typ` by one of `keys`. Raises NotSigned."""
    try:
        header, payload, signature = text.split(".")
        found = json.loads(_decode(header))
        key = next(key for key in keys if key["kid"] == found["kid"])
        if found != {"alg": "ES256", "typ": typ, "kid": key["kid"]} or key["kid"] != thumbprint(key):
            raise NotSigned
        raw = _decode(signature)
        if len(raw) != 64:
            raise NotSigned
        if not _holds(key, f"{header}.{payload}".encode(), int.from_bytes(raw[:32]), int.from_bytes(raw[32:])):
            raise NotSigned
        said = json.loads(_decode(payload))
    except (ValueError, KeyError, TypeError, StopIteration, AttributeError, RecursionError) as error:
        raise NotSigned(typ) from error
    if not isinstance(said, dict):
        raise NotSigned(typ)
    return said


def unverified(text: str) -> dict[str, Any]:
    """What a JWS says, whoever made it. Raises NotSigned for what is none."""
    try:
        said = json.loads(_decode(text.split(".")[1]))
    except (ValueError, IndexError, RecursionError) as error:
        raise NotSigned from error
    if not isinstance(said, dict):
        raise NotSigned
    return said


def thumbprint(key: Key) -> str:
    """RFC 7638: the name of a key that only this key can have."""
    named = {name: key[name] for name in ("crv", "kty", "x", "y")}
    text = json.dumps(named, sort_keys=True, separators=(",", ":"))
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()


def _holds(key: Key, message: bytes, r: int, s: int) -> bool:
    """Raises ValueError for a key on no curve, where `cryptography` is there to say so."""
    if (key["kty"], key["crv"]) != ("EC", "P-256"):
        raise NotSigned
    x, y = (int.from_bytes(_decode(key[name])) for name in ("x", "y"))
    if not FAST:
        return p256.holds(x, y, message, r, s)
    public = ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()
    try:
        public.verify(encode_dss_signature(r, s), message, ec.ECDSA(SHA256()))
    except InvalidSignature:
        return False
    return True


def _decode(text: str) -> bytes:
    """base64url without padding, in its one spelling."""
    data = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    if base64.urlsafe_b64encode(data).rstrip(b"=").decode() != text:
        raise NotSigned
    return data
