"""The drill (invariant 24): a deployment is lost, an older backup comes back, and the phones bring the rest."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from people import DA_MAI, KINH_BAC, YEAR, Province
from phones import Kit
from pictures import jpeg
from postgres import Postgres
from proof import jws
from restores import back_up, bring_back, elsewhere, let_in

SCOPE, OTHER = f"{KINH_BAC}/{YEAR}", f"{DA_MAI}/{YEAR}"


@pytest.fixture
def phones(province: Province, tmp_path: Path) -> Iterator[dict[str, Kit]]:
    made = {name: Kit(province, province[name], tmp_path / name) for name in ("lan", "minh", "nam")}
    yield made
    for kit in made.values():
        kit.close()


def sync_all(phones: dict[str, Kit]) -> None:
    for _ in range(2):
        for kit in phones.values():
            kit.sign(kit.person)
            assert kit.device.sync().stopped is None


def titles(kit: Kit, scope: str = SCOPE) -> list[str]:
    return sorted(doc["data"]["title"] for doc in kit.replica.base(scope))


@pytest.fixture
def lost(province: Province, phones: dict[str, Kit], tmp_path: Path, request: pytest.FixtureRequest) -> dict[str, str]:
    """Work, a backup, more work that the backup does not have, and the restore. Nam's ward is quiet."""
    lan, minh, nam = phones.values()
    shared = lan.device.capture("minutes", SCOPE, set={"title": "Họp"})
    nam.device.capture("minutes", OTHER, set={"title": "Đa Mai"})
    sync_all(phones)
    manifest = back_up(province, tmp_path / "backups")
    photo = lan.device.capture("photo", SCOPE, [(jpeg(), "Ảnh.jpg", "image/jpeg")], set={"title": "Ảnh"})
    lan.replica.edit("patch", "minutes", SCOPE, shared, set={"title": "Họp khu 1"})
    lan.device.sync()
    province.work()
    minh.replica.edit("create", "minutes", "07228/2026", set={"title": "Bị từ chối"})
    minh.device.sync()
    lan.replica.edit("patch", "minutes", SCOPE, shared, set={"title": "Họp khu 1 và 2"})
    lan.device.sync()
    cluster = None if province.db.is_sqlite else request.getfixturevalue("postgres")
    bring_back(province, manifest, elsewhere(province, tmp_path / "other", cluster))
    return {"shared": shared, "photo": photo}


def test_everything_that_is_on_any_device_comes_back_once(
    province: Province, phones: dict[str, Kit], lost: dict[str, str]
) -> None:
    lan, minh, _ = phones.values()
    minh.replica.edit("patch", "minutes", SCOPE, lost["shared"], set={"title": "Họp, bản của Minh"})
    stopped = lan.device.sync().stopped
    assert stopped is not None
    assert "503" in stopped  # nobody has looked yet
    let_in(province)
    sync_all(phones)
    province.work()
    sync_all(phones)
    record = province["tuan"].record(lost["shared"])
    values = {record["data"]["title"], *(o["v"] for c in record["conflicts"] for o in c["others"])}
    assert values == {"Họp khu 1 và 2", "Họp, bản của Minh"}
    assert titles(lan) == titles(minh) == sorted([record["data"]["title"], "Ảnh"])
    kept = province["tuan"].record(lost["photo"])
    assert kept["media_state"] == "complete"
    assert province["tuan"].get(f"/v1/media/{lost['photo']}/{next(iter(kept['files']))}").content == jpeg()
    assert [i["kind"] for i in minh.replica.inbox() if i["kind"] == "rejected"] == ["rejected"]


def test_scopes_that_lost_nothing_are_not_read_again(
    province: Province, phones: dict[str, Kit], lost: dict[str, str]
) -> None:
    nam, lan = phones["nam"], phones["lan"]
    now = let_in(province)
    asked = {"epoch": now, "cursor": nam.replica.get("cursor")}
    page = nam.person.post("/v1/sync/pull", asked).json()
    assert (page["reload"], page["changes"]) == ([], [])
    page = lan.person.post("/v1/sync/pull", {**asked, "cursor": lan.replica.get("cursor")}).json()
    assert page["reload"] == [SCOPE]
    sync_all({"nam": nam})
    assert titles(nam, OTHER) == ["Đa Mai"]


def test_receipts_of_both_lineages_stay_verifiable(
    province: Province, phones: dict[str, Kit], lost: dict[str, str]
) -> None:
    lan = phones["lan"]
    before = lan.replica.receipts()
    let_in(province)
    sync_all(phones)
    keys = province.http.get("/.well-known/jwks.json").json()["keys"]
    said = [jws.verify(text, keys, "mc-receipt+jws") for text in lan.replica.receipts()]
    assert len(said) > len(before)
    assert len({payload["epoch"] for payload in said}) == 2


def test_a_phone_that_freed_what_was_backed_up_brings_the_rest(
    province: Province, phones: dict[str, Kit], tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    lan = phones["lan"]
    lan.device.capture("photo", SCOPE, [(jpeg(), "Ảnh.jpg", "image/jpeg")], set={"title": "Ảnh"})
    sync_all({"lan": lan})
    assert (lan.device.free(), len(lan.rows("sent"))) == (0, 1)  # no backup yet
    manifest = back_up(province, tmp_path / "backups")
    lan.device.capture("minutes", SCOPE, set={"title": "Sau bản sao"})
    sync_all({"lan": lan})
    assert lan.device.free() == len(jpeg())
    assert len(lan.rows("sent")) == 1
    cluster: Postgres | None = None if province.db.is_sqlite else request.getfixturevalue("postgres")
    bring_back(province, manifest, elsewhere(province, tmp_path / "other", cluster))
    let_in(province)
    sync_all({"lan": lan})
    assert titles(lan) == ["Sau bản sao", "Ảnh"]
    assert lan.replica.pending() == 0
