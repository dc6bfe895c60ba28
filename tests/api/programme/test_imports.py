"""Tables of an office: units, people and past recognitions, in the spelling of Excel in Việt Nam; CSV out as well."""

import csv
import io
import unicodedata
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from httpx import Response
from openpyxl import Workbook

from auth import audit
from auth.accounts import account_id_of
from auth.principal import Role
from casework import FORM, MINUTES, PAPER, moved, opens, words_of
from people import DA_MAI, KINH_BAC, YEAR, Person, Province
from service.__main__ import main


def brings(person: Person, kind: str, data: bytes, **params: Any) -> Response:
    headers = {**person.headers, "Content-Type": "application/octet-stream"}
    return person.province.http.post(f"/v1/imports/{kind}", content=data, params=params, headers=headers)


def sheet(*rows: list[Any]) -> bytes:
    book, out = Workbook(), io.BytesIO()
    for row in rows:
        book.worksheets[0].append(row)
    book.save(out)
    return out.getvalue()


UNITS = unicodedata.normalize("NFD", "\ufeffMã đơn vị;Tên đơn vị;Tên tiếng Anh;Loại;Thuộc xã\r\n"
                              "GD-900;Trường Tiểu học Đông Kỵ;Dong Ky School;Trường;07210\r\n").encode()  # fmt: skip


def test_units_come_as_excel_writes_them_and_once_more_changes_nothing(province: Province, tmp_path: Path) -> None:
    quan = province["quan"]
    first = {"added": 1, "changed": 0, "unchanged": 0}
    assert brings(quan, "units", UNITS, dry_run=True).json() == first
    assert quan.get("/v1/units/GD-900").status_code == 404
    assert brings(quan, "units", UNITS).json() == first
    assert quan.get("/v1/units/GD-900").json()["name_vi"] == "Trường Tiểu học Đông Kỵ"
    as_xlsx = sheet(["mã", "tên", "tên tiếng Anh", "loại", "hoạt động"],
                    ["GD-900", "Trường Tiểu học Đông Kỵ", "Dong Ky School", "trường", "có"])  # fmt: skip
    assert brings(quan, "units", as_xlsx).json() == {"added": 0, "changed": 0, "unchanged": 1}
    as_yaml = "- {mã: GD-900, tên: Trường Đông Kỵ, tên tiếng Anh: Dong Ky School, loại: trường}\n".encode()
    assert brings(quan, "units", as_yaml).json() == {"added": 0, "changed": 1, "unchanged": 0}
    assert brings(province["mai"], "units", UNITS).json()["code"] == "not_permitted"
    for odd in (b"", b"\x00", b"PK\x03\x04rubbish", b"- [1, 2]", b"- &a {x: *a}", b'"', UNITS[:-9]):
        assert brings(quan, "units", odd).json()["code"] in ("units_invalid", "malformed")
    assert main(["import", "units", str(tmp_path / "khong-co.csv")]) == 1


def test_people_come_with_their_roles_or_every_fault_is_told_with_row_and_column(province: Province) -> None:
    quan = province["quan"]
    rows = [["Tài khoản", "Họ và tên", "Mã đơn vị", "Vai trò", "Năm"],
            ["Hoa.dm", "Nguyễn Thị Hoa", DA_MAI, "unit_editor", None],
            ["hoa.dm", "Nguyễn Thị Hoa", KINH_BAC, "field_officer", YEAR]]  # fmt: skip
    wrong = sheet(*rows, ["x y", "Ai đó", "99999", "vua", None], ["hoa.dm", "Người khác", "*", "auditor", None])
    told = brings(quan, "accounts", wrong).json()
    assert told["code"] == "table_invalid"
    found = {(fault["line"], fault["key"]) for fault in told["errors"]}
    assert found == {(4, "username"), (4, "unit"), (4, "role"), (5, "name")}
    assert all(fault["detail_vi"] and fault["detail_en"] for fault in told["errors"])
    assert brings(quan, "accounts", sheet(*rows)).json() == {"added": 1, "changed": 0, "unchanged": 0}
    assert brings(quan, "accounts", sheet(*rows)).json() == {"added": 0, "changed": 0, "unchanged": 1}
    more = [*rows, ["hoa.dm", "Nguyễn Thị Hoa", KINH_BAC, "unit_head", None]]
    assert brings(quan, "accounts", sheet(*more)).json() == {"added": 0, "changed": 1, "unchanged": 0}
    hoa = province.db.read(account_id_of, "hoa.dm")
    trail = [(e.act, e.actor, e.subject, e.facts) for e in province.db.read(audit.entries)]
    assert [told[:3] for told in trail if told[0] != "imported"] == [
        ("account_created", quan.account_id, hoa), ("grant_given", quan.account_id, hoa),
    ]  # fmt: skip
    assert trail[-1][3] | {"sha256": ""} == {"added": 0, "changed": 1, "sha256": ""}
    assert [told[2] for told in trail if told[0] == "imported"] == ["accounts"] * 3
    listed = [a for a in quan.get("/v1/accounts", limit=100).json()["items"] if a["username"] == "hoa.dm"]
    assert {(g["unit"], g["role"], g["year"]) for g in listed[0]["grants"]} == {
        (DA_MAI, "unit_editor", None), (KINH_BAC, "field_officer", YEAR), (KINH_BAC, "unit_head", None),
    }  # fmt: skip


def test_past_recognitions_come_in_and_their_units_keep_up(province: Province) -> None:
    quan, mai = province["quan"], province["mai"]
    rows = [["Mã đơn vị", "Tên đơn vị", "Năm công nhận", "Số quyết định", "Ngày", "Người ký"],
            [KINH_BAC, "Kinh Bắc", YEAR - 1, "900/QĐ-UBND", date(YEAR - 1, 12, 19), "Nguyễn Văn Bình"],
            [DA_MAI, "Đa Mai", YEAR - 1, "900/QĐ-UBND", f"19/12/{YEAR - 1}", "Nguyễn Văn Bình"]]  # fmt: skip
    assert brings(quan, "recognitions", sheet(*rows), dry_run=True).json()["added"] == 2
    assert opens(mai, "maintenance_year").json()["errors"][0]["code"] == "never_recognised"
    assert brings(quan, "recognitions", sheet(*rows)).json() == {"added": 2, "changed": 0, "unchanged": 0}
    assert brings(quan, "recognitions", sheet(*rows)).json() == {"added": 0, "changed": 0, "unchanged": 2}
    kept, _ = (opens(mai, "maintenance_year", unit).json() for unit in (KINH_BAC, DA_MAI))
    assert kept["data"]["recognised_in"] == YEAR - 1
    past = mai.get("/v1/cases", type="unit_year", year=YEAR - 1).json()["records"]
    assert {(r["state"], r["papers"]["recognise"]["date"]) for r in past} == {("recognised", f"{YEAR - 1}-12-19")}
    assert (
        moved(mai, past[0], "announce", paper={"number": "1", "date": "2026-01-02", "signer": "B"})["state"]
        == "announced"
    )
    notice_of_who_keeps_up(province, kept)
    wrong = sheet(*rows[:1], ["99999", "", YEAR + 5, "", "hôm qua", "B"], *rows[1:2], *rows[1:2])
    found = {(fault["line"], fault["key"]) for fault in brings(quan, "recognitions", wrong).json()["errors"]}
    assert found == {(2, "unit"), (2, "year"), (2, "number"), (2, "date"), (4, "unit")}


def test_the_official_text_replaces_the_words_and_keeps_codes_and_evidence(province: Province) -> None:
    quan, lan = province["quan"], province["lan"]
    made = lan.does("create", type="document", set={"title": "Nghị quyết", "criteria": ["PH-A01"]})["record"]
    rows = [["Mã tiêu chí", "Nội dung tiêu chí", "Điểm chuẩn"], ["PH-A01", "Nội dung theo Quyết định 3554", 5]]
    assert brings(quan, "criteria", sheet(*rows)).json()["added"] > 100
    assert brings(quan, "criteria", sheet(*rows)).json()["added"] == 0
    newest, before = quan.get("/v1/criteria-sets").json()
    assert newest["version"].startswith(before["version"])
    items = lan.get(f"/v1/units/{KINH_BAC}/progress").json()["items"]
    first = next(item for item in items if item["code"] == "PH-A01")
    assert (first["title_vi"], first["captured"]) == ("Nội dung theo Quyết định 3554", 1)
    assert lan.record(made["id"])["codes"] == ["[PH-A01-01]"]
    wrong = sheet(rows[0], ["PH-Z99", "", "nhiều"])
    found = {(fault["line"], fault["key"]) for fault in brings(quan, "criteria", wrong).json()["errors"]}
    assert found == {(2, "code"), (2, "title_vi"), (2, "points")}


def test_lists_are_csv_for_excel_and_never_a_formula(province: Province) -> None:
    quan, mai = province["quan"], province["mai"]
    evil = "- {mã: DN-900, tên: '=1+1', tên tiếng Anh: '@x', loại: doanh nghiệp}\n".encode()
    assert brings(quan, "units", evil).status_code == 200
    opens(province["lan"], "unit_year", **FORM)
    province.grant("lan", "DN-900", Role.FIELD_OFFICER)
    firm = opens(province["lan"], "unit_year", "DN-900", **FORM).json()
    overview = mai.get("/v1/overview", format="csv").content.decode("utf-8-sig")
    assert "đăng ký và xây dựng đơn vị điển hình,phường,draft_registration,đang lập phiếu đăng ký,1,0" in overview
    listed = mai.get("/v1/cases", type="unit_year", format="csv", limit=1).content.decode("utf-8-sig")
    assert [row[:7] for row in csv.reader(io.StringIO(listed))][1:] == [
        [KINH_BAC, "Kinh Bắc", "phường", "2026", "", "draft_registration", "đang lập phiếu đăng ký"],
        ["DN-900", "'=1+1", "doanh nghiệp", "2026", "", "draft_registration", "đang lập phiếu đăng ký"],
    ]
    nothing = mai.get("/v1/cases", type="unit_year", state="proposed", format="csv").content.decode("utf-8-sig")
    assert nothing.splitlines() == [listed.splitlines()[0]]
    assert mai.get("/v1/reports/overdue", format="csv").content.decode("utf-8-sig").startswith("Mã đơn vị,")
    assert mai.get("/v1/funding").json() == [], "nobody has registered yet"
    province.grant("ha", "DN-900", Role.UNIT_HEAD)
    moved(province["ha"], firm, "register")
    answer = mai.get("/v1/funding", format="csv")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.content.startswith(b"\xef\xbb\xbf")
    assert list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig")))) == [
        ["Mã đơn vị", "Đơn vị", "Loại đơn vị", "Mã tình trạng", "Tình trạng", "Nhu cầu kinh phí (đồng)"],
        ["DN-900", "'=1+1", "doanh nghiệp", "registered", "đã đăng ký", "120000000"],
    ]


def notice_of_who_keeps_up(province: Province, kept: dict[str, Any]) -> None:
    """The provincial police issue it, with its number and date; who was not reviewed does not stand in it."""
    mai = province["mai"]
    moved(province["ha"], kept, "review_self", note="Giữ vững các tiêu chí")
    moved(province["tuan"], kept, "review", paper=MINUTES)
    moved(mai, kept, "list_maintained", paper={**PAPER, "number": "77/TB-CAT"})
    asked = mai.post("/v1/papers", {"kind": "maintenance_notice", "year": YEAR, "unit": ""}).json()
    province.work()
    words = words_of(mai, asked["paper_id"])
    assert [word in words for word in ("77/TB-CAT", "Kinh Bắc", "Đa Mai")] == [True, True, False]


@pytest.fixture
def database_url() -> str | None:
    return None
