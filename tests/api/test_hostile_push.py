"""What comes from phones that are broken, old, or not phones at all: never a fault of the service, nothing lost."""

import gzip
import json
from typing import Any

import pytest
from httpx import Response

from people import Province
from raw_push import JSON, results, send, stored
from sync.push import MAX_OPS

NESTED = "[" * 100_000 + "]" * 100_000

# What is refused before a database is asked needs to be refused on one of them only.
unread = pytest.mark.parametrize("database_url", [None], ids=["sqlite"])


def is_problem(answer: Response, status: int, code: str) -> bool:
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    return (answer.status_code, answer.json()["code"]) == (status, code)


BODIES: dict[str, bytes] = {
    "nothing": b"",
    "half": b'{"ops": [',
    "null": b"null",
    "a list": b"[]",
    "a text": b'"ops"',
    "no ops": b"{}",
    "ops no list": b'{"ops": {}}',
    "ops null": b'{"ops": null}',
    "a name twice": b'{"ops": [], "ops": []}',
    "a name twice, deep inside": b'{"ops": [{"set": {"title": "a", "title": "b"}}]}',
    "two documents": b'{"ops": []}{"ops": []}',
    "comments": b'{"ops": [] /* none */}',
    "nested arrays": f'{{"ops": {NESTED}}}'.encode(),
    "nested objects": b'{"ops":' + b'{"ops":' * 100_000,
    "not UTF-8": b'{"ops": ["\xff\xfe"]}',
    "cut in a letter": '{"ops": ["Hoà'.encode()[:-1] + b'"]}',
    "UTF-16": '{"ops": []}'.encode("utf-16"),
    "gzip": gzip.compress(b'{"ops": []}'),
    "pending NaN": b'{"ops": [], "pending": NaN}',
    "pending negative": b'{"ops": [], "pending": -1}',
    "pending huge": b'{"ops": [], "pending": ' + b"9" * 100_000 + b"}",
    "schema a fraction": b'{"ops": [], "schema": 1.5}',
    "epoch a list": b'{"ops": [], "epoch": []}',
    "epoch half a pair": b'{"ops": [], "epoch": "\\ud800"}',
    "clock a text": b'{"ops": [], "clock": "now"}',
}


@unread
@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_a_body_that_is_no_push_is_a_problem(province: Province, body: bytes) -> None:
    assert is_problem(send(province["lan"], body), 422, "malformed")


@unread
def test_a_body_that_cannot_be_read_says_why(province: Province) -> None:
    told = send(province["lan"], b'{"ops": [{"set": {"title": "a", "title": "b"}}]}').json()
    assert told["errors"] == [{"pointer": "", "detail": "a name stands twice in one object"}]


@unread
@pytest.mark.parametrize("content_type", [None, "text/plain", "application/xml", "multipart/form-data", "application/"])
def test_a_body_that_is_not_called_json_is_refused_for_that(province: Province, content_type: str | None) -> None:
    assert is_problem(send(province["lan"], {"ops": []}, content_type), 415, "unsupported_media_type")


@unread
def test_a_compressed_body_is_not_taken_for_json(province: Province) -> None:
    sent = send(province["lan"], gzip.compress(b'{"ops": []}'), **{"Content-Encoding": "br"})
    assert is_problem(sent, 415, "unsupported_media_type")
    assert is_problem(send(province["lan"], gzip.compress(b'{"ops": []}')), 422, "malformed")  # not said to be packed


@unread
def test_more_than_the_service_reads_is_refused_unread(province: Province) -> None:
    lan = province["lan"]
    assert is_problem(send(lan, b" " * 20_000_000), 413, "too_large")
    pieces = (b" " * 1_000_000 for _ in range(20))  # without a length, as chunked bodies come
    headers = {**lan.headers, "Content-Type": JSON}
    assert is_problem(province.http.post("/v1/sync/push", content=pieces, headers=headers), 413, "too_large")


@unread
@pytest.mark.parametrize("count", [MAX_OPS + 1, MAX_OPS * 3, MAX_OPS * 5])
def test_too_many_ops_are_refused_whole(province: Province, count: int) -> None:
    assert is_problem(send(province["lan"], {"ops": [None] * count}), 413, "batch_too_large")


def test_as_many_ops_as_are_allowed_are_all_answered(province: Province) -> None:
    assert len(results(province["lan"], *range(MAX_OPS))) == MAX_OPS


NO_OPS = (None, True, 0, 1.5, 10**400, float("nan"), "", "op", "\ud800", "\x00", [], [[]], {}, {"op_id": None})
FOR_EVER = {
    "half a surrogate pair": {"set": {"title": "\ud800"}},
    "NUL": {"set": {"title": "a\x00b"}},
    "NaN": {"set": {"title": float("nan")}},
    "a fraction": {"set": {"sensitivity": 1.5}},
    "a huge number": {"set": {"sensitivity": 10**4000}},
    "a name with marks": {"set": {"tiêu_đề": "x"}},
    "a name with half a pair": {"set": {"\udfff": "x"}},
    "no name": {"set": {"": "x"}},
    "a long name": {"set": {"x" * 65: 1}},
    "a name of the engine": {"set": {"@deleted": True}},
    "too deep": {"set": {"note": json.loads("[" * 20 + "]" * 20)}},
    "very deep": {"set": {"note": json.loads("[" * 600 + "]" * 600)}},
    "op_id upper case": {"op_id": "AAAAAAAA-AAAA-4AAA-8AAA-AAAAAAAAAAAA"},
    "op_id a number": {"op_id": 7},
    "op_id half a pair": {"op_id": "\ud800" * 36},
    "dev_seq missing": {"dev_seq": None},
    "dev_seq nought": {"dev_seq": 0},
    "dev_seq negative": {"dev_seq": -1},
    "dev_seq a text": {"dev_seq": "1"},
    "dev_seq true": {"dev_seq": True},
    "dev_seq huge": {"dev_seq": 2**63},
    "record_id no id": {"record_id": "../../etc/passwd"},
    "record_id half a pair": {"record_id": "\ud800" * 36},
    "record_id NUL": {"record_id": "\x00" * 36},
    "scope of nowhere": {"scope": "Kinh Bắc"},
    "scope of others": {"scope": "07228/2026"},
    "scope of a user": {"scope": "user:1"},
    "action unknown": {"action": "destroy"},
    "action a list": {"action": ["create"]},
    "type unknown": {"type": "selfie"},
    "type of the service": {"type": "sync_notice"},
    "type an object": {"type": {}},
    "actor somebody else": {"actor": "9"},
    "base_ver negative": {"base_ver": -1},
    "base_ver a text": {"base_ver": "1"},
    "deps a text": {"deps": "op:1"},
    "deps too many": {"deps": [f"op:{n:08d}-0000-4000-8000-000000000000" for n in range(70_000)]},
    "deps half a pair": {"deps": ["op:" + "\ud800" * 36]},
    "set a list": {"set": []},
    "add no list": {"add": {"tags": "x"}},
    "add nothing": {"add": {"tags": [None]}},
    "remove nothing": {"remove": {"criteria": [None]}},
    "inc a text": {"inc": {"n": "1"}},
    "inc of no counter": {"inc": {"title": 1}},
    "media no list": {"media": {}},
    "media nothing": {"media": [None]},
    "media no digest": {"media": [{"sha256": "\ud800" * 64}]},
    "captured a text": {"captured": "now"},
}


@pytest.mark.parametrize("odd", NO_OPS, ids=lambda odd: repr(odd)[:20])
def test_what_is_no_op_is_kept_and_answered_beside_a_good_one(province: Province, odd: Any) -> None:
    _rejected_for_ever(province, odd)


@pytest.mark.parametrize("change", FOR_EVER.values(), ids=FOR_EVER)
def test_a_bad_op_is_kept_and_answered_beside_a_good_one(province: Province, change: dict[str, Any]) -> None:
    _rejected_for_ever(province, {**province["lan"].op("create"), **change})


def _rejected_for_ever(province: Province, bad: Any) -> None:
    lan = province["lan"]
    good = lan.op("create", set={"title": "Tốt"})
    first, beside = results(lan, bad, good)
    assert (first["status"], beside["status"]) == ("rejected", "applied")
    assert first["message"]
    row = stored(province, first["op_id"])
    assert row.status == "rejected"
    assert row.body
    if isinstance(bad, dict):
        assert set(json.loads(row.body)) == set(bad)
    again = results(lan, bad, good)
    assert [(r["status"], r["original"]) for r in again] == [("duplicate", "rejected"), ("duplicate", "applied")]
    assert (again[0]["op_id"], again[0]["code"]) == (first["op_id"], first["code"])
