"""Files of papers: the same facts, the same bytes; the page of Decree 30; PDF/A; text that stays text."""

import io
import unicodedata
from dataclasses import replace

import docx
import pikepdf
import pypdfium2
import pytest
from openpyxl import load_workbook
from pdf_oxide import PdfDocument

from paper_facts import DIGEST, FACTS, UNIT
from papers import render
from papers.document import Block, Document
from papers.kinds import KINDS
from papers.texts import written
from papers.typeset import pdf

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
        judged = PdfDocument.from_bytes(files["pdf"]).validate_pdf_a("2b")
        assert (judged["valid"], judged["errors"]) == (True, []), kind
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


def test_the_outside_checker_of_pdf_a_sees_what_is_wrong(made: dict[str, dict[str, bytes]]) -> None:
    """Not by the name alone: it refuses the same papers without fonts, without metadata, or with a script."""
    for spoil in (without_fonts, without_metadata, with_script):
        out = io.BytesIO()
        with pikepdf.open(io.BytesIO(made["decision"]["pdf"])) as file:
            spoil(file)
            file.save(out)
        assert not PdfDocument.from_bytes(out.getvalue()).validate_pdf_a("2b")["valid"], spoil


def without_fonts(file: pikepdf.Pdf) -> None:
    for thing in file.objects:
        if isinstance(thing, pikepdf.Dictionary) and "/FontFile3" in thing:
            del thing["/FontFile3"]


def without_metadata(file: pikepdf.Pdf) -> None:
    del file.Root.Metadata


def with_script(file: pikepdf.Pdf) -> None:
    file.Root.OpenAction = pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS=pikepdf.String("1"))


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


def test_a_heading_stays_with_the_table_under_it() -> None:
    """However full the page above it is."""
    paper = written("yearly_summary", FACTS, DIGEST)
    table = next(block for block in paper.blocks if block.table and len(block.table.rows) > 20)
    for lines in range(35, 41):
        above = tuple(Block("text", "dòng") for _ in range(lines))
        filled = pypdfium2.PdfDocument(pdf(replace(paper, blocks=(*above, Block("head", "ĐẦU MỤC"), table))))
        texts = [unicodedata.normalize("NFC", page.get_textpage().get_text_range()) for page in filled]
        assert any("Kinh Bắc" in text.partition("ĐẦU MỤC")[2] for text in texts), lines


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
