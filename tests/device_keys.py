"""The key that a device made for itself, and what it signs: bodies, and proofs (RFC 9449) by a library not ours."""

import json
import uuid
from base64 import urlsafe_b64encode
from hashlib import sha256
from typing import Any

import jwt
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.algorithms import ECAlgorithm


class DeviceKey:
    """P-256, as a phone keeps it."""

    def __init__(self) -> None:
        self.private = ec.generate_private_key(ec.SECP256R1())

    @property
    def pem(self) -> str:
        return self.private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()

    @property
    def jwk(self) -> dict[str, str]:
        members = json.loads(ECAlgorithm.to_jwk(self.private.public_key()))
        return {name: members[name] for name in ("crv", "kty", "x", "y")}

    def proof(self, token: str, url: str, **changes: Any) -> str:
        """A DPoP proof for a refresh of `token`; a change to None leaves that claim out."""
        ath = urlsafe_b64encode(sha256(token.encode()).digest()).rstrip(b"=").decode()
        claims = {"jti": str(uuid.uuid4()), "htm": "POST", "htu": url, "iat": 0, "ath": ath, **changes}
        claims = {name: value for name, value in claims.items() if value is not None}
        return jwt.encode(claims, self.private, "ES256", {"typ": "dpop+jwt", "jwk": self.jwk})


def detached(key: ec.EllipticCurvePrivateKey, payload: bytes, typ: str) -> str:
    """A detached JWS (ES256) of the bytes of a body, as a phone in trouble signs them."""

    def text(data: bytes) -> str:
        return urlsafe_b64encode(data).rstrip(b"=").decode()

    head = text(json.dumps({"alg": "ES256", "typ": typ}).encode())
    r, s = decode_dss_signature(key.sign(f"{head}.{text(payload)}".encode(), ec.ECDSA(hashes.SHA256())))
    return f"{head}..{text(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"
