"""What officials open with LibreOffice opens there as it was meant: `make soak`, which installs it (80 MB).

Not collected by `make test`. LibreOffice is the real one, compiled to WebAssembly; it prints each file as PDF.
"""

import io
import unicodedata
import zipfile
from pathlib import Path

import pypdfium2
import pytest

import npm_packages
from casework import sent_dossier, zip_of
from paper_facts import DIGEST, FACTS, HOSTILE
from papers import render
from papers.kinds import KINDS
from people import Province

MM = 72 / 25.4
START, EACH = 300, 60  # seconds, at most: LibreOffice starts once for all files, and then takes a few for each
SCRIPT = Path(__file__).with_name("to_pdf.cjs")


@pytest.fixture
def database_url() -> str | None:
    return None


def printed(files: dict[str, bytes], folder: Path) -> dict[str, pypdfium2.PdfDocument]:
    """Each file as LibreOffice prints it."""
    for name, data in files.items():
        (folder / name).write_bytes(data)
    paths = [str(folder / name) for name in files]
    limit = START + EACH * len(paths)
    done = npm_packages.run(SCRIPT, str(folder), *paths, folder=npm_packages.OFFICE, timeout=limit)
    assert done.returncode == 0, done.stderr
    return {name: pypdfium2.PdfDocument(folder / f"{name}.pdf") for name in files}


def lines(document: pypdfium2.PdfDocument) -> list[str]:
    text = "\n".join(page.get_textpage().get_text_range() for page in document)
    return [" ".join(line.split()) for line in unicodedata.normalize("NFC", text).splitlines()]


def within_margins(document: pypdfium2.PdfDocument, name: str) -> None:
    """A4, with nothing written outside the margins of Decree 30."""
    for page in document:
        width, height = page.get_size()
        assert {round(width / MM), round(height / MM)} == {210, 297}, name
        text = page.get_textpage()
        boxes = [text.get_charbox(i) for i in range(text.count_chars()) if text.get_text_range(i, 1).strip()]
        assert min(box[0] for box in boxes) >= 29.5 * MM, name
        assert max(box[2] for box in boxes) <= width - 14 * MM, name


def test_the_dossier_of_a_unit_and_papers_of_every_kind_open_in_libreoffice(province: Province, tmp_path: Path) -> None:
    sent_dossier(province)
    _, archive = zip_of(province["mai"])
    with zipfile.ZipFile(io.BytesIO(archive)) as dossier:
        files = {f"ho_so_{name}": dossier.read(name) for name in dossier.namelist() if name.endswith(".xlsx")}
    assert len(files) == 2, "index and score sheet"
    for kind in KINDS.keys() - {"dossier_archive"}:
        made = render.files(kind, FACTS, DIGEST)
        files |= {f"{kind}.{form}": data for form, data in made.items() if form != "pdf"}
    for name, document in printed(files, tmp_path).items():
        within_margins(document, name)
        shown = lines(document)
        if name.endswith(".docx"):
            assert any("CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM" in line for line in shown), f"{name}: title on one line"
            assert any("Độc lập - Tự do - Hạnh phúc" in line for line in shown), name
        if name in {"dossier_index.xlsx", "self_score_sheet.xlsx"}:
            assert "".join(HOSTILE.split()) in "".join("".join(shown).split()), "a text, not what it would compute"
