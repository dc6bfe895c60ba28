"""Units and criteria over HTTP and on the command line: everyone looks them up, Chị Mai imports."""

import argparse
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from httpx import Response
from sqlmodel import SQLModel

from auth.keyring import Keyring
from auth.principal import Grant, Principal, Role
from programme import catalogue, units
from programme.errors import CriteriaSetUnknown
from service import deps, problems
from service.clock import ManualClock
from service.commands import catalogue as catalogue_command
from service.commands import units as units_command
from service.db import Database
from service.limits import Limits
from service.routes import catalogue as catalogue_routes
from service.settings import Settings
from sync.epoch import ensure_epoch

KINH_BAC = "09187"
NOW = 1_790_000_000_000
SHIPPED = catalogue.packaged().decode()
NEWER = SHIPPED.replace("version: 0.1.0", "version: 0.2.0", 1)
BROKEN = SHIPPED.replace("due: 03-31", "due: 03-32", 1).replace("form: link", "form: paper", 1)

LAN = Principal("lan", "phone", (Grant(KINH_BAC, Role.FIELD_OFFICER),))
HA = Principal("ha", "desk", (Grant(KINH_BAC, Role.ADMINISTRATOR),))
MAI = Principal("mai", "desk", (Grant("*", Role.ADMINISTRATOR),))


class Desk:
    """The service with the province's units and no criteria; `caller` is who asks."""

    def __init__(self, folder: Path) -> None:
        self.app = FastAPI()
        self.app.include_router(catalogue_routes.router)
        problems.install(self.app)
        self.settings = Settings(data_dir=folder)
        self.db = Database(self.settings.db_url)
        SQLModel.metadata.create_all(self.db.writer)
        self.db.write(units.load_units)
        self.clock = ManualClock(NOW)
        self.app.state.database, self.app.state.clock = self.db, self.clock
        self.app.state.settings = self.settings
        self.db.write(ensure_epoch, NOW)
        self.caller = LAN
        self.app.dependency_overrides[deps._caller] = lambda: self.caller
        self.http = TestClient(self.app)

    def get(self, path: str) -> Response:
        answer: Response = self.http.get(path)
        return answer

    def post(
        self, text: str | bytes, caller: Principal = MAI, query: str = "", kind: str = "application/yaml"
    ) -> Response:
        self.caller = caller
        headers = {"Content-Type": kind}
        answer: Response = self.http.post(f"/v1/criteria-sets{query}", content=text, headers=headers)
        return answer

    def versions(self) -> list[str]:
        return [found["version"] for found in self.get("/v1/criteria-sets").json()]

    def command(self, *words: str) -> int:
        parser = argparse.ArgumentParser()
        subparsers = parser.add_subparsers()
        for module in (catalogue_command, units_command):
            module.add_parser(subparsers)
        args = parser.parse_args(words)
        code: int = args.run(args, self.settings)
        return code


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path)
    yield made
    made.http.close()
    made.db.close()


def refusal(answer: Response) -> tuple[int, str]:
    assert answer.headers["content-type"] == "application/problem+json"
    return answer.status_code, answer.json()["code"]


def test_lan_finds_a_ward_without_typing_marks(desk: Desk) -> None:
    page = desk.get("/v1/units?q=kinh+bac&kind=ward").json()
    names = {"name_vi": "Kinh Bắc", "name_en": "Kinh Bac"}
    ward = {"code": KINH_BAC, **names, "kind": "ward", "parent": None, "active": True}
    assert page == {"cursor": None, "units": [ward]}
    assert desk.get(f"/v1/units/{KINH_BAC}").json() == page["units"][0]


def test_the_pages_of_units_join_without_gap_or_repeat(desk: Desk) -> None:
    seen, cursor = [], ""
    while cursor is not None:
        page = desk.get(f"/v1/units?limit=40&cursor={cursor}").json()
        seen += [unit["code"] for unit in page["units"]]
        cursor = page["cursor"]
    assert seen == sorted(set(seen))
    assert len(seen) == 131


def test_a_unit_or_kind_that_is_not_there(desk: Desk) -> None:
    assert refusal(desk.get("/v1/units/00000")) == (404, "unit_unknown")
    assert refusal(desk.get("/v1/units?kind=xa")) == (422, "malformed")
    assert refusal(desk.get("/v1/units?q=%00")) == (422, "malformed")
    assert refusal(desk.get("/v1/criteria-sets/none/1")) == (404, "criteria_set_unknown")


def test_who_is_not_signed_in_sees_nothing(desk: Desk) -> None:
    desk.app.dependency_overrides.clear()
    desk.app.state.settings, desk.app.state.limits = desk.settings, Limits()
    desk.app.state.keyring = Keyring(desk.settings.data_dir / "keys")
    for path in ("/v1/units", f"/v1/units/{KINH_BAC}", "/v1/criteria-sets", "/v1/criteria-sets/a/1"):
        assert refusal(desk.get(path)) == (401, "token_missing")


def test_an_imported_set_is_read_back_kind_by_kind(desk: Desk) -> None:
    made = desk.post(SHIPPED).json()
    assert made | {"digest": ""} == {
        "id": "bn-dien-hinh-antq", "version": "0.1.0", "digest": "", "items": 209, "outcome": "imported",
    }  # fmt: skip
    summary = desk.get("/v1/criteria-sets").json()[0]
    assert summary["digest"] == made["digest"]
    assert summary["imported_at"] == "2026-09-21T14:13:20.000Z"
    whole = desk.get("/v1/criteria-sets/bn-dien-hinh-antq/0.1.0").json()
    assert Counter(item["unit_kind"] for item in whole["items"]) == {
        "commune": 36, "ward": 36, "special_zone": 35, "agency": 34, "enterprise": 34, "school": 34,
    }  # fmt: skip
    wards = desk.get("/v1/criteria-sets/bn-dien-hinh-antq/0.1.0?kind=ward").json()["items"]
    assert [item["position"] for item in wards] == list(range(1, 37))
    assert wards[0] == {
        "code": "PH-P01", "unit_kind": "ward", "group_code": "PH-P", "position": 1, "shared_key": "P01",
        "title_vi": 'Kết quả đạt tiêu chuẩn "An toàn về an ninh, trật tự" của kỳ đánh giá',
        "title_en": 'Result against the "Safe in security and order" standard for the period',
        "check": "status_is:recognised", "evidence_kinds": ["recognition"], "min_evidence": 1, "frequency": "yearly",
        "due": "11-19", "responsible_role": "unit_editor", "applies_when": None, "points": None, "privacy": [],
        "status": "official", "source": {"instrument": "KH188", "ref": "II.1; hạn theo TT124 Điều 9 khoản 1"},
        "maps_to_3554": None,
        "note": "KH188 names it as the basis for registration; whether QD3554 makes it a hard condition is unknown.",
    }  # fmt: skip
    assert [group["code"] for group in whole["head"]["unit_kinds"][1]["groups"]] == [f"PH-{g}" for g in "PABCDEM"]


def test_a_broken_file_is_refused_with_every_fault_and_nothing_comes_in(desk: Desk) -> None:
    answer = desk.post(BROKEN)
    assert refusal(answer) == (422, "catalogue_invalid")
    lines = [number for number, line in enumerate(BROKEN.split("\n"), 1) if "form: paper" in line or "03-32" in line]
    assert [fault["line"] for fault in answer.json()["errors"]] == lines
    assert set(answer.json()["errors"][0]) == {"line", "key", "rule", "detail_vi", "detail_en"}
    assert "2 lỗi" in answer.json()["title"]
    assert desk.versions() == []


@pytest.mark.parametrize("body", [b"\xff\xfe", b"a: &a [*a]", b"[" * 5000, b"\x00", b"schema_version: 1"])
def test_bytes_that_are_no_catalogue_are_refused(desk: Desk, body: bytes) -> None:
    assert refusal(desk.post(body)) == (422, "catalogue_invalid")


def test_a_version_stays_what_it_was(desk: Desk) -> None:
    desk.post(SHIPPED)
    assert refusal(desk.post(SHIPPED.replace("points: 3", "points: 4", 1))) == (409, "catalogue_version_reused")
    spelled_otherwise = "# the same content\n" + SHIPPED.replace(
        "source: {instrument: TT124,", "source: {instrument: 'TT124',"
    )
    assert desk.post(spelled_otherwise, kind="text/plain").json()["outcome"] == "unchanged"
    assert desk.versions() == ["0.1.0"]


def test_the_set_imported_last_is_the_active_one(desk: Desk) -> None:
    with pytest.raises(CriteriaSetUnknown):
        desk.db.read(catalogue.active_set)
    assert desk.db.read(catalogue.active_version) is None
    desk.post(NEWER)
    desk.clock.advance(1)
    desk.post(SHIPPED)
    assert desk.versions() == ["0.1.0", "0.2.0"]
    assert desk.db.read(catalogue.active_version) == "bn-dien-hinh-antq/0.1.0"
    desk.clock.advance(1)
    desk.post(NEWER)  # known already: nothing changes
    assert desk.db.read(catalogue.active_set).version == "0.1.0"


def test_a_dry_run_says_the_same_and_changes_nothing(desk: Desk) -> None:
    assert desk.post(SHIPPED, query="?dry_run=true").json()["outcome"] == "checked"
    assert refusal(desk.post(BROKEN, query="?dry_run=true")) == (422, "catalogue_invalid")
    assert desk.versions() == []


@pytest.mark.parametrize("caller", [LAN, HA])
def test_only_an_administrator_of_the_province_imports(desk: Desk, caller: Principal) -> None:
    assert refusal(desk.post(SHIPPED, caller)) == (403, "not_permitted")
    assert desk.versions() == []


def test_what_counts_as_proof_of_an_item(desk: Desk) -> None:
    desk.post(SHIPPED)
    items = {item.code: item for item in desk.db.read(catalogue.items_of, "commune")}
    assert catalogue.allowed_kinds(items["XA-C05"]) == ["patrol_log", "photo", "plan", "statistics"]
    assert items["XA-C05"].min_evidence == 1
    kinds = desk.db.read(catalogue.evidence_kinds)
    assert {kind for item in items.values() for kind in catalogue.allowed_kinds(item)} <= set(kinds)
    assert (kinds["patrol_log"].form, kinds["patrol_log"].default_sensitivity) == ("structured", 3)
    assert (kinds["police_confirmation"].form, kinds["media_item"].form) == ("index_only", "link")


def test_the_command_checks_imports_and_lists(desk: Desk, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    good, bad = tmp_path / "good.yaml", tmp_path / "bad.yaml"
    good.write_text(SHIPPED, encoding="utf-8")
    bad.write_text(BROKEN, encoding="utf-8")
    for verb in ("check", "import"):
        assert desk.command("catalogue", verb, str(bad)) == 1
        told = capsys.readouterr().err.splitlines()
        assert len(told) == 3
        assert all(line.startswith(f"{bad}:") for line in told[1:])
    assert desk.command("catalogue", "import", str(tmp_path / "none.yaml")) == 1
    for line, outcome in (
        (f"check {good}", "no fault"),
        (f"import {good} --dry-run", "checked"),
        (f"import {good}", "imported"),
        (f"import {good}", "unchanged"),
        ("list", "bn-dien-hinh-antq\t0.1.0"),
    ):
        capsys.readouterr()
        assert desk.command("catalogue", *line.split()) == 0
        assert capsys.readouterr().out.startswith(outcome)


def test_the_command_imports_units(desk: Desk, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = tmp_path / "units.csv"
    table.write_text("code,name_vi,name_en,kind\nGD-900,Trường A,School A,school\n", encoding="utf-8")
    assert desk.command("units", "import", str(table)) == 0
    assert capsys.readouterr().out == "1 added, 0 changed, 0 unchanged\n"
    table.write_text("code,name_vi,name_en,kind\nGD-901,,,school\n", encoding="utf-8")
    assert desk.command("units", "import", str(table)) == 1
    assert len(capsys.readouterr().err.splitlines()) == 3
