"""The province's units: what comes with the service, what an import may say, and finding one by name in haste."""

import csv
import unicodedata
from collections import Counter
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlmodel import SQLModel

from programme import units
from programme.errors import UnitsInvalid, UnitUnknown
from programme.unit_table import read_units
from programme.units import UnitImport, fold
from service.db import Database

HEADER = "code,name_vi,name_en,kind,parent\n"
HIEP_HOA = "07840"


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Database]:
    database = Database(f"sqlite:///{tmp_path / 'units.db'}")
    SQLModel.metadata.create_all(database.writer)
    yield database
    database.close()


@pytest.fixture
def province(empty: Database) -> Database:
    empty.write(units.load_units)
    return empty


def names(database: Database, text: str, **more: Any) -> list[str]:
    return [unit.name_vi for unit in database.read(units.search_units, text, **more)]


def faults(database: Database, table: str | bytes) -> list[tuple[int, str, str]]:
    with pytest.raises(UnitsInvalid) as caught:
        database.write(units.import_units, table)
    found = caught.value.params["errors"]
    assert all(f["detail_vi"] and f["detail_en"] for f in found)
    return [(f["line"], f["key"], f["rule"]) for f in found]


def test_the_province_has_66_communes_and_33_wards(province: Database) -> None:
    kinds = Counter(unit.kind for unit in province.read(units.search_units))
    assert kinds == {"commune": 66, "ward": 33, "agency": 12, "enterprise": 8, "school": 12}


def test_packaged_names_are_in_normal_form_and_match_their_english_names() -> None:
    for name in units.PACKAGED:
        text = files("programme").joinpath("data", name).read_text(encoding="utf-8")
        assert unicodedata.is_normalized("NFC", text)
    with files("programme").joinpath("data", "communes.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len({row["code"] for row in rows}) == len({row["name_vi"] for row in rows}) == 99
    assert [row["code"] for row in rows if fold(row["name_vi"]) != fold(row["name_en"])] == []


def test_loading_again_changes_nothing_and_keeps_corrections(province: Database) -> None:
    province.write(units.import_units, HEADER + f"{HIEP_HOA},Hiệp Hoà,Hiep Hoa,commune,\n")
    assert province.write(units.load_units) == UnitImport(added=0, changed=0, unchanged=131)
    assert province.read(units.get_unit, HIEP_HOA).name_vi == "Hiệp Hoà"


@pytest.mark.parametrize("typed", ["hoa", "HOA", "hòa", "hoà", unicodedata.normalize("NFD", "Hòa"), " hoa "])
def test_hoa_is_found_however_it_is_typed(province: Database, typed: str) -> None:
    assert {"Hiệp Hòa", "Nhân Hòa", "Phúc Hòa"} <= set(names(province, typed))


def test_a_unit_is_found_by_what_people_call_it(province: Database) -> None:
    assert names(province, "phuong kinh bac") == ["Kinh Bắc"]
    assert names(province, "dao vien") == ["Đào Viên"]
    assert names(province, "so noi vu") == ["Sở Nội vụ"]
    assert names(province, HIEP_HOA) == ["Hiệp Hòa"]
    assert names(province, "hoa", kind="ward") == ["Nhân Hòa"]


@pytest.mark.parametrize("typed", ["%", "_", "\\", "hoa%", "'; drop table unit"])
def test_signs_of_the_query_language_mean_themselves(province: Database, typed: str) -> None:
    assert names(province, typed) == []


def test_pages_follow_each_other_by_code(province: Database) -> None:
    seen: list[str] = []
    while page := province.read(units.search_units, after=seen[-1] if seen else "", limit=50):
        seen += [unit.code for unit in page]
    assert len(seen) == 131
    assert seen == sorted(set(seen))


def test_a_unit_that_is_not_there_is_unknown(province: Database) -> None:
    with pytest.raises(UnitUnknown):
        province.read(units.get_unit, "00000")


def test_an_import_adds_and_corrects_and_leaves_the_rest(province: Database) -> None:
    table = (
        "\ufeffcode,kind,name_vi,name_en,parent,active\r\n"
        f"GD-101,school,Trường THPT Hiệp Hòa số 9,Hiep Hoa High School 9,{HIEP_HOA},true\r\n"
        "GD-001,school,Trường THPT mẫu số 1,Sample high school 1,09187,false\r\n"
        "\r\n"
        "CQ-001,agency,Sở Nội vụ,Department of Home Affairs,07210,\r\n"
    )
    assert faults(province, table.encode()) == [(5, "active", "bool_type")]
    assert province.write(units.import_units, table.replace("07210,\r", "07210,true\r").encode()) == UnitImport(1, 1, 1)
    assert province.read(units.get_unit, "GD-101").parent == HIEP_HOA
    assert "Trường THPT mẫu số 1" not in names(province, "truong")
    assert not province.read(units.get_unit, "GD-001").active
    assert len(province.read(units.search_units)) == 131


def test_a_new_commune_may_stand_below_its_school_in_the_table(empty: Database) -> None:
    table = HEADER + "GD-1,Trường A,School A,school,09999\n09999,Xã Mới,Xa Moi,commune,\n"
    assert empty.write(units.import_units, table).added == 2


def test_every_fault_of_a_table_is_named_with_row_and_column_and_nothing_is_imported(province: Database) -> None:
    table = HEADER + (
        "07999,Tên Mới,Ten Moi,commune,\n"  # nothing wrong here
        "7840,Hiệp Hòa,Hiep Hoa,commune,\n"
        "GD-200,,Sample,school,09187\n"
        "GD-201,Trường,School,kindergarten,09187\n"
        "GD-202,Trường,School,school,00001\n"
        "GD-202,Trường,School,school,09187\n"
        "GD-203,Trường,School,school\n"
        "programme,Trường,School,school,\n"
        "07998,Tên,Ten,ward,09187\n"
        "GD/204,Trường,School,school,\n"
    )
    assert faults(province, table) == [
        (3, "code", "string_pattern_mismatch"), (4, "name_vi", "string_pattern_mismatch"), (5, "kind", "literal_error"),
        (6, "parent", "parent"), (7, "code", "twice"), (8, "", "cells"), (9, "code", "reserved"),
        (10, "parent", "parent"), (11, "code", "string_pattern_mismatch"),
    ]  # fmt: skip
    assert names(province, "tên mới") == []


def test_a_table_without_the_right_columns_is_refused_at_its_header(empty: Database) -> None:
    assert faults(empty, "code,name_vi,kind,kind,colour\n") == [
        (1, "colour", "column_unknown"), (1, "kind", "twice"), (1, "name_en", "column_missing"),
    ]  # fmt: skip
    assert len(faults(empty, "")) == 4


@pytest.mark.parametrize(
    ("table", "fault"),
    [
        (HEADER.encode() + "09999,Hòa,Hoa,commune,\n".encode("utf-16"), (2, "", "not_utf8")),
        (HEADER + '09999,"Hòa,Hoa,commune,\n', (2, "", "syntax")),
        (HEADER + "09999,Ho\x00a,Hoa,commune,\n", (2, "name_vi", "string_pattern_mismatch")),
        (HEADER + "a" * 2**22, (1, "", "too_big")),
    ],
)
def test_a_table_that_is_no_table_is_refused_cleanly(empty: Database, table: str | bytes, fault: Any) -> None:
    assert fault in faults(empty, table)


@given(st.text(max_size=80).map(lambda rest: HEADER + rest) | st.text(max_size=80))
@settings(max_examples=200, deadline=None)
def test_any_table_is_taken_or_refused_with_its_faults(table: str) -> None:
    try:
        told = bool(read_units(table, frozenset()))
    except UnitsInvalid as error:
        told = bool(error.params["errors"])
    assert told or table.strip("\r\n") == HEADER.strip()
