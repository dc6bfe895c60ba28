"""Files stay whole for years: copied, hashed anew, repaired, and swept only when nobody can need them."""

import hashlib
import threading
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from people import Person, Province, file_entry
from programme.registry import registry
from service.commands import blobs
from service.duties import DUTIES
from service.stores import open_mirror
from service.upkeep import Shelf, check, clean
from storage.keys import of_digest
from storage.local import DirectoryStore
from sync import sweep

PHOTO = b"\xff\xd8\xff\xe0 a patrol at night"
DAY = 86_400_000
UNUSED, RECHECK = 30 * DAY, 30 * DAY


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


@pytest.fixture
def house(tmp_path: Path, migrated: Path, database_url: str | None) -> Iterator[Province]:
    """A province whose files are copied to another folder."""
    made = Province(tmp_path / "var", migrated, database_url, mirror_dir=tmp_path / "mirror")
    yield made
    made.close()


def shelf(house: Province) -> Shelf:
    store, mirror = house.app.state.store, open_mirror(house.settings, house.db)
    return Shelf(house.db, store, mirror, registry())


def record_of(who: Person, data: bytes = PHOTO) -> dict[str, Any]:
    made = who.does("create", type="photo", set={"title": "Ra quân"}, media=[file_entry(data)])
    return dict(made["record"])


def comes_round(house: Province, duty: str) -> None:
    DUTIES[duty].act(house.app.state.worker.bench)


def spoil(store: Any, data: bytes) -> None:
    """Turns one byte of the stored file, as a dying disk does."""
    store.delete(of_digest(sha(data)))
    store.put(of_digest(sha(data)), data[:-1] + b"?")


def standing(who: Person, record: str, data: bytes = PHOTO) -> tuple[str, bool]:
    asked = {"files": [{"record_id": record, "sha256": sha(data)}]}
    found = who.post("/v1/media/verify", asked).json()["files"][0]
    return found["state"], found["safe_to_delete"]


def served(who: Person, record: str, data: bytes = PHOTO) -> bytes:
    return who.get(f"/v1/media/{record}/{sha(data)}").content


def test_a_copy_in_another_place_makes_a_file_safe_to_delete(house: Province) -> None:
    lan = house["lan"]
    record = record_of(lan)["id"]
    lan.upload(PHOTO)
    assert standing(lan, record) == ("verified", False)
    comes_round(house, "mirror files")
    assert standing(lan, record) == ("verified", True)
    copies = DirectoryStore(house.settings.mirror_dir)  # type: ignore[arg-type]
    assert list(copies.keys()) == [of_digest(sha(PHOTO))]


def test_a_damaged_file_is_found_and_repaired_from_its_copy(house: Province) -> None:
    lan = house["lan"]
    record = record_of(lan)["id"]
    lan.upload(PHOTO)
    comes_round(house, "mirror files")
    spoil(house.app.state.store, PHOTO)
    comes_round(house, "recheck files")
    assert served(lan, record) != PHOTO, "not yet due"
    house.clock.advance(RECHECK + 1)
    comes_round(house, "recheck files")
    assert served(lan, record) == PHOTO
    assert standing(lan, record) == ("verified", True)


def test_a_damaged_file_without_a_good_copy_is_asked_for_again(house: Province) -> None:
    lan = house["lan"]
    record = record_of(lan)["id"]
    lan.upload(PHOTO)
    comes_round(house, "mirror files")
    for store in (house.app.state.store, shelf(house).mirror):
        spoil(store, PHOTO)
    house.clock.advance(RECHECK + 1)
    found = check(shelf(house), house.clock.now(), before=house.clock.now())
    assert dict(found) == {"lost": 1}
    assert standing(lan, record) == ("missing", False)
    assert list(house.app.state.store.keys("damaged/")) == [f"damaged/{sha(PHOTO)}"]
    house.clock.advance(1)
    assert lan.upload(PHOTO).headers["Upload-State"] == "verified"
    assert served(lan, record) == PHOTO
    comes_round(house, "mirror files")
    assert standing(lan, record) == ("verified", True)
    assert dict(check(shelf(house), house.clock.now() + 1, before=house.clock.now() + 1)) == {"good": 1}


def test_an_operator_checks_everything_by_a_command(house: Province, capsys: pytest.CaptureFixture[str]) -> None:
    house["lan"].upload(PHOTO)

    class Args:
        verb = "mirror"

    assert blobs.run(Args, house.settings) == 0  # type: ignore[arg-type]
    spoil(house.app.state.store, PHOTO)
    Args.verb = "check"
    assert blobs.run(Args, house.settings) == 0  # type: ignore[arg-type]
    Args.verb = "sweep"
    assert blobs.run(Args, house.settings) == 0  # type: ignore[arg-type]
    assert capsys.readouterr().out.splitlines() == [
        "1 files copied",
        "0 good, 1 repaired, 0 lost",
        "1 files removed",  # it came long before today, and no record names it
    ]


def test_only_what_nobody_can_need_is_swept(house: Province) -> None:
    lan = house["lan"]
    kept = {
        name: f"\xff {name}".encode("latin-1") * 9 for name in ("current", "taken off", "held", "rejected", "young")
    }
    lan.upload(b"nobody names it")
    for data in kept.values():
        lan.upload(data)
    record_of(lan, kept["current"])
    removed = record_of(lan, kept["taken off"])
    lan.does("patch", removed["id"], type="photo", base_ver=1, remove={"media": [file_entry(kept["taken off"])]})
    waits = lan.op("patch", str(uuid.uuid4()), type="photo", base_ver=1, media=[file_entry(kept["held"])])
    refused = lan.op("create", type="no_such_type", media=[file_entry(kept["rejected"])])
    assert [r["status"] for r in lan.push(waits, refused)["results"]] == ["held", "rejected"]
    house.clock.advance(UNUSED + 1)
    lan.upload(kept["young"])
    comes_round(house, "sweep files")
    here = {key.rpartition("/")[2] for key in house.app.state.store.keys("sha256/")}
    assert here == {sha(data) for data in kept.values()}
    assert standing(lan, str(uuid.uuid4()), b"nobody names it") == ("unknown", False)


def test_bytes_that_a_killed_process_left_are_kept_as_long_as_others(house: Province) -> None:
    store, lan = house.app.state.store, house["lan"]
    store.put(of_digest(sha(PHOTO)), PHOTO)
    store.put(of_digest(sha(b"x")), b"not what its name says")
    comes_round(house, "sweep files")
    assert sorted(store.keys()) == sorted([of_digest(sha(PHOTO)), f"damaged/{sha(b'x')}"])
    house.clock.advance(UNUSED - 1)
    record = record_of(lan)["id"]
    assert standing(lan, record) == ("missing", False), "nobody has sent it yet"
    lan.upload(PHOTO)
    house.clock.advance(UNUSED)
    comes_round(house, "sweep files")
    assert served(lan, record) == PHOTO


def test_bytes_that_come_again_while_they_are_swept_stay(house: Province) -> None:
    """The sweep has forgotten the blob and not yet taken its bytes when Lan sends the file anew."""
    lan, store, key = house["lan"], house.app.state.store, of_digest(sha(PHOTO))
    lan.upload(PHOTO)
    house.clock.advance(UNUSED + 1)
    assert house.db.write(sweep.forget, [sha(PHOTO)], house.clock.now() - UNUSED) == [sha(PHOTO)]
    record = record_of(lan)["id"]
    assert standing(lan, record) == ("missing", False)
    lan.upload(PHOTO)
    assert house.db.write(sweep.take, sha(PHOTO), lambda: store.delete(key)) is False
    assert served(lan, record) == PHOTO


STEPS = st.lists(st.sampled_from(["upload", "attach", "detach", "sweep", "day", "month"]), min_size=1, max_size=12)


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_in_no_order_is_a_file_lost_that_counts(house: Province, steps: list[str]) -> None:
    """Whatever was answered `verified` for a record can be read, before and after every sweep."""
    lan, data = house["lan"], uuid.uuid4().bytes
    counting: list[str] = []
    for step in steps:
        if step == "upload":
            assert lan.upload(data).headers["Upload-State"] == "verified"
        elif step == "attach":
            counting.append(record_of(lan, data)["id"])
        elif step == "detach" and counting:
            ver = lan.record(counting[-1])["ver"]
            lan.does("patch", counting[-1], type="photo", base_ver=ver, remove={"media": [file_entry(data)]})
        elif step == "sweep":
            comes_round(house, "sweep files")
        house.clock.advance({"day": DAY, "month": UNUSED}.get(step, 1))
        for record in counting:
            shown = lan.record(record)
            if shown["files"].get(sha(data), {}).get("state") == "verified":
                assert served(lan, record, data) == data


def test_uploads_pushes_and_sweeps_at_once(house: Province) -> None:
    """Old bytes that nobody names come again and are attached while sweeps run without pause."""
    lan, minh = house["lan"], house["minh"]
    photos = [b"\xff\xd8\xff\xe0" + bytes([n]) * 99 for n in range(6)]
    for data in photos:
        lan.upload(data)
    house.clock.advance(UNUSED + 1)
    stop = threading.Event()
    faults: list[BaseException] = []

    def sweeps() -> None:
        now = house.clock.now()
        try:
            while not stop.is_set():
                clean(shelf(house), now, before=now - UNUSED + 1)
        except BaseException as error:  # noqa: BLE001
            faults.append(error)

    sweeper = threading.Thread(target=sweeps)
    sweeper.start()
    records = []
    for data in photos:
        records.append(record_of(minh, data)["id"])
        minh.upload(data)
    stop.set()
    sweeper.join()
    assert faults == []
    for record, data in zip(records, photos, strict=True):
        assert standing(minh, record, data)[0] == "verified"
        assert served(minh, record, data) == data
