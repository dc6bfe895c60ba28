"""What a phone learns of its files after they were sent: verified, copied, safe to delete; none is forgotten."""

import hashlib
import uuid
from pathlib import Path
from typing import Any

import pytest

from people import Person, Province, file_entry
from restores import back_up
from storage.keys import of_digest
from sync import files

PHOTO, OTHER = b"\xff\xd8\xff\xe0 a patrol at night", b"\xff\xd8\xff\xe0 a meeting"


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def with_photo(lan: Person, *photos: bytes) -> dict[str, Any]:
    """A record of Lan's that names these photos."""
    made = lan.does("create", type="photo", set={"title": "Ra quân"}, media=[file_entry(p) for p in photos])
    return dict(made["record"])


def verify(who: Person, *asked: tuple[str, bytes]) -> list[tuple[str, bool, bool]]:
    body = {"files": [{"record_id": r, "sha256": sha(data)} for r, data in asked]}
    answer = who.post("/v1/media/verify", body)
    assert answer.status_code == 200, answer.text
    return [(f["state"], f["backed_up"], f["safe_to_delete"]) for f in answer.json()["files"]]


def copied(province: Province, *photos: bytes) -> None:
    """A second copy of these photos has been read back and was good."""
    types = province.app.state.types
    province.db.write(files.backed_up, types, [sha(p) for p in photos], province.clock.now())


def test_a_phone_learns_what_is_missing_verified_and_safe_to_delete(province: Province) -> None:
    lan = province["lan"]
    record = with_photo(lan, PHOTO, OTHER)["id"]
    lan.upload(PHOTO)
    assert verify(lan, (record, PHOTO), (record, OTHER)) == [("verified", False, False), ("missing", False, False)]
    cursor = lan.pull()["cursor"]
    copied(province, PHOTO, OTHER)
    assert verify(lan, (record, OTHER), (record, PHOTO)) == [("missing", False, False), ("verified", True, True)]
    told = [c["record"]["files"][sha(PHOTO)] for c in lan.pull(cursor)["changes"]]
    assert [(f["backed_up"], f["safe_to_delete"]) for f in told] == [(True, True)]
    copied(province, PHOTO)
    assert len(lan.pull(cursor)["changes"]) == 1, "told once"


def test_a_backup_that_was_read_back_lets_phones_forget_a_file(province: Province, tmp_path: Path) -> None:
    """The word goes through the feed to a phone that asks for nothing; a file that came later has to stay."""
    lan = province["lan"]
    record = with_photo(lan, PHOTO, OTHER)["id"]
    lan.upload(PHOTO)
    cursor = lan.pull()["cursor"]
    back_up(province, tmp_path / "backups")
    lan.upload(OTHER)
    told = [c["record"]["files"] for c in lan.pull(cursor)["changes"]][-1]
    assert [(told[sha(p)]["state"], told[sha(p)]["safe_to_delete"]) for p in (PHOTO, OTHER)] == [
        ("verified", True), ("verified", False),
    ]  # fmt: skip
    assert verify(lan, (record, PHOTO), (record, OTHER)) == [("verified", True, True), ("verified", False, False)]


def test_a_record_made_after_its_file_was_copied_says_so(province: Province) -> None:
    lan = province["lan"]
    lan.upload(PHOTO)
    copied(province, PHOTO)
    assert with_photo(lan, PHOTO)["files"][sha(PHOTO)]["safe_to_delete"] is True


def test_nobody_learns_of_files_of_others(province: Province) -> None:
    """Nam works in another ward; he knows the digest, and the record's id, and learns what he would without either."""
    lan, nam, tuan = province["lan"], province["nam"], province["tuan"]
    record = with_photo(lan, PHOTO)["id"]
    lan.upload(PHOTO)
    unknown = ("unknown", False, False)
    assert verify(nam, (record, PHOTO), (str(uuid.uuid4()), PHOTO), (record, b"?")) == [unknown] * 3
    own = nam.does("create", type="photo", unit="07228", set={"title": "Của Nam"}, media=[file_entry(PHOTO)])
    assert verify(nam, (own["record"]["id"], PHOTO)) == [("missing", False, False)]
    assert verify(tuan, (record, PHOTO)) == [("verified", False, False)]


def test_a_file_that_waits_for_its_record_is_known_to_whoever_sent_it(province: Province) -> None:
    lan, minh = province["lan"], province["minh"]
    lan.upload(PHOTO)
    later = str(uuid.uuid4())
    assert verify(lan, (later, PHOTO)) == [("verified", False, False)]
    assert verify(minh, (later, PHOTO)) == [("unknown", False, False)]


@pytest.mark.parametrize("body", [{}, {"files": [{"sha256": "x", "record_id": "y"}]}, {"files": "all"}])
def test_a_question_that_cannot_be_read(province: Province, body: dict[str, Any]) -> None:
    answer = province["lan"].post("/v1/media/verify", body)
    assert (answer.status_code, answer.json()["code"]) == (422, "malformed")


def test_a_file_of_the_verified_version_stays_readable_when_it_is_taken_off(province: Province) -> None:
    lan, tuan = province["lan"], province["tuan"]
    record = with_photo(lan, PHOTO)
    lan.upload(PHOTO)
    record = tuan.record(record["id"])
    assert tuan.decides(record, "verified").status_code == 200
    changed = lan.does(
        "patch", record["id"], type="photo", base_ver=record["ver"] + 1, remove={"media": [file_entry(PHOTO)]}
    )
    assert changed["status"] == "applied", changed
    assert changed["record"]["files"] == {}
    path = f"/v1/media/{record['id']}/{sha(PHOTO)}"
    assert tuan.get(path).json()["code"] == "media_unknown"
    assert tuan.get(path, **{"as": "verified"}).content == PHOTO
    assert tuan.get(path, ver=record["ver"]).content == PHOTO
    assert province["nam"].get(path, **{"as": "verified"}).json()["code"] == "record_unknown"
    copied(province, PHOTO)
    assert tuan.record(record["id"])["files"] == {}, "a file that is off the record is not shown again"


def test_a_lost_file_is_asked_for_again_and_comes_back(province: Province) -> None:
    """Its bytes are gone and so are all copies: the record says so, and the phone that still has it sends it."""
    lan = province["lan"]
    record = with_photo(lan, PHOTO)["id"]
    lan.upload(PHOTO)
    copied(province, PHOTO)
    province.app.state.store.delete(of_digest(sha(PHOTO)))
    cursor = lan.pull()["cursor"]
    province.db.write(files.lost, province.app.state.types, sha(PHOTO), province.clock.now())
    assert [c["record"]["media_state"] for c in lan.pull(cursor)["changes"]] == ["missing"]
    assert verify(lan, (record, PHOTO)) == [("missing", False, False)]
    province.clock.advance(60_000)
    assert lan.upload(PHOTO).headers["Upload-State"] == "verified"
    assert verify(lan, (record, PHOTO)) == [("verified", False, False)]
    assert lan.get(f"/v1/media/{record}/{sha(PHOTO)}").content == PHOTO
