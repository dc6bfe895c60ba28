"""Compressed bodies: taken and given, and no small one grows into something that hurts (trust §2.5)."""

import gzip
import json
import time
import tracemalloc
import zlib
from collections.abc import Iterator
from typing import Any

import pytest
from httpx import Response

from people import Person, Province
from service.coding import zstd

PACK = {"gzip": gzip.compress, "zstd": zstd.compress}


def push(person: Person, body: Any, coding: str) -> Response:
    headers = {**person.headers, "Content-Type": "application/json", "Content-Encoding": coding}
    return person.province.http.post("/v1/sync/push", content=body, headers=headers)


def code(answer: Response) -> tuple[int, str]:
    assert answer.headers["content-type"] == "application/problem+json"
    return answer.status_code, answer.json()["code"]


@pytest.mark.parametrize("coding", PACK)
def test_a_push_may_be_compressed(province: Province, coding: str) -> None:
    lan = province["lan"]
    ops = [lan.op("create", set={"title": f"Họp {n}", "body": "Khai mạc. " * 300}) for n in range(100)]
    plain = json.dumps({"ops": ops}).encode()
    answer = push(lan, PACK[coding](plain), coding)
    assert answer.status_code == 200, answer.text
    assert {r["status"] for r in answer.json()["results"]} == {"applied"}


@pytest.mark.parametrize("coding", PACK)
def test_a_page_is_compressed_for_those_who_can_read_it_and_the_same_inside(province: Province, coding: str) -> None:
    lan = province["lan"]
    body = {"limit": 1000}
    asked = {name: province.http.post("/v1/sync/pull", json=body, headers={**lan.headers, "Accept-Encoding": name})
             for name in (coding, "identity", f"{coding};q=0")}  # fmt: skip
    raw = _raw(lan, coding)
    assert asked["identity"].json() == asked[f"{coding};q=0"].json()
    assert "content-encoding" not in asked["identity"].headers
    assert asked["identity"].headers["vary"] == "Accept-Encoding"
    unpack = gzip.decompress if coding == "gzip" else zstd.decompress
    assert json.loads(unpack(raw)) == asked["identity"].json()
    assert len(raw) < len(asked["identity"].content) / 4


def _raw(person: Person, coding: str) -> bytes:
    headers = {**person.headers, "Accept-Encoding": coding}
    with person.province.http.stream("POST", "/v1/sync/pull", json={"limit": 1000}, headers=headers) as answer:
        assert answer.headers["content-encoding"] == coding
        assert int(answer.headers["content-length"]) > 0
        return b"".join(answer.iter_raw())


def test_secrets_and_small_answers_are_not_compressed(province: Province) -> None:
    lan = province["lan"]
    answer = province.http.get("/v1/auth/me", headers={**lan.headers, "Accept-Encoding": "gzip"})
    assert answer.status_code == 200
    assert "content-encoding" not in answer.headers


@pytest.mark.parametrize("coding", ["br", "gzip, gzip", "zstd, gzip", "compress"])
def test_another_coding_is_refused_with_what_would_be_taken(province: Province, coding: str) -> None:
    answer = push(province["lan"], gzip.compress(gzip.compress(b"{}")), coding)
    assert code(answer) == (415, "unsupported_media_type")
    assert answer.headers["Accept-Encoding"] == "zstd, gzip"


@pytest.mark.parametrize("coding", PACK)
def test_what_is_damaged_cut_short_or_goes_on_after_its_end_is_refused(province: Province, coding: str) -> None:
    lan = province["lan"]
    packed = PACK[coding](b'{"ops": []}')
    for body in (b"", b"{}", packed[:-3], packed + b"x", packed + packed, b"\x00" * 50, packed[:5] + b"\xff" * 20):
        assert code(push(lan, body, coding))[0] == 422, body
    assert push(lan, packed, coding).status_code == 200


def bomb(coding: str, mib: int) -> Iterator[bytes]:
    """Very much of nothing, packed as it is read."""
    packer: Any = zlib.compressobj(9, wbits=31) if coding == "gzip" else zstd.ZstdCompressor()
    piece = b" " * 2**20
    for _ in range(mib):
        yield packer.compress(piece)
    yield packer.flush()


@pytest.mark.parametrize("coding", PACK)
def test_a_small_body_that_would_grow_without_end_is_refused_at_once_in_flat_memory(
    province: Province, coding: str
) -> None:
    lan = province["lan"]
    body = b"".join(bomb(coding, 256))
    lan.get("/v1/auth/me")
    tracemalloc.start()
    began = time.monotonic()
    answer = push(lan, body, coding)
    took, (_, peak) = time.monotonic() - began, tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert code(answer) == (413, "too_large")
    assert took < 2
    assert peak < 32 * 2**20


@pytest.mark.parametrize("coding", PACK)
def test_a_body_is_measured_unpacked(province: Province, coding: str) -> None:
    text = "".join(chr(33 + (n * n + n // 7) % 90) for n in range(5 * 2**20))
    answer = push(province["lan"], PACK[coding](json.dumps({"ops": [text]}).encode()), coding)
    assert code(answer) == (413, "too_large")
