"""Signing keys and the server secret: made once in a directory, read from there, and the public half for others.

Knows nothing of tokens. ES256 keys only (P-256, RFC 7518 §3.4).
"""

import base64
import hashlib
import json
import os
import secrets
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from auth.errors import PublicKeyInvalid

CURRENT = "signing.pem"
NEXT = "next.pem"
RETIRED = "retired-{kid}.pem"
SHORTEST_SECRET = 32


@dataclass(frozen=True, slots=True)
class SigningKeys:
    """The key that signs now, and every public key whose signatures still count, by `kid` (RFC 7638 thumbprint).

    `checked`: what of these keys was verified before; it goes when a key comes or goes.
    """

    kid: str
    private: ec.EllipticCurvePrivateKey = field(repr=False)
    public: dict[str, ec.EllipticCurvePublicKey]
    checked: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict, repr=False, compare=False)

    def jwks(self) -> dict[str, Any]:
        """RFC 7517 key set: the current key first, then the next and the retired ones."""
        kids = [self.kid, *sorted(self.public.keys() - {self.kid})]
        return {"keys": [public_jwk(self.public[k]) | {"kid": k, "alg": "ES256", "use": "sig"} for k in kids]}


def load_keys(directory: Path) -> SigningKeys:
    """Keys of `directory`; makes the first one there (private PEM, mode 0600) if it has none.

    Processes that start together agree: the first file to appear is everybody's.
    """
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / CURRENT
    if not path.exists():
        _write_new(path, _private_pem(ec.generate_private_key(ec.SECP256R1())))
    private = _p256_private(path.read_bytes())
    public = [private.public_key(), *(_p256(p.read_bytes()) for p in directory.glob(RETIRED.format(kid="*")))]
    if (directory / NEXT).exists():
        public.append(_p256_private((directory / NEXT).read_bytes()).public_key())
    by_kid = {_thumbprint(key): key for key in public}
    return SigningKeys(kid=_thumbprint(private.public_key()), private=private, public=by_kid)


def announce_key(directory: Path) -> str:
    """Makes the key that will sign next, so that others have it before they meet it; returns its `kid`.

    Doing it again changes nothing. `rotate_keys` comes at least one lifetime of the published set (an hour) later.
    """
    load_keys(directory)
    path = directory / NEXT
    if not path.exists():
        _write_new(path, _private_pem(ec.generate_private_key(ec.SECP256R1())))
    return _thumbprint(_p256_private(path.read_bytes()).public_key())


def rotate_keys(directory: Path) -> SigningKeys:
    """Retires the current key (its public half stays, old signatures keep counting); the announced one takes over.

    A running process signs with what it loaded: restart it.
    """
    announce_key(directory)
    old = load_keys(directory)
    retired = directory / RETIRED.format(kid=old.kid)
    if not retired.exists():
        _write_new(retired, _public_pem(old.public[old.kid]).encode())
    (directory / NEXT).replace(directory / CURRENT)
    _sync_directory(directory)
    return load_keys(directory)


def adopt_public(directory: Path, keys: list[dict[str, Any]]) -> None:
    """Keeps the public halves of another deployment's keys (a JWK set): what they have signed keeps counting.

    Raises ValueError for what is no P-256 key.
    """
    known = load_keys(directory).public
    for jwk in keys:
        key = foreign_key(jwk)
        if not isinstance(key, ec.EllipticCurvePublicKey):
            raise ValueError("not a P-256 key")  # noqa: TRY004  # wrong content, not a wrong call
        kid = _thumbprint(key)
        if kid not in known:
            _write_new(directory / RETIRED.format(kid=kid), _public_pem(key).encode())


def load_secret(directory: Path, given: str | None) -> bytes:
    """The server secret: `given` (a setting), else the one of `directory`, made there on first use.

    Raises ValueError when it is shorter than 32 characters.
    """
    path = directory / "secret"
    if given is None and not path.exists():
        directory.mkdir(parents=True, exist_ok=True)
        _write_new(path, secrets.token_urlsafe(48).encode())
    secret = given.encode() if given is not None else path.read_bytes().strip()
    if len(secret) < SHORTEST_SECRET:
        raise ValueError(f"the server secret needs at least {SHORTEST_SECRET} characters")
    return secret


def p256_public_pem(text: str) -> str:
    """The one spelling of a device's public key. Raises PublicKeyInvalid."""
    try:
        return _public_pem(_p256(text.encode()))
    except ValueError as error:
        raise PublicKeyInvalid from error


def _p256(pem: bytes) -> ec.EllipticCurvePublicKey:
    try:
        key = load_pem_public_key(pem)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise ValueError("not a public key in PEM") from error
    if isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, ec.SECP256R1):
        return key
    raise ValueError("not a P-256 public key")


def _p256_private(pem: bytes) -> ec.EllipticCurvePrivateKey:
    key = load_pem_private_key(pem, password=None)
    if isinstance(key, ec.EllipticCurvePrivateKey) and isinstance(key.curve, ec.SECP256R1):
        return key
    raise ValueError("not a P-256 private key")


def _private_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _public_pem(key: ec.EllipticCurvePublicKey) -> str:
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def public_jwk(key: ec.EllipticCurvePublicKey) -> dict[str, str]:
    """The required members of a P-256 key (RFC 7518 §6.2.1)."""
    numbers = key.public_numbers()
    return {"crv": "P-256", "kty": "EC", "x": _b64(numbers.x.to_bytes(32)), "y": _b64(numbers.y.to_bytes(32))}


def foreign_key(jwk: Mapping[str, Any]) -> rsa.RSAPublicKey | ec.EllipticCurvePublicKey:
    """The key of a JWK of somebody else: P-256, or RSA of 2048 bits and more (RFC 7518 §3.3). Raises ValueError."""

    def number(name: str) -> int:
        return int.from_bytes(base64.urlsafe_b64decode(str(jwk.get(name, "")) + "=="))

    if jwk.get("kty") == "RSA":
        key = rsa.RSAPublicNumbers(number("e"), number("n")).public_key()
        if key.key_size < 2048:
            raise ValueError("an RSA key has 2048 bits or more")
        return key
    if jwk.get("crv") != "P-256":
        raise ValueError("neither RSA nor P-256")
    return ec.EllipticCurvePublicNumbers(number("x"), number("y"), ec.SECP256R1()).public_key()


def _thumbprint(key: ec.EllipticCurvePublicKey) -> str:
    canonical = json.dumps(public_jwk(key), sort_keys=True, separators=(",", ":"))
    return _b64(hashlib.sha256(canonical.encode()).digest())


def _b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _write_new(path: Path, content: bytes) -> None:
    """Makes `path` whole or not at all; leaves it alone if another process was first."""
    temporary = _temporary(path.parent, content)
    try:
        os.link(temporary, path)
    except FileExistsError:
        pass
    finally:
        temporary.unlink()
    _sync_directory(path.parent)


def _temporary(directory: Path, content: bytes) -> Path:
    descriptor, name = tempfile.mkstemp(dir=directory)  # mode 0600
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    return Path(name)


def _sync_directory(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
