"""What the offline check of a dossier is made of: signatures in plain Python, ZIPs of one spelling, what may go in."""

import io
import random
import zipfile
import zlib

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from papers.contents import pieces
from proof import p256, zipped


def test_signatures_in_plain_python_are_those_of_the_library() -> None:
    chance = random.Random(1)
    for n in range(12):
        key = ec.generate_private_key(ec.SECP256R1())
        at = key.public_key().public_numbers()
        message = chance.randbytes(n * 7)
        r, s = decode_dss_signature(key.sign(message, ec.ECDSA(SHA256())))
        assert p256.holds(at.x, at.y, message, r, s)
        assert p256.holds(at.x, at.y, message, r, p256.N - s)  # the twin that every ECDSA signature has
        assert not p256.holds(at.x, at.y, message + b"x", r, s)
        assert not p256.holds(at.x, at.y ^ 1, message, r, s)
        for wrong in ((0, s), (r, 0), (p256.N, s), (r, p256.N), (r + p256.N, s), (r ^ 1, s)):
            assert not p256.holds(at.x, at.y, message, *wrong)


def test_the_base_point_is_on_the_curve_and_has_the_order_of_the_group() -> None:
    """A message whose digest is 0 cannot be made; the edges of the sum are reached by keys that are the base point."""
    assert (p256.GY**2 - p256.GX**3 + 3 * p256.GX - p256.B) % p256.P == 0
    one = ec.derive_private_key(1, ec.SECP256R1())
    r, s = decode_dss_signature(one.sign(b"m", ec.ECDSA(SHA256())))
    assert p256.holds(p256.GX, p256.GY, b"m", r, s)
    last = ec.derive_private_key(p256.N - 1, ec.SECP256R1())
    r, s = decode_dss_signature(last.sign(b"m", ec.ECDSA(SHA256())))
    assert p256.holds(p256.GX, p256.P - p256.GY, b"m", r, s)


def test_a_zip_of_one_spelling_is_read_by_others_and_refused_at_any_change() -> None:
    data = zipped.packed({"a.txt": b"mot", "b/c.txt": b"", "d.txt": b"ba" * 100})
    with zipfile.ZipFile(io.BytesIO(data)) as found:
        assert found.testzip() is None
        assert found.namelist() == ["a.txt", "b/c.txt", "d.txt"]
    assert [name for name, _, _ in zipped.walk(io.BytesIO(data), 10)] == ["a.txt", "b/c.txt", "d.txt"]
    known = list(zipped.walk(io.BytesIO(data), 10**6))
    for n in range(len(data)):
        other = data[:n] + bytes([data[n] ^ 1]) + data[n + 1 :]
        try:
            assert list(zipped.walk(io.BytesIO(other), 10**6)) != known, n
        except zipped.NotInForm:
            continue
    with pytest.raises(zipped.NotInForm):
        list(zipped.walk(io.BytesIO(data + b"\0"), 10))


def test_members_beyond_four_gigabytes_have_the_headers_that_libraries_read() -> None:
    """Only the directory is made: the bytes of such a member would fill a disk."""
    huge = zipped.Member("video.mp4", 5 * 2**30, 7)
    small = zipped.Member("sau.txt", 3, zlib.crc32(b"sau"))
    tail = b"".join(zipped.directory([huge, small]))
    shift = len(zipped.local(huge)) + huge.size + len(zipped.local(small)) + small.size

    class Sparse(io.BytesIO):
        """A file whose first part is not there."""

        def seek(self, offset: int, whence: int = 0) -> int:
            return super().seek(offset - shift, whence) + shift if whence == 0 else super().seek(offset, whence) + shift

        def tell(self) -> int:
            return super().tell() + shift

    with zipfile.ZipFile(Sparse(tail)) as found:
        assert [(i.filename, i.file_size) for i in found.infolist()] == [(huge.name, huge.size), (small.name, 3)]
        assert found.infolist()[1].header_offset == len(zipped.local(huge)) + huge.size


def test_what_may_go_into_a_dossier_follows_the_strictest_criterion() -> None:
    file = {"sha256": "a" * 64, "name": "Lớp 5A.JPG", "mime": "image/jpeg", "size": 1}
    piece = {
        "record_id": "r1",
        "code": "[GD-B02-01]",
        "title": "Ảnh",
        "issuer": "",
        "dated": "2026-02-03",
        "files": [file],
    }
    other = {**piece, "record_id": "r2", "code": "[GD-D01-01]"}
    sent = {"evidence": {"GD-B02": [piece], "GD-A01": [{**piece, "code": "[GD-A01-03]"}], "GD-D01": [other]}}
    children, index_only = pieces(sent, {"GD-B02": ["children"], "GD-D01": ["index_only"]})
    assert (children["code"], children["criteria"]) == ("[GD-A01-03]", ["GD-A01", "GD-B02"])
    assert children["files"] == [
        {"path": "minh_chung/GD-A01/GD-A01-03_01.jpg", "sha256": "a" * 64, "name": "Lớp 5A.JPG", "derived": True}
    ]
    assert (index_only["files"], index_only["withheld"]) == ([], [{"sha256": "a" * 64, "name": "Lớp 5A.JPG"}])
