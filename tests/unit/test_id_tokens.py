"""What an outside provider signs: what a forger, or a provider of somebody else, may try. PyJWT signs here."""

import base64
import hmac
import json
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from auth.errors import KeyUnknown, TokenInvalid
from auth.id_tokens import LOGOUT_EVENT, Trust, arrived, logged_out

NOW = 1_790_000_000_000
SECONDS = NOW // 1000
KEY, OTHER, SHORT = (rsa.generate_private_key(65537, bits) for bits in (2048, 2048, 1024))  # PyJWT warns of the last
CURVE = ec.generate_private_key(ec.SECP256R1())
TRUST = Trust("https://sso.example", "minhchung", "RS256", frozenset({"mfa", "urn:strong"}))


def jwk(key: Any, **more: str) -> dict[str, Any]:
    algorithm = ECAlgorithm if isinstance(key, ec.EllipticCurvePrivateKey) else RSAAlgorithm
    return {**json.loads(algorithm.to_jwk(key.public_key())), "use": "sig", "kid": "one", **more}


KEYS = [jwk(KEY)]


def signed(key: Any = KEY, alg: str = "RS256", header: dict[str, Any] | None = None, **changes: Any) -> str:
    """A good token with changes; one to None leaves that claim out."""
    good = {"iss": TRUST.issuer, "aud": "minhchung", "sub": "cb-1", "nonce": "n", "iat": SECONDS, "exp": SECONDS + 300}
    said = {k: v for k, v in (good | changes).items() if v is not None}
    return jwt.encode(said, key, alg, {"kid": "one"} if header is None else header)


def by_hmac() -> str:
    """What PyJWT refuses to make: the provider's public key taken for a shared secret."""
    public = KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    _, body, _ = signed().split(".")
    text = f"{_b64(json.dumps({'alg': 'HS256', 'kid': 'one'}).encode())}.{body}"
    return f"{text}.{_b64(hmac.digest(public, text.encode(), 'sha256'))}"


def _b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def read(token: str, keys: Any = KEYS, now: int = NOW, trust: Trust = TRUST) -> Any:
    return arrived(token, keys, trust, "n", now)


def test_a_good_one_says_who_and_how() -> None:
    assert read(signed()).subject == "cb-1"
    assert not read(signed(amr=["pwd"])).strong
    assert read(signed(amr=["pwd", "mfa"])).strong
    assert read(signed(acr="urn:strong", sid="s1")).sid == "s1"
    assert read(signed(aud=["minhchung", "other"], azp="minhchung")).subject == "cb-1"
    assert read(signed(header={})).subject == "cb-1"  # one key, and so no question which
    curve = Trust(TRUST.issuer, "minhchung", "ES256", frozenset())
    assert read(signed(CURVE, "ES256"), [jwk(CURVE)], trust=curve).subject == "cb-1"


def test_a_clock_may_be_a_minute_off_and_no_more() -> None:
    late, early = (SECONDS + 300 + 59) * 1000, (SECONDS - 59) * 1000
    assert read(signed(), now=late).subject == read(signed(), now=early).subject
    for now in (late + 2000, early - 2000):
        with pytest.raises(TokenInvalid):
            read(signed(), now=now)


HOSTILE = {
    "another provider": lambda: signed(iss="https://sso.example/"),
    "for another service": lambda: signed(aud="portal"),
    "for several, made for another": lambda: signed(aud=["minhchung", "portal"], azp="portal"),
    "for several, made for nobody": lambda: signed(aud=["minhchung", "portal"]),
    "of another sign-in": lambda: signed(nonce="m"),
    "of no sign-in": lambda: signed(nonce=None),
    "of nobody": lambda: signed(sub=None),
    "of a number": lambda: signed(sub=None, sub2=7),
    "of very much": lambda: signed(sub="x" * 256),
    "without an end": lambda: signed(exp=None),
    "without a beginning": lambda: signed(iat=None),
    "an end in words": lambda: signed(exp=None, nbf=None, iat=True),
    "not yet": lambda: signed(nbf=SECONDS + 120),
    "somebody else's key": lambda: signed(OTHER),
    "the public key as a secret": by_hmac,
    "no algorithm": lambda: signed(None, "none"),
    "another algorithm": lambda: signed(alg="RS384"),
    "an access token": lambda: signed(header={"kid": "one", "typ": "at+jwt"}),
    "a logout token": lambda: signed(header={"kid": "one", "typ": "logout+jwt"}),
    "its own key with it": lambda: signed(OTHER, header={"kid": "one", "jwk": jwk(OTHER)}),
    "a place to fetch the key": lambda: signed(header={"kid": "one", "jku": "https://evil.example/jwks"}),
    "something critical": lambda: signed(header={"kid": "one", "crit": ["b64"], "b64": True}),
    "too long": lambda: signed(groups="x" * 20_000),
    "five parts": lambda: "a.b.c.d.e",
    "no token": lambda: "",
}


@pytest.mark.parametrize("what", sorted(HOSTILE))
def test_nothing_else_is_believed(what: str) -> None:
    with pytest.raises(TokenInvalid):
        read(HOSTILE[what]())


def test_the_key_is_the_one_that_is_named_and_made_for_this() -> None:
    for keys in ([], [jwk(KEY, kid="two")], [jwk(KEY), jwk(KEY)], [jwk(KEY, use="enc")], [jwk(KEY, alg="PS256")]):
        with pytest.raises(KeyUnknown):
            read(signed(), keys)
    for odd in ({"n": ""}, {"n": "!!"}, {"e": "AQ"}):
        with pytest.raises(TokenInvalid):
            read(signed(), [jwk(KEY) | odd])


@pytest.mark.filterwarnings("ignore::jwt.warnings.InsecureKeyLengthWarning")
def test_a_short_key_signs_nothing() -> None:
    with pytest.raises(TokenInvalid):
        read(signed(SHORT), [jwk(SHORT)])


def test_a_logout_token_is_that_and_fresh() -> None:
    event = {"events": {LOGOUT_EVENT: {}}, "nonce": None, "exp": None}
    said = logged_out(signed(**event, sid="s1", header={"kid": "one", "typ": "logout+jwt"}), KEYS, TRUST, NOW)
    assert (said.subject, said.sid) == ("cb-1", "s1")
    for hostile in (
        signed(),  # an ID token
        signed(**(event | {"nonce": "n"})),
        signed(**(event | {"events": {}})),
        signed(**(event | {"sub": None})),  # of nobody
        signed(**(event | {"iat": SECONDS - 700})),
        signed(OTHER, **event),
    ):
        with pytest.raises(TokenInvalid):
            logged_out(hostile, KEYS, TRUST, NOW)


def test_a_header_of_nothing_but_brackets_is_refused() -> None:
    with pytest.raises(TokenInvalid):
        read(f"{_b64(b'[' * 9000)}.e30.e30")
