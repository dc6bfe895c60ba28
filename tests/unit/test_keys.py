"""Signing keys, the server secret, and the keys that devices bring."""

import base64
import hashlib
import json
import stat
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from auth.errors import PublicKeyInvalid, TokenInvalid
from auth.keys import load_keys, load_secret, p256_public_pem, rotate_keys
from auth.tokens import issue_access, verify_access

NOW = 1_790_000_000_000
SERVICE = "https://minhchung.example"


def test_keys_are_made_once_and_kept_to_their_owner(tmp_path: Path):
    first = load_keys(tmp_path / "keys")
    assert load_keys(tmp_path / "keys").kid == first.kid
    assert [stat.S_IMODE(p.stat().st_mode) for p in (tmp_path / "keys").iterdir()] == [0o600]
    assert "BEGIN" not in repr(first)


def test_a_retired_key_still_verifies_and_no_longer_signs(tmp_path: Path):
    old = load_keys(tmp_path)
    token = issue_access(old, SERVICE, "lan", "phone", NOW)
    new = rotate_keys(tmp_path)
    assert new.kid != old.kid
    assert verify_access(token, new, SERVICE, NOW).account_id == "lan"
    with pytest.raises(TokenInvalid):
        verify_access(issue_access(new, SERVICE, "lan", "phone", NOW), old, SERVICE, NOW)
    assert [key["kid"] for key in new.jwks()["keys"]] == [new.kid, old.kid]
    assert load_keys(tmp_path).jwks() == new.jwks()


def test_the_published_set_is_public_and_named_by_thumbprint(tmp_path: Path):
    (published,) = load_keys(tmp_path).jwks()["keys"]
    assert set(published) == {"kty", "crv", "x", "y", "kid", "alg", "use"}
    canonical = {name: published[name] for name in ("crv", "kty", "x", "y")}
    digest = hashlib.sha256(json.dumps(canonical, separators=(",", ":")).encode()).digest()
    assert published["kid"] == base64.urlsafe_b64encode(digest).decode().rstrip("=")


def test_a_device_key_is_p256_in_one_spelling():
    key = ec.generate_private_key(ec.SECP256R1()).public_key()
    pem = key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    assert p256_public_pem(pem.replace("\n", "\r\n") + "\n") == pem


@pytest.mark.parametrize("text", ["", "lan", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n", "ế"])
def test_what_is_no_key_is_refused(text):
    with pytest.raises(PublicKeyInvalid):
        p256_public_pem(text)


@pytest.mark.parametrize("key", [ec.generate_private_key(ec.SECP384R1()), rsa.generate_private_key(65537, 2048)])
def test_other_kinds_of_key_are_refused(key):
    pem = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    with pytest.raises(PublicKeyInvalid):
        p256_public_pem(pem)


def test_the_server_secret_is_made_once_and_never_short(tmp_path: Path):
    assert load_secret(tmp_path, None) == load_secret(tmp_path, None)
    assert load_secret(tmp_path, "x" * 32) == b"x" * 32
    with pytest.raises(ValueError, match="32"):
        load_secret(tmp_path, "secret")
