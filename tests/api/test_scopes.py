"""Scopes that come, go and look different: no page shows too much, and no phone keeps or lacks anything (9, 10, 11)."""

import os
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

from sqlmodel import col, select

from auth.principal import Role
from minhchung_client import Device
from people import DA_MAI, KINH_BAC, YEAR, Province
from phones import SCOPE, Kit
from sync.models import Record

UNITS = (KINH_BAC, DA_MAI, "09163")
SEEDS = int(os.environ.get("SCOPE_SEEDS", "4"))


def held(province: Province, scope: str) -> dict[str, int]:
    """What the service holds in a scope."""
    found = select(Record).where(col(Record.scope) == scope)
    return {r.id: r.ver for r in province.db.read(lambda s: s.exec(found).all())}


def test_a_role_that_sees_with_other_eyes_reads_its_scope_anew_and_no_other(province: Province) -> None:
    lan = province["lan"]
    made = lan.does("create", set={"title": "Cũ"})["record"]
    cursor = lan.pull()["cursor"]
    province.grant("lan", KINH_BAC, Role.UNIT_EDITOR)
    assert lan.pull(cursor)["reload"] == [], "it may do what it could do before"
    province.grant("lan", KINH_BAC, Role.PROVINCE_APPRAISER)
    page = lan.pull(cursor)
    assert page["reload"] == [SCOPE]
    assert [c["record"]["id"] for c in page["changes"]] == [made["id"]]
    assert lan.pull(page["cursor"])["reload"] == []


def test_a_type_that_the_app_does_not_know_comes_as_a_stub_and_whole_after_the_upgrade(province: Province) -> None:
    lan, nam = province["lan"], province["nam"]
    province.grant("lan", DA_MAI, Role.UNIT_EDITOR)
    minutes = lan.does("create", set={"title": "Họp"})["record"]
    photo = lan.does("create", type="photo", set={"title": "Ảnh"})["record"]
    lan.does("delete", photo["id"], type="photo", base_ver=1)
    nam.does("create", unit=DA_MAI, set={"title": "Họp"})
    old, new = ["unit", "criterion", "minutes"], ["unit", "criterion", "minutes", "photo"]
    page = lan.post("/v1/sync/pull", {"types": old, "limit": 1000}).json()
    found = {c["record"]["id"]: c["record"] for c in page["changes"] if c["scope"] == SCOPE}
    assert found[minutes["id"]]["data"]["title"] == "Họp"
    named = {"id": photo["id"], "type": "photo", "scope": SCOPE, "ver": 2}
    assert found[photo["id"]] == {**named, "deleted": True, "data": {}, "unsupported": True}
    again = lan.post("/v1/sync/pull", {"types": old, "cursor": page["cursor"]}).json()
    assert (again["reload"], again["changes"]) == ([], [])
    page = lan.post("/v1/sync/pull", {"types": new, "cursor": page["cursor"]}).json()
    assert page["reload"] == [SCOPE], "scopes without stubs go on"
    assert {c["record"]["id"]: c["record"]["data"].get("title") for c in page["changes"]}[photo["id"]] == "Ảnh"
    assert lan.post("/v1/sync/pull", {"types": new, "cursor": page["cursor"]}).json()["reload"] == []


def test_a_page_is_as_new_as_the_answers_that_the_client_has_seen(province: Province) -> None:
    lan = province["lan"]
    place = lan.does("create", set={"title": "Mới"})["seq"]
    page = lan.post("/v1/sync/pull", {"min_heads": {SCOPE: place["seq"], "09999/2026": 7}}).json()
    assert page["heads"][SCOPE] == place["seq"]
    answer = lan.post("/v1/sync/pull", {"min_heads": {SCOPE: place["seq"] + 1}})
    assert (answer.status_code, answer.json()["code"]) == (503, "behind")
    assert 2 <= int(answer.headers["Retry-After"]) <= 8


def test_a_scope_that_the_client_asks_for_anew_is_sent_from_its_start_once(province: Province) -> None:
    lan = province["lan"]
    lan.push(*(lan.op("create", set={"title": str(n)}) for n in range(5)))
    page = {"cursor": lan.pull()["cursor"], "reload": [SCOPE, f"{DA_MAI}/{YEAR}"], "limit": 2}
    first = lan.post("/v1/sync/pull", page).json()
    assert (first["reload"], first["removed"]) == ([SCOPE], [f"{DA_MAI}/{YEAR}"])
    rest = lan.pull(first["cursor"], 2)
    assert rest["reload"] == []
    assert [c["seq"] for c in first["changes"] + rest["changes"]] == [1, 2, 3, 4, 5]


class Narrow:
    """A transport whose pages have two rows; each is shown to `check` before the phone takes it."""

    def __init__(self, kit: Kit, check: Callable[[dict[str, Any]], None]) -> None:
        self.kit, self.check = kit, check

    def pull(self, body: dict[str, Any]) -> Any:
        page = self.kit.http.pull({**body, "limit": 2})
        self.check(page)
        return page


def test_a_phone_holds_what_it_may_see_whatever_happens_between_its_pages(province: Province, tmp_path: Path) -> None:
    for unit in UNITS:
        province.grant("lan", unit, Role.UNIT_EDITOR)
    province.revoke("nam", DA_MAI, Role.FIELD_OFFICER)
    kit = Kit(province, province["nam"], tmp_path / "nam")
    kit.device.sync()
    story = Story(province, kit)
    for seed in range(SEEDS):
        story.play(Random(seed), f"seed {seed}")
    kit.close()


class Story:
    """Lan writes in three wards; Nam's rights and phone come and go."""

    def __init__(self, province: Province, kit: Kit) -> None:
        self.province, self.kit = province, kit
        self.lan = province["lan"]
        self.rights: set[str] = set()
        self.records: dict[str, tuple[str, int]] = {}
        self.phone = Device(kit.replica, Narrow(kit, self.check))  # type: ignore[arg-type]
        self.waiting: list[Any] = []

    def check(self, page: dict[str, Any]) -> None:
        """Invariant 10, as of now: nothing moves between the service's answer and this look."""
        may = {f"{u}/{YEAR}" for u in self.rights} | {f"programme/{YEAR}", f"user:{self.province['nam'].account_id}"}
        assert {c["scope"] for c in page["changes"]} <= may
        assert {c["record"]["scope"] for c in page["changes"] if c["kind"] == "put"} <= may
        assert set(page["count_digest"]) <= may

    def play(self, rng: Random, name: str) -> None:
        for _ in range(40):
            rng.choice((self.turn, self.write, self.write, self.write, self.pull, self.pull, self.edit))(rng)
        while self.phone.pull_once() or self.kit.replica.diverged():
            pass
        assert self.kit.replica.diverged() == [], name
        for unit in UNITS:
            scope = f"{unit}/{YEAR}"
            here = {d["id"]: d["ver"] for d in self.kit.replica.base(scope)}
            assert here == (held(self.province, scope) if unit in self.rights else {}), f"{name} {scope}"
        assert self.kit.rows("outbox") == self.waiting, f"{name}: the outbox was touched"

    def turn(self, rng: Random) -> None:
        unit = rng.choice(UNITS)
        change = self.province.revoke if unit in self.rights else self.province.grant
        change("nam", unit, Role.FIELD_OFFICER)
        self.rights ^= {unit}

    def write(self, rng: Random) -> None:
        unit = rng.choice(UNITS)
        if not self.records or rng.random() < 0.3:
            record = self.lan.does("create", unit=unit, set={"title": f"{rng.random()}"})["record"]
        else:
            record_id = rng.choice(sorted(self.records))
            where, ver = self.records[record_id]
            action, change = rng.choice((("patch", {"title": f"{rng.random()}"}), ("delete", {}), ("move", {})))
            rest = {"base_ver": ver, "set": change} if change else {"base_ver": ver}
            there = unit if action == "move" else where
            record = self.lan.does(action, record_id, unit=there, **rest)["record"]
        self.records[record["id"]] = (record["scope"].partition("/")[0], record["ver"])

    def pull(self, _rng: Random) -> None:
        self.phone.pull_once()

    def edit(self, rng: Random) -> None:
        scope = f"{rng.choice(UNITS)}/{YEAR}"
        self.kit.replica.edit("create", "minutes", scope, set={"title": "ngoại tuyến"})
        outbox = self.kit.rows("outbox")
        assert outbox[:-1] == self.waiting
        self.waiting = outbox
