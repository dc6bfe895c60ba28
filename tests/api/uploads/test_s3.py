"""The service with its files in a bucket: the same answers, and what happens when the bucket is away for a while."""

import hashlib
import logging
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from people import Person, Province, file_entry
from service.stores import prepare_store
from storage.s3 import S3Store
from swift import Swift

PHOTO = b"\xff\xd8\xff\xe0 a patrol at night" * 100
FILM = random.Random(2026).randbytes(9 * 2**20 + 5)


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


@pytest.fixture
def bucket_house(tmp_path: Path, migrated: Path, swift: Swift) -> Iterator[Province]:
    made = Province(tmp_path / "var", migrated, **swift.settings())
    prepare_store(made.settings, made.db)
    yield made
    made.close()
    swift.start()


def record_of(lan: Person, data: bytes) -> str:
    made = lan.does("create", type="photo", set={"title": "Ra quân"}, media=[file_entry(data)])
    return str(made["record"]["id"])


@pytest.mark.parametrize("data", [b"", PHOTO, FILM], ids=["empty", "photo", "film"])
def test_a_file_goes_into_the_bucket_and_comes_out_of_it(bucket_house: Province, data: bytes) -> None:
    lan, tuan = bucket_house["lan"], bucket_house["tuan"]
    record = record_of(lan, data)
    assert lan.upload(data).headers["Upload-State"] == "verified"
    assert isinstance(bucket_house.app.state.store, S3Store)
    assert list(bucket_house.app.state.store.incoming_ids()) == []
    path = f"/v1/media/{record}/{sha(data)}"
    assert tuan.get(path).content == data
    part = bucket_house.http.get(path, headers={**tuan.headers, "Range": "bytes=3-9"})
    assert (part.status_code, part.content) == ((206, data[3:10]) if data else (416, part.content))


def test_while_the_bucket_is_away_records_go_on_and_files_wait(bucket_house: Province, swift: Swift) -> None:
    lan, http = bucket_house["lan"], bucket_house.http
    first = record_of(lan, PHOTO)
    lan.upload(PHOTO)
    tus = {"Tus-Resumable": "1.0.0", "Content-Type": "application/offset+octet-stream"}
    announced = {"Tus-Resumable": "1.0.0", "Upload-Length": str(len(FILM))}
    upload = http.post("/v1/uploads", headers={**lan.headers, **announced}).headers["Location"]
    cut = {**lan.headers, **tus, "Upload-Offset": "0"}
    assert http.patch(upload, headers=cut, content=FILM[: 2**20]).headers["Upload-Offset"] == str(2**20)

    swift.kill("proxy")
    second = record_of(lan, FILM)
    assert lan.pull()["changes"]
    rest = {**lan.headers, **tus, "Upload-Offset": str(2**20)}
    refused = [
        http.patch(upload, headers=rest, content=FILM[2**20 :]),
        lan.upload(b"another"),
        lan.get(f"/v1/media/{first}/{sha(PHOTO)}"),
    ]
    for answer in refused:
        assert (answer.status_code, answer.json()["code"]) == (503, "storage_unavailable")
        assert int(answer.headers["Retry-After"]) > 0
    where = http.head(upload, headers={**lan.headers, "Tus-Resumable": "1.0.0"})
    assert where.headers["Upload-Offset"] == str(2**20), "known without the bucket"

    swift.start()
    assert http.patch(upload, headers=rest, content=FILM[2**20 :]).headers["Upload-State"] == "verified"
    assert lan.get(f"/v1/media/{second}/{sha(FILM)}").content == FILM
    assert lan.get(f"/v1/media/{first}/{sha(PHOTO)}").content == PHOTO


def test_the_secret_is_in_no_log_and_no_text(
    bucket_house: Province, swift: Swift, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    bucket_house["lan"].upload(PHOTO)
    swift.kill("proxy")
    answer = bucket_house["lan"].upload(FILM)
    secret = bucket_house.settings.s3_secret_key.get_secret_value()
    ours = "".join(r.getMessage() for r in caplog.records if not r.name.startswith(("botocore", "urllib3")))
    for text in (repr(bucket_house.settings), repr(swift.bucket()), answer.text, ours):
        assert secret not in text
