"""Access tokens: ES256 and nothing else. The only module that knows python-jose.

The library leaves much to its caller: it takes any algorithm it is not forbidden, ignores `kid`, `typ` and unknown
`crit`, needs no `exp`, and reads the wall clock. So it only does the signature here; everything else is checked below.
"""

import hashlib
import json
import re
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from jose import jwk, jws
from jose.exceptions import JOSEError

from auth.errors import KeyUnknown, TokenExpired, TokenInvalid
from auth.keys import SigningKeys, foreign_key, public_jwk

ALG = "ES256"
ACCESS = "at+jwt"  # RFC 9068 §2.1
PROOF = "dpop+jwt"  # RFC 9449 §4.2
LIFETIME = 15 * 60
LEEWAY = 60
LONGEST = 4096
LONGEST_FOREIGN = 16 * 1024  # providers put groups and names into their tokens
FOREIGN_HEADER = {"alg", "typ", "kid", "x5t", "x5t#S256"}  # no key, no address and no `crit` comes with a token
REMEMBERED = 4096  # tokens
SHAPE = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+", re.ASCII)


@dataclass(frozen=True, slots=True)
class Claims:
    """What an access token says of its bearer; `expires_at` is ms since 1970 UTC.

    `scope` and `family` (its session) are there for third-party apps only.
    """

    account_id: str
    client_id: str
    token_id: str
    expires_at: int
    strong: bool = False
    scope: str | None = None
    family: str = ""


@dataclass(frozen=True, slots=True)
class Proof:
    """A DPoP proof (RFC 9449 §4) and the request that it came with."""

    jwt: str
    method: str
    url: str


def sign(keys: SigningKeys, typ: str, payload: dict[str, Any]) -> str:
    """A compact JWS (RFC 7515) of `payload`; `typ` keeps kinds of documents apart (RFC 8725 §3.11)."""
    key = jwk.construct(keys.private, ALG)  # type: ignore[arg-type]  # takes key objects, its stub does not say so
    return jws.sign(payload, key, {"typ": typ, "kid": keys.kid}, ALG)


def issue_access(
    keys: SigningKeys,
    issuer: str,
    account_id: str,
    client_id: str,
    now: int,
    *,
    strong: bool = False,
    app: dict[str, str] | None = None,
) -> str:
    """An RFC 9068 token that lives 15 minutes. This service is issuer and audience alike.

    `strong`: the session has shown a second factor (`amr`, RFC 8176). `app`: for a third party, its `client_id`, its
    `scope`, and `sid`, the session that can be closed under it.
    """
    seconds = now // 1000
    return sign(
        keys,
        ACCESS,
        {
            **({"amr": ["mfa"]} if strong else {}),
            **(app or {}),
            "iss": issuer,
            "aud": issuer,
            "sub": account_id,
            "cid": client_id,
            "jti": secrets.token_urlsafe(16),
            "iat": seconds,
            "nbf": seconds,
            "exp": seconds + LIFETIME,
        },
    )


def verify_access(token: str, keys: SigningKeys, issuer: str, now: int) -> Claims:
    """Claims of a token of ours that is in force at `now`, give or take a minute (RFC 8725).

    Raises TokenExpired when its time is the only thing wrong with it, TokenInvalid for all else.
    """
    claims = _verified(token, keys, ACCESS)
    if claims.get("iss") != issuer or claims.get("aud") != issuer:
        raise TokenInvalid
    subject, client, token_id = (_text(claims, name) for name in ("sub", "cid", "jti"))
    issued, begins, ends = (_seconds(claims, name) for name in ("iat", "nbf", "exp"))
    seconds = now // 1000
    if max(issued, begins) > seconds + LEEWAY:
        raise TokenInvalid
    if ends <= seconds - LEEWAY:
        raise TokenExpired
    strong = claims.get("amr") == ["mfa"]
    found = Claims(account_id=subject, client_id=client, token_id=token_id, expires_at=ends * 1000, strong=strong)
    if "scope" not in claims:
        return found
    return replace(found, scope=_text(claims, "scope"), family=_text(claims, "sid"))


def proves(proof: Proof, public_pem: str, token: str) -> bool:
    """Whether a DPoP proof is by this P-256 key, for this request and this refresh token (RFC 9449 §4.3).

    `ath` binds it to the token, which changes at each use; so `iat` is not judged: clocks of phones are off by years.
    """
    key = load_pem_public_key(public_pem.encode())
    if len(proof.jwt) > LONGEST or not SHAPE.fullmatch(proof.jwt) or not isinstance(key, ec.EllipticCurvePublicKey):
        return False
    try:
        header = jws.get_unverified_header(proof.jwt)
        if header != {"alg": ALG, "typ": PROOF, "jwk": public_jwk(key)}:
            return False
        claims = json.loads(jws.verify(proof.jwt, jwk.construct(key, ALG), algorithms=[ALG]))  # type: ignore[arg-type]
    except (JOSEError, ValueError, RecursionError):
        return False
    digest = urlsafe_b64encode(hashlib.sha256(token.encode()).digest()).rstrip(b"=").decode()
    asked = {"htm": proof.method, "htu": proof.url, "ath": digest}
    return isinstance(claims, dict) and bool(claims.get("jti")) and asked.items() <= claims.items()


def _verified(token: str, keys: SigningKeys, typ: str) -> dict[str, Any]:
    """The payload of a JWS of ours of this `typ`.

    A device shows the same token for a quarter of an hour, and a signature is as right the second time. What changes,
    its times and who its bearer is, is judged by others at each request.
    """
    claims = keys.checked.get((typ, token))
    if claims is None:
        claims = _checked(token, keys, typ)
        if len(keys.checked) >= REMEMBERED:
            keys.checked.clear()
        keys.checked[typ, token] = claims
    return claims


def _checked(token: str, keys: SigningKeys, typ: str) -> dict[str, Any]:
    """The header of a token may hold `alg`, `typ` and `kid`, and nothing else."""
    if len(token) > LONGEST or not SHAPE.fullmatch(token):
        raise TokenInvalid
    try:
        header = jws.get_unverified_header(token)
        kid = header.get("kid")
        if header != {"alg": ALG, "typ": typ, "kid": kid} or not isinstance(kid, str) or kid not in keys.public:
            raise TokenInvalid
        claims = json.loads(_signed(token, keys.public[kid].public_numbers()))
    except (JOSEError, ValueError, RecursionError) as error:  # RecursionError: a header of nothing but brackets
        raise TokenInvalid from error
    if not isinstance(claims, dict):
        raise TokenInvalid
    return claims


def foreign_claims(
    token: str, keys: Iterable[Mapping[str, Any]], algorithm: str, types: Collection[str | None]
) -> dict[str, Any]:
    """Claims of a JWS of somebody else, by one of `keys` (JWK), in the one `algorithm` (RS256, ES256) agreed on.

    `types`: what its `typ` may be, in small letters; None: it may be absent. Raises KeyUnknown, TokenInvalid.
    """
    if len(token) > LONGEST_FOREIGN or not SHAPE.fullmatch(token):
        raise TokenInvalid
    try:
        header = jws.get_unverified_header(token)
        typ = str(header["typ"]).lower() if "typ" in header else None
        if header.get("alg") != algorithm or typ not in types or not header.keys() <= FOREIGN_HEADER:
            raise TokenInvalid
        key = jwk.construct(_chosen(keys, header.get("kid"), algorithm), algorithm)  # type: ignore[arg-type]
        claims = json.loads(jws.verify(token, key, algorithms=[algorithm]))
    except (JOSEError, ValueError, RecursionError) as error:
        raise TokenInvalid from error
    if not isinstance(claims, dict):
        raise TokenInvalid
    return claims


def _chosen(
    keys: Iterable[Mapping[str, Any]], kid: object, algorithm: str
) -> rsa.RSAPublicKey | ec.EllipticCurvePublicKey:
    """The one key of this name and kind that signs; without a name, the only one."""
    kty = {"RS256": "RSA", "ES256": "EC"}[algorithm]
    fit = [
        k for k in keys if k.get("kty") == kty and k.get("use", "sig") == "sig" and k.get("alg", algorithm) == algorithm
    ]
    found = [k for k in fit if k.get("kid") == kid] if kid is not None else fit
    if len(found) != 1:
        raise KeyUnknown
    return foreign_key(found[0])


@lru_cache(maxsize=2048)
def _signed(token: str, key: ec.EllipticCurvePublicNumbers) -> bytes:
    """The payload of a token whose signature is good, which needs to be seen only once. Raises JOSEError."""
    return jws.verify(token, jwk.construct(key.public_key(), ALG), algorithms=[ALG])  # type: ignore[arg-type]


def verify_detached(signature: str, payload: bytes, public_key: str, typ: str) -> bool:
    """Whether `signature` is a detached JWS (RFC 7515 appendix F) of `payload`, of this `typ`, by a P-256 key."""
    header, _, mark = signature.partition("..")
    token = f"{header}.{urlsafe_b64encode(payload).rstrip(b'=').decode()}.{mark}"
    if len(signature) > LONGEST or not SHAPE.fullmatch(token):
        return False
    try:
        if jws.get_unverified_header(token) != {"alg": ALG, "typ": typ}:
            return False
        jws.verify(token, jwk.construct(public_key, ALG), algorithms=[ALG])
    except (JOSEError, ValueError, RecursionError):
        return False
    return True


def _text(claims: dict[str, Any], name: str) -> str:
    value = claims.get(name)
    if not isinstance(value, str) or not value:
        raise TokenInvalid
    return value


def _seconds(claims: dict[str, Any], name: str) -> int:
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int):
        raise TokenInvalid
    return value
