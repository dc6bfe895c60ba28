"""Uploads as a stock tus client sees them."""

import base64
import hashlib
import unicodedata

import pytest
from sqlmodel import Session, select

from sync.models import Attachment, Blob, Holding

DAY = 86_400_000


def problem(answer) -> tuple[int, str]:
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["tus-resumable"] == "1.0.0"
    return answer.status_code, answer.json()["code"]


def state(answer) -> tuple[int, str, str]:
    return answer.status_code, answer.headers["Upload-Offset"], answer.headers["Upload-State"]


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def stored(session: Session, table) -> list:
    return list(session.exec(select(table)))


def test_a_client_can_ask_what_is_spoken_here(house) -> None:
    answer = house.http.options("/v1/uploads")
    assert answer.status_code == 204
    assert answer.headers["Tus-Version"] == "1.0.0"
    assert answer.headers["Tus-Max-Size"] == str(2**26)
    assert "creation-with-upload" in answer.headers["Tus-Extension"]
    assert "sha256" in answer.headers["Tus-Checksum-Algorithm"]


def test_lan_sends_a_photo_in_two_parts(house) -> None:
    house.record()
    photo = house.lan.PHOTO
    path = house.lan.create(len(photo), filename="a.jpg", sha256=house.lan.SHA256)
    assert state(house.lan.head(path)) == (200, "0", "open")
    assert state(house.lan.patch(path, 0, photo[:5000])) == (204, "5000", "open")
    assert house.told == []
    assert state(house.lan.head(path)) == (200, "5000", "open")
    assert state(house.lan.patch(path, 5000, photo[5000:])) == (204, str(len(photo)), "verified")
    assert house.told == [house.lan.RECORD]
    asked = house.lan.head(path)
    assert state(asked) == (200, str(len(photo)), "verified")
    assert asked.headers["Upload-Length"] == str(len(photo))
    assert [(b.sha256, b.size, b.mime) for b in house.db.read(stored, Blob)] == [
        (house.lan.SHA256, len(photo), "image/jpeg")
    ]
    assert list(house.store.incoming_ids()) == []


def test_the_location_is_absolute(house) -> None:
    assert house.lan.post(10).headers["Location"].startswith("http://127.0.0.1:8000/v1/uploads/")


def test_the_first_bytes_may_come_with_the_creation(house) -> None:
    photo = house.lan.PHOTO
    answer = house.lan.post(len(photo), photo)
    assert state(answer) == (201, str(len(photo)), "verified")
    part = house.lan.post(len(photo), photo[:7])
    assert state(part) == (201, "7", "open")


def test_an_empty_file_is_complete_when_it_is_created(house) -> None:
    house.record(sha256=hashlib.sha256().hexdigest())
    assert state(house.lan.post(0)) == (201, "0", "verified")
    assert house.told == [house.lan.RECORD]


def test_the_length_may_be_told_with_the_last_part(house) -> None:
    photo = house.lan.PHOTO
    path = house.lan.create(None, sha256=house.lan.SHA256)
    house.lan.patch(path, 0, photo[:100])
    asked = house.lan.head(path)
    assert (asked.headers["Upload-Defer-Length"], "Upload-Length" in asked.headers) == ("1", False)
    short = house.lan.patch(path, 100, b"", Upload_Length="99")
    assert problem(short) == (400, "upload_length_invalid")
    last = house.lan.patch(path, 100, photo[100:], Upload_Length=str(len(photo)))
    assert state(last) == (204, str(len(photo)), "verified")


def test_a_length_is_told_once(house) -> None:
    path = house.lan.create(100)
    assert problem(house.lan.patch(path, 0, b"x", Upload_Length="101")) == (400, "upload_length_invalid")
    assert house.lan.patch(path, 0, b"x", Upload_Length="100").status_code == 204


def test_bytes_that_are_not_the_declared_file_stay_apart(house) -> None:
    house.record()
    other = b"x" * len(house.lan.PHOTO)
    path = house.lan.create(len(other), sha256=house.lan.SHA256)
    assert state(house.lan.patch(path, 0, other)) == (204, str(len(other)), "hash_mismatch")
    assert state(house.lan.head(path)) == (200, str(len(other)), "hash_mismatch")
    assert problem(house.lan.patch(path, len(other), b"")) == (409, "hash_mismatch")
    assert b"".join(house.store.incoming(path.rpartition("/")[2])) == other
    assert (house.told, list(house.store.keys()), house.db.read(stored, Blob)) == ([], [], [])
    again = house.lan.create(len(other), sha256=house.lan.SHA256)
    assert again != path
    assert house.lan.patch(again, 0, house.lan.PHOTO).headers["Upload-State"] == "verified"


@pytest.mark.parametrize("offset", [0, 4999, 5001, 10**14])
def test_a_wrong_offset_is_told_the_right_one(house, offset: int) -> None:
    path = house.lan.create(10_000)
    house.lan.patch(path, 0, b"x" * 5000)
    answer = house.lan.patch(path, offset, b"y")
    assert problem(answer) == (409, "offset_mismatch")
    assert answer.headers["Upload-Offset"] == "5000"
    assert "5000" in answer.json()["title"]


@pytest.mark.parametrize("algorithm", ["sha256", "sha1"])
def test_a_damaged_part_leaves_what_was_good(house, algorithm: str) -> None:
    path = house.lan.create(20)
    house.lan.patch(path, 0, b"0123456789")
    right = f"{algorithm} {b64(hashlib.new(algorithm, b'abcdefghij').digest())}"
    assert problem(house.lan.patch(path, 10, b"abcdefghiX", Upload_Checksum=right)) == (460, "checksum_mismatch")
    assert state(house.lan.head(path)) == (200, "10", "open")
    assert state(house.lan.patch(path, 10, b"abcdefghij", Upload_Checksum=right)) == (204, "20", "verified")


def test_asking_again_for_the_same_file_goes_on_with_it(house) -> None:
    photo, sha256 = house.lan.PHOTO, house.lan.SHA256
    path = house.lan.create(len(photo), sha256=sha256)
    house.lan.patch(path, 0, photo[:5000])
    again = house.lan.post(len(photo), sha256=sha256)
    assert again.headers["Location"].endswith(path)
    assert state(again) == (201, "5000", "open")
    assert house.tablet.create(len(photo), sha256=sha256) != path
    assert house.lan.create(len(photo) + 1, sha256=sha256) != path
    assert state(house.tablet.patch(path, 5000, photo[5000:])) == (204, str(len(photo)), "verified")
    assert house.lan.create(len(photo), sha256=sha256) != path


def test_an_upload_is_its_accounts_own(house) -> None:
    path = house.lan.create(100)
    for stranger in (house.minh, house.tuan):
        assert stranger.head(path).status_code == 404
        assert problem(stranger.patch(path, 0, b"x")) == (404, "upload_unknown")
        assert problem(stranger.delete(path)) == (404, "upload_unknown")
    assert house.tablet.head(path).status_code == 200


@pytest.mark.parametrize("upload_id", ["x", "%00", "..%2f..%2fetc", "00000000-0000-0000-0000-000000000000", "A" * 5000])
def test_an_id_that_is_none_is_unknown(house, upload_id: str) -> None:
    path = f"/v1/uploads/{upload_id}"
    assert house.lan.patch(path, 0, b"x").status_code == 404
    assert house.lan.head(path).status_code == 404


def test_an_upload_given_up_is_forgotten(house) -> None:
    path = house.lan.create(100)
    house.lan.patch(path, 0, b"x")
    assert house.lan.delete(path).status_code == 204
    assert house.lan.head(path).status_code == 404
    assert list(house.store.incoming_ids()) == []


def test_an_unfinished_upload_lives_a_week_after_its_last_append(house) -> None:
    path, other = house.lan.create(100), house.lan.create(100)
    for phone_path in (path, other):
        house.lan.patch(phone_path, 0, b"x")
    assert house.lan.head(path).headers["Upload-Expires"] == "Mon, 28 Sep 2026 14:13:20 GMT"
    house.clock.advance(6 * DAY)
    house.lan.patch(path, 1, b"y")
    house.clock.advance(1 * DAY)
    assert house.lan.head(path).status_code == 200
    assert problem(house.lan.patch(other, 1, b"y")) == (410, "upload_gone")
    house.sweep()
    assert list(house.store.incoming_ids()) == [path.rpartition("/")[2]]
    assert house.lan.head(other).status_code == 404


def test_the_sweep_takes_bytes_that_nobody_owns(house) -> None:
    house.store.append("00000000-0000-0000-0000-000000000007", 0, b"x")
    house.sweep()
    assert list(house.store.incoming_ids()) == []


NFC = unicodedata.normalize("NFC", "Biên bản tuần tra Đồng Kỵ.pdf")
NAMES = [
    NFC,
    unicodedata.normalize("NFD", NFC),
    "🌾👮‍♀️.jpg",
    "đ" * 127 + "x",
    "../../etc/passwd",
    "a\r\nSet-Cookie: x",
    "",
    " ",
]


@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_text_and_comes_back_as_it_was(house, name: str) -> None:
    path = house.lan.create(1, filename=name, filetype="application/pdf")
    pairs = dict(pair.split(" ") for pair in house.lan.head(path).headers["Upload-Metadata"].split(","))
    assert base64.b64decode(pairs.get("filename", "")).decode() == name
    assert base64.b64decode(pairs["filetype"]) == b"application/pdf"
    assert house.lan.patch(path, 0, b"x").headers["Upload-State"] == "verified"


def test_a_file_counts_for_whoever_sent_all_of_it(house) -> None:
    """Minh knows Lan's hash and gains nothing by it; with the bytes he gets the answers that Lan got."""
    photo, sha256, theirs = house.lan.PHOTO, house.lan.SHA256, "01890a5d-ac96-774b-bcce-b302099a0002"
    house.record()
    house.record(theirs, account="a-minh")
    first = house.lan.send(photo, sha256=sha256)
    path = house.minh.create(len(photo), sha256=sha256)
    assert state(house.minh.head(path)) == (200, "0", "open")
    assert house.minh.get(theirs, sha256).json()["code"] == "media_missing"
    assert house.told == [house.lan.RECORD]
    second = house.minh.patch(path, 0, photo)
    assert (second.status_code, dict(second.headers)) == (first.status_code, dict(first.headers))
    assert house.told == [house.lan.RECORD, theirs]
    assert {h.account_id for h in house.db.read(stored, Holding)} == {"a-lan", "a-minh"}
    assert len(list(house.store.keys())) == 1


@pytest.mark.parametrize(("who", "counts"), [("minh", True), ("hung", False), ("tuan", False)])
def test_a_colleague_may_bring_the_bytes_for_a_record_it_names(house, who: str, counts: bool) -> None:
    house.record()
    phone = getattr(house, who)
    assert phone.send(phone.PHOTO, record=phone.RECORD).headers["Upload-State"] == "verified"
    assert house.told == ([phone.RECORD] if counts else [])
    assert [a.state for a in house.db.read(stored, Attachment)] == ["verified" if counts else "missing"]
