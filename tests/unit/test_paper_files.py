"""Files of papers: the same facts, the same bytes; the page of Decree 30; PDF/A; text that stays text."""

import io
import unicodedata
from typing import Any

import docx
import pikepdf
import pypdfium2
import pytest
from openpyxl import load_workbook

from papers import render
from papers.document import Document
from papers.kinds import KINDS
from papers.texts import written
from papers.typeset import pdf

DIGEST = "cd" * 32
AT = 1_797_000_000_000
HOSTILE = '=HYPERLINK("http://x","y")'
UNIT = {"code": "09187", "name_vi": "Kinh Bắc", "name_full": "Phường Kinh Bắc", "kind": "ward", "kind_vi": "phường"}
ROW = {
    "code": "PH-A01", "title_vi": "Nghị quyết chuyên đề về phong trào Toàn dân bảo vệ an ninh Tổ quốc " * 3,
    "points": 5, "wanted": 1, "verified": 1, "met": True, "source": "evidence", "evidence": ["[PH-A01-01]"],
    "claim": {"claim": "met", "self_score": 4, "note": HOSTILE},
}  # fmt: skip
PIECE = {
    "code": "[PH-A01-01]", "title": HOSTILE, "issuer": "@Đảng ủy", "dated": "2026-02-03", "index_only": False,
    "derived": False, "files": [{"path": "minh_chung/PH-A01/PH-A01-01_01.pdf"}],
}  # fmt: skip
FORM = {
    "safety_result": {"number": "88/QĐ-UBND", "date": "2025-11-19", "issuer": "UBND tỉnh", "conclusion": "met"},
    "responsible_head": {"name": "Trần Thu Hà", "position": "Chủ tịch"}, "funding_need": 120_000_000,
}  # fmt: skip
LISTED = {
    **UNIT,
    "form": FORM,
    "decision": {"number": "12/QĐ-UBND", "date": "2026-12-20"},
    "state_vi": "được công nhận",
}
FACTS: dict[str, Any] = {
    "year": 2026, "unit": UNIT, "at": AT, "form": FORM, "criteria_set": "bn/0.1", "rows": [ROW] * 30, "met": 30,
    "applicable": 30, "head": "Trần Thu Hà", "pieces": [PIECE] * 30, "files": 30, "version": 1, "digest_of": "ab" * 32,
    "received_at": "2026-12-11T16:59:59.999Z", "late": "no", "units": [LISTED] * 40, "awards": [LISTED] * 3,
    "quotas": [{"kind_vi": "phường", "wanted": None, "registered": 10, "approved": 5, "recognised": 4}],
    "cases": [{"type_vi": "Báo cáo tháng", "kind_vi": "phường", "state_vi": "được chấp nhận", "count": 1200}],
    "month": "2026-08", "sent": "2026-09-03T01:02:03Z", "figures": [{"name": "Số buổi tuyên truyền", "value": 12}],
    "report": {"results": "Tổ chức 12 buổi.\nHai vụ việc 🙂 中.", "signer": {"name": "Trần Thu Hà"}},
    "archive": [{"name": "Mã hồ sơ", "value": "09187.2026.DH.01"}],
    "paper": {"number": "12/QĐ-UBND", "date": "2026-02-04", "signer": "Nguyễn Văn Bình", "chair": "Trần Quốc Tuấn"},
}  # fmt: skip
MM = 72 / 25.4


@pytest.fixture(scope="module")
def made() -> dict[str, dict[str, bytes]]:
    """Every paper in every format, once."""
    return {kind: render.files(kind, FACTS, DIGEST) for kind in KINDS if kind != "dossier_archive"}


def test_the_same_facts_give_the_same_bytes(made: dict[str, dict[str, bytes]]) -> None:
    for kind in ("registration", "yearly_summary"):
        assert render.files(kind, FACTS, DIGEST) == made[kind]
    assert render.files("registration", {**FACTS, "year": 2027}, DIGEST) != made["registration"]


def test_every_pdf_is_pdf_a_and_its_page_is_that_of_decree_30(made: dict[str, dict[str, bytes]]) -> None:
    for kind, files in made.items():
        assert faults_of_pdf_a(files["pdf"]) == [], kind
        document = pypdfium2.PdfDocument(files["pdf"])
        for number, page in enumerate(document, 1):
            text = page.get_textpage()
            boxes = [text.get_charbox(i) for i in range(text.count_chars()) if text.get_text_range(i, 1).strip()]
            width, height = page.get_size()
            assert {round(width / MM), round(height / MM)} == {210, 297}
            body = [b for b in boxes if b[3] < height - 16 * MM]
            assert min(b[0] for b in body) >= 29.5 * MM, kind
            assert max(b[2] for b in body) <= width - 14.5 * MM, kind
            assert min(b[1] for b in body) >= 19.5 * MM, kind
            above = "".join(text.get_text_bounded(bottom=height - 16 * MM).split())
            assert above == ("" if number == 1 else str(number)), kind
        first = unicodedata.normalize("NFC", document[0].get_textpage().get_text_range())
        assert "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM" in first
        assert "Độc lập - Tự do - Hạnh phúc" in first


def faults_of_pdf_a(data: bytes) -> list[str]:
    """What ISO 19005-2 level B asks for and a program without veraPDF can see."""
    faults = []
    with pikepdf.open(io.BytesIO(data)) as file, file.open_metadata() as said:
        if (said.get("pdfaid:part"), said.get("pdfaid:conformance")) != ("2", "B"):
            faults.append("does not say that it is PDF/A-2b")
        intents = file.Root.get("/OutputIntents", [])
        if not any(i.S == "/GTS_PDFA1" and "/DestOutputProfile" in i for i in intents):
            faults.append("no output intent")
        if file.is_encrypted or "/ID" not in file.trailer:
            faults.append("encrypted, or without an id")
        for thing in file.objects:
            if not isinstance(thing, pikepdf.Dictionary):
                continue
            if thing.get("/Type") == "/FontDescriptor" and not {"/FontFile", "/FontFile2", "/FontFile3"} & set(thing):
                faults.append(f"font {thing.get('/FontName')} is not embedded")
            if {"/JS", "/JavaScript", "/AA", "/OpenAction", "/EmbeddedFile", "/Launch"} & set(thing):
                faults.append("acts, or carries a file")
            if "/F" in thing and thing.get("/Type") == "/Filespec":
                faults.append("points outside")
    return faults


def test_every_letter_of_vietnamese_is_there_in_each_style() -> None:
    """As written it comes back; what no font has becomes a mark, and the paper is made all the same."""
    letters = "".join(chr(c) for c in (*range(0xC0, 0x1B1), *range(0x1EA0, 0x1EFA)) if chr(c) in vietnamese())
    document = written("registration", {**FACTS, "unit": {**UNIT, "name_full": letters}}, DIGEST)
    shown = text_of(pdf(document))
    assert letters in shown
    assert letters.upper()[:20] in shown
    assert "\ufffd" in text_of(pdf(written("monthly_report", FACTS, DIGEST)))


def vietnamese() -> set[str]:
    found = set()
    for vowel in "aăâeêioôơuưyAĂÂEÊIOÔƠUƯY":
        found |= {
            unicodedata.normalize("NFC", vowel + tone)
            for tone in ("", "\u0300", "\u0301", "\u0303", "\u0309", "\u0323")
        }
    return found | {"đ", "Đ"}


def text_of(data: bytes) -> str:
    pages = (page.get_textpage().get_text_range() for page in pypdfium2.PdfDocument(data))
    return "".join(unicodedata.normalize("NFC", "".join(pages)).split())


def test_text_of_people_is_never_a_formula(made: dict[str, dict[str, bytes]]) -> None:
    for kind in ("dossier_index", "self_score_sheet"):
        book = load_workbook(io.BytesIO(made[kind]["xlsx"]))
        cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
        assert "f" not in {cell.data_type for cell in cells}
        hostile = [cell for cell in cells if isinstance(cell.value, str) and cell.value.startswith(("=", "@"))]
        assert hostile
        assert all(cell.quotePrefix for cell in hostile)
    assert {cell.data_type for cell in load_workbook(io.BytesIO(made["dossier_index"]["xlsx"])).worksheets[0]["E"]} & {
        "d"
    }


def test_word_has_the_same_page(made: dict[str, dict[str, bytes]]) -> None:
    paper = docx.Document(io.BytesIO(made["decision"]["docx"]))
    section = paper.sections[0]
    sizes = [section.page_width, section.page_height, section.left_margin, section.right_margin, section.top_margin]
    assert [round(s.mm) for s in sizes if s is not None] == [210, 297, 30, 15, 20]
    words = " ".join(p.text for p in paper.paragraphs)
    assert "Điều 1. Công nhận 40 đơn vị" in words
    assert paper.styles["Normal"].font.name == "Times New Roman"
    assert isinstance(written("decision", FACTS, DIGEST), Document)
