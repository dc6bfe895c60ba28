"""Access tokens: what a forger may try, and what time does to an honest one."""

import base64
import hmac
import json

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from auth.errors import TokenExpired, TokenInvalid
from auth.keys import SigningKeys, load_keys
from auth.tokens import issue_access, sign, verify_access

NOW = 1_790_000_000_000
SERVICE = "https://minhchung.example"
SECOND = 1000


@pytest.fixture(scope="module")
def keys(tmp_path_factory) -> SigningKeys:
    return load_keys(tmp_path_factory.mktemp("keys"))


def claims(**changes) -> dict:
    """Claims of a good token; a change to None leaves that claim out."""
    seconds = NOW // 1000
    good = {
        "iss": SERVICE,
        "aud": SERVICE,
        "sub": "lan",
        "cid": "phone",
        "jti": "one",
        "iat": seconds,
        "nbf": seconds,
        "exp": seconds + 900,
    }
    return {k: v for k, v in (good | changes).items() if v is not None}


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def segment(value: object) -> str:
    return b64(json.dumps(value).encode())


def resigned(keys: SigningKeys, header: dict, payload: object) -> str:
    """A token with any header, truly signed by our own key."""
    signed = f"{segment(header)}.{segment(payload)}"
    r, s = decode_dss_signature(keys.private.sign(signed.encode(), ec.ECDSA(hashes.SHA256())))
    return f"{signed}.{b64(r.to_bytes(32) + s.to_bytes(32))}"


def header(keys: SigningKeys, **changes) -> dict:
    good = {"alg": "ES256", "typ": "at+jwt", "kid": keys.kid}
    return {k: v for k, v in (good | changes).items() if v is not None}


def refused(token: str, keys: SigningKeys) -> None:
    with pytest.raises(TokenInvalid):
        verify_access(token, keys, SERVICE, NOW)


def test_an_honest_token_says_who_bears_it(keys):
    bearer = verify_access(issue_access(keys, SERVICE, "lan", "phone", NOW), keys, SERVICE, NOW)
    assert (bearer.account_id, bearer.client_id) == ("lan", "phone")
    assert bearer.expires_at == NOW + 15 * 60 * SECOND


def test_the_test_forge_makes_good_tokens_when_nothing_is_forged(keys):
    verify_access(resigned(keys, header(keys), claims()), keys, SERVICE, NOW)


def test_no_token_is_the_same_twice(keys):
    assert issue_access(keys, SERVICE, "lan", "phone", NOW) != issue_access(keys, SERVICE, "lan", "phone", NOW)


@pytest.mark.parametrize(
    "alg", ["none", "None", "NONE", "es256", "Es256", "ES384", "RS256", "HS256", "", 7, ["ES256"], None]
)
def test_only_es256_exactly(keys, alg):
    refused(resigned(keys, header(keys, alg=alg), claims()), keys)
    refused(f"{segment(header(keys, alg=alg))}.{segment(claims())}.", keys)
    refused(f"{segment(header(keys, alg=alg))}.{segment(claims())}.AA", keys)


@pytest.mark.parametrize("encoding", [Encoding.PEM, Encoding.DER, Encoding.OpenSSH])
@pytest.mark.parametrize("alg", ["HS256", "ES256"])
def test_the_public_key_is_no_hmac_secret(keys, encoding, alg):
    shape = PublicFormat.OpenSSH if encoding is Encoding.OpenSSH else PublicFormat.SubjectPublicKeyInfo
    public = keys.public[keys.kid].public_bytes(encoding, shape)
    signed = f"{segment(header(keys, alg=alg))}.{segment(claims())}"
    refused(f"{signed}.{b64(hmac.digest(public, signed.encode(), 'sha256'))}", keys)


@pytest.mark.parametrize("name", ["exp", "iat", "nbf", "iss", "aud", "sub", "jti", "cid"])
def test_every_claim_is_required(keys, name):
    refused(sign(keys, "at+jwt", claims(**{name: None})), keys)


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": "https://elsewhere.example"},
        {"aud": [SERVICE]},
        {"iss": "https://elsewhere.example"},
        {"iss": SERVICE + "/"},
        {"sub": ""},
        {"sub": 7},
        {"cid": {"$ne": ""}},
        {"jti": []},
        {"exp": str(NOW)},
        {"exp": float("nan")},
        {"exp": 1e30},
        {"exp": True},
        {"iat": NOW // 1000 + 3600},
        {"nbf": NOW // 1000 + 3600},
    ],
)
def test_a_claim_of_the_wrong_value_or_kind(keys, changes):
    refused(sign(keys, "at+jwt", claims(**changes)), keys)


@pytest.mark.parametrize("typ", ["JWT", "receipt+jwt", "at+JWT", "application/at+jwt", None])
def test_another_kind_of_document_is_no_access_token(keys, typ):
    refused(resigned(keys, header(keys, typ=typ), claims()), keys)


@pytest.mark.parametrize("kid", ["another", "", None, 7, ["x"], "../../etc/passwd"])
def test_the_key_id_must_be_ours(keys, kid):
    refused(resigned(keys, header(keys, kid=kid), claims()), keys)


def test_a_key_id_of_ours_on_a_signature_of_theirs(keys, tmp_path):
    theirs = load_keys(tmp_path)
    refused(resigned(theirs, header(keys), claims()), keys)


@pytest.mark.parametrize(
    "extra",
    [
        {"crit": ["exp"]},
        {"crit": []},
        {"jku": "https://elsewhere.example/jwks.json"},
        {"jwk": {"kty": "oct", "k": "AAAA"}},
        {"x5u": "https://elsewhere.example/cert"},
        {"x5c": []},
        {"zip": "DEF"},
        {"cty": "JWT"},
    ],
)
def test_a_header_holds_nothing_else(keys, extra):
    refused(resigned(keys, header(keys, **extra), claims()), keys)


@pytest.mark.parametrize("payload", [[], "text", 7, None, {}])
def test_claims_are_an_object(keys, payload):
    refused(resigned(keys, header(keys), payload), keys)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda token: "",
        lambda token: ".",
        lambda token: "..",
        lambda token: token.rsplit(".", 1)[0],
        lambda token: token + ".AAAA",
        lambda token: token + ".AAAA.AAAA",
        lambda token: token + "=",
        lambda token: token + "\n",
        lambda token: " " + token,
        lambda token: token.replace(".", ".\u200b", 1),
        lambda token: "ế" + token,
        lambda token: b64(b"[" * 2900) + ".AAAA.AAAA",
        lambda token: b64(b'{"alg":' * 400) + ".AAAA.AAAA",
        lambda token: b64(b"\xff\xfe") + ".AAAA.AAAA",
        lambda token: token + "A" * 4096,
        lambda token: "A" * 5_000_000,
    ],
)
def test_not_three_clean_segments(keys, spoil):
    refused(spoil(issue_access(keys, SERVICE, "lan", "phone", NOW)), keys)


def test_a_token_longer_than_4096_is_refused_though_well_signed(keys):
    refused(sign(keys, "at+jwt", claims(padding="x" * 4096)), keys)


@given(
    place=st.integers(min_value=0), letter=st.sampled_from("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz01._-")
)
def test_no_changed_letter_makes_another_bearer(keys, place, letter):
    """A change is refused, or only touches the unused bits that end a base64 signature."""
    token = issue_access(keys, SERVICE, "lan", "phone", NOW)
    place %= len(token)
    try:
        bearer = verify_access(token[:place] + letter + token[place + 1 :], keys, SERVICE, NOW)
    except TokenInvalid:
        return
    assert bearer.account_id == "lan"
    assert place == len(token) - 1 or letter == token[place]


@pytest.mark.parametrize(
    ("after", "verdict"),
    [(-61, TokenInvalid), (-60, None), (0, None), (900, None), (959, None), (960, TokenExpired), (10**6, TokenExpired)],
)
def test_time_is_the_clock_that_is_given(keys, after, verdict):
    """A minute either way is forgiven; the machine's own clock plays no part."""
    token = issue_access(keys, SERVICE, "lan", "phone", NOW)
    if verdict is None:
        verify_access(token, keys, SERVICE, NOW + after * SECOND)
    else:
        with pytest.raises(verdict):
            verify_access(token, keys, SERVICE, NOW + after * SECOND)


def test_a_forged_token_past_its_time_is_forged(keys, tmp_path):
    """`token_expired` would tell a forger that the rest was right."""
    refused(issue_access(load_keys(tmp_path), SERVICE, "lan", "phone", NOW - 10**9), keys)
