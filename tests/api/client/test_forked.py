"""A phone that was cloned, or put back from its backup: nothing is lost, nothing comes twice (protocol P52)."""

import shutil
from pathlib import Path
from typing import Any

import httpx
import pytest

from auth import accounts
from auth.accounts import OPERATOR
from auth.principal import Grant, Role
from minhchung_client import NeedsEnrolment
from people import Person, Province
from phones import SCOPE, Kit
from pictures import jpeg


def enrol(province: Province, kit: Kit) -> None:
    code = province["quan"].post(f"/v1/accounts/{kit.person.account_id}/enrolments", {}).json()["code"]
    kit.http.enrol(code, "Máy Lan")


def clone(kit: Kit, folder: Path, province: Province) -> Kit:
    """The same phone once more, as it is now."""
    made = Kit(province, kit.person, folder)
    made.close()
    kit.connection.execute("pragma wal_checkpoint(truncate)")
    shutil.copy(kit.folder / "replica.db", folder / "replica.db")
    made.open()
    return made


def titles(person: Person) -> list[str]:
    changes: list[Any] = person.pull()["changes"]
    return sorted(c["record"]["data"]["title"] for c in changes if c["scope"] == SCOPE)


def test_a_cloned_phone_goes_on_as_another_client(phones: dict[str, Kit], province: Province, tmp_path: Path) -> None:
    lan = phones["lan"]
    enrol(province, lan)
    lan.device.capture("minutes", SCOPE, set={"title": "Trước"})
    lan.device.sync()
    both = lan.device.capture("minutes", SCOPE, set={"title": "Ở cả hai"})
    twin = clone(lan, tmp_path / "twin", province)
    lan.device.capture("minutes", SCOPE, set={"title": "Máy cũ"})
    assert lan.device.sync().pushed == 2
    mine = twin.device.capture("minutes", SCOPE, set={"title": "Máy mới"})
    twin.replica.edit("patch", "minutes", SCOPE, mine, set={"chair": "Ông Đức"})

    report = twin.device.sync()
    assert (report.pushed, report.needs_enrolment) == (0, True)
    later = twin.device.capture("minutes", SCOPE, set={"title": "Lúc chờ"})
    with pytest.raises(NeedsEnrolment):
        twin.device.push_once()
    enrol(province, twin)
    twin.weather.next = [twin.weather.lost_answer]  # to the question what became of them
    assert twin.device.sync().pushed == 0
    twin.weather.next = [twin.weather.through, twin.weather.lost_answer]  # and to the push
    assert twin.device.sync().pushed == 0
    report = twin.device.sync()
    assert (report.stopped, report.pushed, twin.replica.pending()) == (None, 3, 0)

    assert titles(province["minh"]) == ["Lúc chờ", "Máy cũ", "Máy mới", "Trước", "Ở cả hai"]
    assert {r["id"] for r in twin.replica.records("minutes")} >= {both, mine, later}
    assert province["minh"].record(mine)["data"]["chair"] == "Ông Đức"
    assert twin.replica.inbox() == lan.replica.inbox() == []
    twin.device.capture("minutes", SCOPE, set={"title": "Sau"})
    lan.device.capture("minutes", SCOPE, set={"title": "Vẫn máy cũ"})
    assert (twin.device.sync().pushed, lan.device.sync().pushed) == (1, 1)
    assert twin.replica.get("dev_seq") == "4"
    twin.close()


def test_a_group_is_never_cut_and_goes_plain_to_a_service_that_takes_nothing_packed(
    phones: dict[str, Kit], province: Province
) -> None:
    lan = phones["lan"]
    for n in range(4):
        lan.device.capture("minutes", SCOPE, set={"title": f"Lẻ {n}", "body": "dài " * 300})
    group = [lan.device.capture("minutes", SCOPE, set={"title": f"Nhóm {n}"}, tx="g") for n in range(3)]
    assert [len(lan.replica.batch(max_ops=n)) for n in (5, 6, 7)] == [4, 4, 7]
    lan.weather.next = [lambda _request: httpx.Response(415)]
    report = lan.device.sync()
    assert (report.stopped, report.pushed) == (None, 7)
    assert [r.headers.get("Content-Encoding") for r in lan.weather.seen[:2]] == ["gzip", None]
    assert {r["id"] for r in lan.replica.records("minutes")} >= set(group)
    for title in ("a", "b", "c"):
        lan.device.capture("minutes", SCOPE, set={"title": title}, tx="đầu")
    assert len(lan.replica.batch(max_ops=1)) == 3  # a group at the front goes whole, whatever its size


def test_files_that_nobody_may_keep_are_deleted_and_those_with_a_second_copy_may_be(
    phones: dict[str, Kit], province: Province
) -> None:
    lan = phones["lan"]
    grant = Grant("*", Role.DATA_PROTECTION_OFFICER)
    province.db.write(accounts.create_account, OPERATOR, "bao", "Bảo", province.clock.now(), grants=(grant,))
    bao = Person(province, "bao")
    kept = [
        lan.device.capture("photo", SCOPE, [(jpeg(n), f"{n}.jpg", "image/jpeg")], set={"title": "Ảnh"})
        for n in (1, 2, 3)
    ]
    lan.device.sync()
    province.work()
    lan.device.sync()
    digests = [next(iter(lan.replica.record(r)["files"])) for r in kept]  # type: ignore[index]
    bao.post(f"/v1/media/{kept[0]}/{digests[0]}/quarantine", {"reason": "personal_data"})
    wish = {"redaction_id": "0198f2a4-7c1e-7d02-9a51-6f0c2b7e4d10", "reason": "subject_request", "basis": "Điều 14"}
    assert bao.post(f"/v1/records/{kept[1]}/redactions", wish).json()["files"] == [digests[1]]
    lan.device.sync()
    assert [p.name for p in (lan.folder / "files").iterdir()] == [digests[2]]
