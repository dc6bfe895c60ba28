"""A file stays on the phone until its record says that the service has it, and one bad file stops no other."""

from minhchung_client.files import Files
from people import Province
from phones import SCOPE, Kit
from pictures import jpeg
from sync import backups
from sync.files import backed_up


def states(kit: Kit) -> list[str]:
    return [state for (state,) in kit.connection.execute("select state from file order by sha256")]


def test_a_file_is_waiting_then_sent_then_verified_by_its_record(phones: dict[str, Kit], province: Province) -> None:
    lan = phones["lan"]
    lan.device.capture("photo", SCOPE, [(jpeg(), "Ảnh.jpg", "image/jpeg")], set={"title": "Ảnh"})
    assert states(lan) == ["waiting"]
    while lan.device.push_once() or lan.device.upload_once():
        pass
    assert states(lan) == ["sent"]
    province.work()
    lan.device.sync()
    assert states(lan) == ["verified"]
    assert len(list((lan.folder / "files").iterdir())) == 1


def test_each_file_says_how_far_it_has_come_and_leaves_the_phone_only_when_it_is_safe(
    phones: dict[str, Kit], province: Province
) -> None:
    """Received, verified, in a second copy; and safe once a backup holds its record too, and no op waits to name it."""
    lan, photo, now = phones["lan"], jpeg(), province.clock.now()
    record = lan.device.capture("photo", SCOPE, [(photo, "Ảnh.jpg", "image/jpeg")], set={"title": "Ảnh"})

    def told() -> list[bool]:
        (file,) = lan.replica.attachments()
        assert (file["name"], file["size"], file["record_id"], file["problem"]) == ("Ảnh.jpg", len(photo), record, None)
        return [file[step] for step in ("received", "verified", "backed_up", "safe")]

    assert told() == [False] * 4
    while lan.device.push_once() or lan.device.upload_once():
        pass
    assert told() == [True, False, False, False]
    province.work()
    lan.device.sync()
    assert told() == [True, True, False, False]
    digest = lan.replica.attachments()[0]["sha256"]
    province.db.write(backed_up, province.app.state.types, [digest], now)
    lan.device.sync()
    assert told() == [True, True, True, False], "a service that is restored would not know the record"
    assert lan.device.free() == 0
    seq = lan.connection.execute("select seq from file").fetchone()[0]
    province.db.write(backups.record, backups.Taken("b1", now, "e", "/mnt", {SCOPE: seq}), now)
    lan.device.capture("photo", SCOPE, [(photo, "Ảnh.jpg", "image/jpeg")], set={"title": "Cùng tệp"})
    lan.device.pull_once()
    assert told()[-1] is False, "an op that names it waits to be sent"
    lan.device.sync()
    assert told() == [True] * 4
    assert lan.device.free() == len(photo)
    assert list((lan.folder / "files").iterdir()) == []


def test_a_file_of_which_other_bytes_arrived_is_kept_told_and_sent_anew(phones: dict[str, Kit]) -> None:
    lan, photo = phones["lan"], jpeg()
    lan.device.capture("photo", SCOPE, [(photo, "Ảnh.jpg", "image/jpeg")], set={"title": "Ảnh"})
    (kept,) = (lan.folder / "files").iterdir()
    kept.write_bytes(photo[:-1] + b"?")
    assert lan.device.sync().stopped is None
    assert [(i["kind"], i["code"], i["name"]) for i in lan.replica.inbox()] == [("file", "hash_mismatch", "Ảnh.jpg")]
    lan.device.attach(lan.replica.records("photo")[0]["id"], [(photo, "Ảnh.jpg", "image/jpeg")])  # picked once more
    assert lan.device.sync().uploaded == 1
    assert lan.replica.inbox() == []


def test_a_copy_that_cannot_be_read_keeps_no_other_file_back(phones: dict[str, Kit]) -> None:
    lan = phones["lan"]
    for seed in (1, 2, 3):
        lan.device.capture("photo", SCOPE, [(jpeg(seed), f"{seed}.jpg", "image/jpeg")], set={"title": "Ảnh"})
    first = min((lan.folder / "files").iterdir())
    first.unlink()
    report = lan.device.sync()
    assert (report.stopped, report.uploaded) == (None, 2)
    assert [(i["code"], i["sha256"]) for i in lan.replica.inbox()] == [("file_unreadable", first.name)]


def test_a_file_too_large_for_the_service_is_told_and_keeps_no_other_back(
    phones: dict[str, Kit], province: Province
) -> None:
    lan, small = phones["lan"], jpeg()
    small_service = province.settings.model_copy(update={"upload_max_bytes": len(small)})
    province.app.state.settings = small_service
    for n, data in enumerate((small, jpeg(size=200))):
        lan.device.capture("photo", SCOPE, [(data, f"{n}.jpg", "image/jpeg")], set={"title": "Ảnh"})
    report = lan.device.sync()
    assert (report.stopped, report.uploaded) == (None, 1)
    assert [(i["code"], i["name"], i["action"]) for i in lan.replica.inbox()] == [("upload_too_large", "1.jpg", "edit")]
    assert states(lan).count("waiting") == 1


def test_an_upload_that_the_service_forgot_begins_anew(phones: dict[str, Kit], province: Province) -> None:
    lan, photo = phones["lan"], jpeg(size=1900)
    lan.device.capture("photo", SCOPE, [(photo, "Ảnh.jpg", "image/jpeg")], set={"title": "Ảnh"})
    lan.device.push_once()
    lan.device.upload_once(pieces=1)
    province.clock.advance((province.settings.upload_ttl_hours + 1) * 3_600_000)
    lan.sign(lan.person)
    assert (lan.device.sync().stopped, lan.device.sync().uploaded) == (None, 1)


def test_after_a_restore_what_no_record_confirmed_is_sent_again(phones: dict[str, Kit]) -> None:
    lan = phones["lan"]
    lan.device.capture("photo", SCOPE, [(jpeg(), "Ảnh.jpg", "image/jpeg")], set={"title": "Ảnh"})
    while lan.device.push_once() or lan.device.upload_once():
        pass
    lan.replica.begin_epoch("restored")
    assert states(lan) == ["waiting"]


def test_a_damaged_copy_is_replaced_when_the_file_is_kept_again(phones: dict[str, Kit]) -> None:
    folder = phones["lan"].folder / "more"
    files, photo = Files(folder), jpeg()
    entry = files.keep(photo, "Ảnh.jpg", "image/jpeg")
    (folder / entry["sha256"]).write_bytes(b"")
    source = phones["lan"].folder / "Ảnh.jpg"
    source.write_bytes(photo)
    assert files.keep(source, "Ảnh.jpg", "image/jpeg") == entry
    assert [(p.name, p.read_bytes()) for p in folder.iterdir()] == [(entry["sha256"], photo)]


def test_one_photo_for_two_records_travels_once_and_counts_for_both(phones: dict[str, Kit], province: Province) -> None:
    lan, photo = phones["lan"], jpeg()
    made = [
        lan.device.capture("photo", SCOPE, [(photo, "Ảnh.jpg", "image/jpeg")], set={"title": title})
        for title in ("Một", "Hai")
    ]
    lan.device.sync()
    province.work()
    lan.device.sync()
    shown = [(lan.replica.record(record_id) or {})["files"] for record_id in made]
    assert [f["state"] for files in shown for f in files.values()] == ["verified"] * 2
    assert sum(r.method == "PATCH" for r in lan.weather.seen) == 1
