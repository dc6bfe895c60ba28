"""Files that go between a phone and the bucket, past the service: it signs where, and verifies what came."""

import hashlib
import random
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from people import Person, Province, file_entry
from service.duties import DUTIES
from service.stores import prepare_store
from storage import keys
from swift import Swift

FILM = random.Random(8).randbytes(9 * 2**20 + 7)
CUT = 8 * 2**20
TUS = {"Tus-Resumable": "1.0.0"}


@pytest.fixture
def open_bucket(tmp_path: Path, migrated: Path, swift: Swift) -> Iterator[Province]:
    """A province whose phones reach the bucket."""
    bucket = swift.settings()
    made = Province(tmp_path / "var", migrated, **bucket, s3_public_endpoint=bucket["s3_endpoint"])
    prepare_store(made.settings, made.db)
    yield made
    made.close()


def begun(lan: Person, data: bytes) -> str:
    """The path of an upload that says what it will bring."""
    answer = lan.province.http.post(
        "/v1/uploads", headers={**lan.headers, **TUS, "Upload-Length": str(len(data)), "Upload-Metadata": named(data)}
    )
    return httpx.URL(answer.headers["Location"]).path


def named(data: bytes) -> str:
    return "sha256 " + b64encode(hashlib.sha256(data).hexdigest().encode()).decode()


def part_of(data: bytes, offset: int, stop: int) -> dict[str, Any]:
    piece = data[offset:stop]
    return {"offset": offset, "size": len(piece), "sha256": hashlib.sha256(piece).hexdigest()}


def put(link: dict[str, Any], data: bytes) -> int:
    """What a phone does with a link: no token of the service goes to the bucket."""
    return httpx.put(link["url"], headers=link["headers"], content=data, timeout=60).status_code


def test_a_film_goes_into_the_bucket_and_is_verified_whole(open_bucket: Province) -> None:
    lan, tuan = open_bucket["lan"], open_bucket["tuan"]
    record = lan.does("create", type="photo", set={"title": "Ra quân"}, media=[file_entry(FILM)])["record"]
    upload = begun(lan, FILM)
    asked = [part_of(FILM, 0, CUT), part_of(FILM, CUT, len(FILM))]
    links = [lan.post(f"{upload}/parts", part).json() for part in asked]
    for start, link in ((CUT, links[1]), (0, links[0])):  # in any order
        assert put(link, FILM[start : start + CUT]) == 200
    told = [{"offset": p["offset"], "size": p["size"]} for p in asked]
    early = lan.post(f"{upload}/parts/{links[1]['part']}", told[1])
    assert (early.status_code, early.json()["code"]) == (409, "offset_mismatch")
    assert early.headers["Upload-Offset"] == "0"
    assert lan.post(f"{upload}/parts/{links[0]['part']}", told[0]).json() == {"offset": CUT, "state": "open"}
    assert lan.post(f"{upload}/parts/{links[0]['part']}", told[0]).json()["code"] == "offset_mismatch", "counted once"
    assert lan.post(f"{upload}/parts/{links[1]['part']}", told[1]).json() == {"offset": len(FILM), "state": "verified"}
    assert list(open_bucket.app.state.store.incoming_ids()) == []

    address = f"/v1/media/{record['id']}/{file_entry(FILM)['sha256']}/link"
    link = tuan.get(address).json()
    whole = httpx.get(link["url"])
    assert whole.content == FILM
    assert whole.headers["content-disposition"].startswith("attachment; ")
    ranged = httpx.get(link["url"], headers={"Range": "bytes=3-9"})
    assert (ranged.status_code, ranged.content) == (206, FILM[3:10])
    assert open_bucket["nam"].get(address).json()["code"] == "record_unknown"
    assert open_bucket["chu_tich"].get(address).json()["code"] == "original_restricted"


def test_what_was_not_put_or_is_not_right_never_counts(open_bucket: Province) -> None:
    lan, store = open_bucket["lan"], open_bucket.app.state.store
    upload, part = begun(lan, FILM), part_of(FILM, 0, CUT)
    link = lan.post(f"{upload}/parts", part).json()
    confirm = {"offset": 0, "size": CUT}
    here = f"{upload}/parts/{link['part']}"
    assert lan.post(here, confirm).json()["code"] == "part_missing", "never sent"
    assert put(link, FILM[1 : CUT + 1]) >= 400, "other bytes"
    shorter = {**link, "headers": {n: v for n, v in link["headers"].items() if n != "Content-Length"}}
    assert put(shorter, FILM[:100]) >= 400, "too few"
    assert lan.post(here, confirm).json()["code"] == "part_missing"
    stale = open_bucket.app.state.direct.part(upload.rpartition("/")[2], link["part"], CUT, part["sha256"], seconds=0)
    assert put({"url": stale.url, "headers": stale.headers}, FILM[:CUT]) in {401, 403}, "an address that has expired"
    assert lan.post(here, confirm).json()["code"] == "part_missing"
    assert open_bucket["minh"].post(here, confirm).json()["code"] == "upload_unknown"
    assert open_bucket["minh"].post(f"{upload}/parts", part).json()["code"] == "upload_unknown"
    beyond = {**part, "offset": len(FILM) - 1}
    assert lan.post(f"{upload}/parts", beyond).json()["code"] == "upload_too_large"
    where = open_bucket.http.head(upload, headers={**lan.headers, **TUS})
    assert (where.headers["Upload-Offset"], where.headers["Upload-State"]) == ("0", "open")

    wrong = b"x" * len(FILM)  # the parts are what was said of them, and the file is not
    link = lan.post(f"{upload}/parts", part_of(wrong, 0, len(FILM))).json()
    assert put(link, wrong) == 200
    last = lan.post(f"{upload}/parts/{link['part']}", {"offset": 0, "size": len(FILM)})
    assert last.json() == {"offset": len(FILM), "state": "hash_mismatch"}
    assert list(store.keys("sha256/")) == []


def test_parts_that_nobody_counted_are_gone_with_their_upload(open_bucket: Province, swift: Swift) -> None:
    """Of an upload that was given up, and of one that its phone forgot: nothing stays in the bucket."""
    lan, store = open_bucket["lan"], open_bucket.app.state.store
    given_up, forgotten, done = begun(lan, FILM), begun(lan, FILM[::-1]), begun(lan, FILM[:50])
    links = {u: lan.post(f"{u}/parts", part_of(FILM, 0, 50)).json() for u in (given_up, forgotten, done)}
    for link in links.values():
        assert put(link, FILM[:50]) == 200
    assert open_bucket.http.delete(given_up, headers={**lan.headers, **TUS}).status_code == 204
    assert lan.post(f"{done}/parts/{links[done]['part']}", {"offset": 0, "size": 50}).json()["state"] == "verified"
    assert put(links[done], FILM[:50]) == 200, "the link still holds for a while, for the same bytes"
    open_bucket.clock.advance(open_bucket.settings.upload_ttl_hours * 3_600_000)
    DUTIES["expire uploads"].act(open_bucket.app.state.worker.bench)
    assert list(store.incoming_ids()) == []
    assert swift.leftovers(str(open_bucket.settings.s3_bucket)) == []
    assert list(store.keys()) == [keys.of_digest(hashlib.sha256(FILM[:50]).hexdigest())]


@pytest.mark.parametrize("database_url", [None], ids=["sqlite"])
def test_a_service_whose_bucket_is_its_own_says_so(province: Province) -> None:
    lan = province["lan"]
    upload = begun(lan, FILM)
    assert lan.post(f"{upload}/parts", part_of(FILM, 0, 9)).json()["code"] == "direct_not_offered"
