"""Reading a file back: the original bytes, through a record that one may read."""

import base64
import hashlib
from urllib.parse import unquote

import pytest
from sqlmodel import Session

from sync.models import Attachment

OTHER_RECORD = "01890a5d-ac96-774b-bcce-b302099a0002"


def refused(answer) -> tuple[int, str]:
    assert answer.headers["content-type"] == "application/problem+json"
    return answer.status_code, answer.json()["code"]


@pytest.fixture
def photo(house) -> str:
    """Lan's photo, sent and verified for her record; gives its digest."""
    house.record(name="Biên bản Đồng Kỵ.jpg")
    house.lan.send(house.lan.PHOTO)
    return house.lan.SHA256


def test_whoever_reads_the_record_reads_the_file(house, photo: str) -> None:
    for reader in (house.lan, house.minh, house.tuan):
        answer = reader.get(reader.RECORD, photo)
        assert (answer.status_code, answer.content) == (200, reader.PHOTO)


def test_what_a_browser_is_told_of_it(house, photo: str) -> None:
    headers = house.tuan.get(house.tuan.RECORD, photo).headers
    assert headers["content-type"] == "image/jpeg"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["content-length"] == str(len(house.lan.PHOTO))
    assert headers["repr-digest"] == f"sha-256=:{base64.b64encode(bytes.fromhex(photo)).decode()}:"
    assert headers["content-disposition"].startswith('attachment; filename="Bien ban Dong Ky.jpg"; ')
    assert unquote(headers["content-disposition"].partition("UTF-8''")[2]) == "Biên bản Đồng Kỵ.jpg"


@pytest.mark.parametrize("name", ["../../etc/passwd", 'a"b\\\\c', "a\\r\\nSet-Cookie: x=1", "🌾.jpg", "%00"])
def test_no_name_breaks_out_of_its_header(house, name: str) -> None:
    house.record(name=name.replace('"', '\\"'))
    house.lan.send(house.lan.PHOTO)
    disposition = house.lan.get(house.lan.RECORD, house.lan.SHA256).headers["content-disposition"]
    kind, plain, encoded = disposition.split("; ")
    assert kind == "attachment"
    assert plain.count('"') == 2
    assert not set(unquote(encoded)) & set('/\\"\r\n')


def test_a_stranger_finds_nothing(house, photo: str) -> None:
    assert refused(house.hung.get(house.hung.RECORD, photo)) == (404, "record_unknown")
    assert refused(house.lan.get(OTHER_RECORD, photo)) == (404, "record_unknown")


def test_a_hash_opens_no_file(house, photo: str) -> None:
    """Minh's record names the same hash; the bytes are there, but not for it."""
    house.record(OTHER_RECORD, account="a-minh")
    assert refused(house.minh.get(OTHER_RECORD, photo)) == (404, "media_missing")
    assert refused(house.lan.get(house.lan.RECORD, hashlib.sha256(b"?").hexdigest())) == (404, "media_unknown")
    assert refused(house.lan.get(house.lan.RECORD, "../../secret")) == (404, "not_found")
    assert refused(house.lan.get(house.lan.RECORD, photo.upper())) == (422, "malformed")


def test_a_file_that_has_not_come_yet(house) -> None:
    house.record()
    answer = house.tuan.get(house.tuan.RECORD, house.tuan.SHA256)
    assert refused(answer) == (404, "media_missing")
    assert answer.json()["action"] == "upload_media"


def test_bytes_that_the_store_has_lost_are_missing(house, photo: str) -> None:
    for key in list(house.store.keys()):
        house.store.delete(key)
    assert refused(house.lan.get(house.lan.RECORD, photo)) == (404, "media_missing")


@pytest.mark.parametrize(
    ("asked", "start", "stop"),
    [
        ("0-9", 0, 10),
        ("10-", 10, None),
        ("-10", -10, None),
        ("5-5", 5, 6),
        ("100-999999", 100, None),
        ("-99999", 0, None),
    ],
)
def test_a_part_of_it(house, photo: str, asked: str, start: int, stop: int | None) -> None:
    answer = house.lan.get(house.lan.RECORD, photo, Range=f"bytes={asked}")
    expected = house.lan.PHOTO[start:stop]
    at = start % len(house.lan.PHOTO)
    assert (answer.status_code, answer.content) == (206, expected)
    assert answer.headers["content-range"] == f"bytes {at}-{at + len(expected) - 1}/{len(house.lan.PHOTO)}"


@pytest.mark.parametrize("asked", ["999999-", "999999-9999999", "-0"])
def test_a_part_outside_of_it(house, photo: str, asked: str) -> None:
    answer = house.lan.get(house.lan.RECORD, photo, Range=f"bytes={asked}")
    assert refused(answer) == (416, "range_invalid")
    assert answer.headers["content-range"] == f"bytes */{len(house.lan.PHOTO)}"


@pytest.mark.parametrize("asked", ["bytes=9-5", "bytes=-", "bytes=0-1,5-6", "lines=1-2", "bytes=a-b", ""])
def test_a_range_that_is_none_gets_the_whole(house, photo: str, asked: str) -> None:
    answer = house.lan.get(house.lan.RECORD, photo, Range=asked)
    assert (answer.status_code, answer.content) == (200, house.lan.PHOTO)


def test_a_download_goes_on_only_with_the_same_file(house, photo: str) -> None:
    whole = house.lan.get(house.lan.RECORD, photo)
    same = house.lan.get(house.lan.RECORD, photo, **{"Range": "bytes=9-", "If-Range": whole.headers["etag"]})
    other = house.lan.get(house.lan.RECORD, photo, **{"Range": "bytes=9-", "If-Range": '"other"'})
    assert (same.status_code, other.status_code) == (206, 200)


def test_head_tells_the_size_without_the_bytes(house, photo: str) -> None:
    headers = {**house.lan.headers, "Range": "bytes=0-9"}  # means something with GET only (RFC 9110 §14.2)
    answer = house.http.head(f"/v1/media/{house.lan.RECORD}/{photo}", headers=headers)
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["content-length"] == str(len(house.lan.PHOTO))


def test_an_empty_file(house) -> None:
    empty = hashlib.sha256().hexdigest()
    house.record(sha256=empty)
    house.lan.post(0)
    answer = house.lan.get(house.lan.RECORD, empty)
    assert (answer.status_code, answer.content) == (200, b"")


def test_a_file_taken_off_its_record_is_no_longer_reached(house, photo: str) -> None:
    def detach(session: Session) -> None:
        session.delete(session.get_one(Attachment, (house.lan.RECORD, photo)))

    house.db.write(detach)
    assert refused(house.lan.get(house.lan.RECORD, photo)) == (404, "media_unknown")
