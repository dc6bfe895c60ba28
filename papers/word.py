"""A document as DOCX, with the layout that `templates/layout.typ` has for PDF, for offices that go on editing it.

Times New Roman is named, not embedded: the reader's Word has it.
"""

import io
from datetime import UTC, datetime

import docx
from docx.document import Document as WordDocument
from docx.enum.section import WD_ORIENT
from docx.enum.text import WD_ALIGN_PARAGRAPH as ALIGN  # the library's name is a constant's
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Length, Mm, Pt
from docx.table import Table as WordTable
from docx.table import _Cell, _Row
from docx.text.paragraph import Paragraph

from papers.document import Block, Document, Table
from papers.packing import repacked
from papers.typeset import shown

FONT = "Times New Roman"
LINE_MM = 165  # of an A4 page between its margins; upright
BORDER = "w:bottom"
INSET = 85  # twentieths of a point between the border of a cell and its text: 1.5 mm
AFTER = {  # what comes after an element in a table's properties; Word wants them in this order
    qn("w:tblInd"): ("w:tblBorders", "w:shd", "w:tblLayout", "w:tblCellMar", "w:tblLook"),
    qn("w:tblCellMar"): ("w:tblLook",),
}
LONGEST_WORD = 40  # a digest is longer: its line is not stretched


def word(document: Document) -> bytes:
    """The paper as DOCX."""
    made = docx.Document()
    _page(made, document)
    _head(made, document)
    for block in document.blocks:
        _block(made, document, block)
    _foot(made, document)
    properties = made.core_properties
    properties.author, properties.title, properties.comments = document.body, document.title, document.digest
    properties.created = properties.modified = datetime.fromtimestamp(document.at // 1000, UTC)
    out = io.BytesIO()
    made.save(out)
    return repacked(out.getvalue(), document.at)


def _page(made: WordDocument, document: Document) -> None:
    section = made.sections[0]
    size = (Mm(210), Mm(297))
    section.page_width, section.page_height = reversed(size) if document.landscape else size
    section.orientation = WD_ORIENT.LANDSCAPE if document.landscape else WD_ORIENT.PORTRAIT
    section.top_margin = section.bottom_margin = Mm(20)
    section.left_margin, section.right_margin = Mm(30), Mm(15)
    section.header_distance = Mm(10)
    section.different_first_page_header_footer = True
    number = section.header.paragraphs[0]
    number.alignment = ALIGN.CENTER
    for kind, text in (("begin", ""), ("", "PAGE"), ("end", "")):
        run = number.add_run()
        run.font.size = Pt(13)
        part = OxmlElement("w:fldChar") if kind else OxmlElement("w:instrText")
        if kind:
            part.set(qn("w:fldCharType"), kind)
        part.text = text
        run._r.append(part)  # noqa: SLF001  # a field has no other way in
    normal = made.styles["Normal"]
    normal.font.name, normal.font.size = FONT, Pt(13)
    normal.element.rPr.rFonts.set(qn("w:eastAsia"), FONT)
    normal.paragraph_format.space_after = Pt(0)


def _line(
    where: WordDocument | _Cell, text: str, size: float, *, bold: bool = False, italic: bool = False,
    align: ALIGN = ALIGN.CENTER, indent: bool = False, before: float = 0, after: float = 0,
) -> Paragraph:  # fmt: skip
    made = where.add_paragraph()
    run = made.add_run(text)
    run.font.size, run.bold, run.italic = Pt(size), bold, italic
    made.alignment = align
    made.paragraph_format.space_before, made.paragraph_format.space_after = Pt(before), Pt(after)
    if indent:
        made.paragraph_format.first_line_indent = Mm(10)
    return made


def _first(cell: _Cell) -> None:
    """Takes away the empty line that a new cell begins with."""
    empty = cell.paragraphs[0]._p  # noqa: SLF001  # python-docx has no way to remove a paragraph
    empty.getparent().remove(empty)


def _ruled(line: Paragraph, left: int, right: int) -> None:
    """A rule under a line of the head, shorter than the line's cell by `left` and `right` (mm)."""
    form = line._p.get_or_add_pPr()  # noqa: SLF001  # borders of paragraphs are not in the library's surface
    borders, border = OxmlElement("w:pBdr"), OxmlElement(BORDER)
    for name, value in (("val", "single"), ("sz", "6"), ("space", "1"), ("color", "000000")):
        border.set(qn(f"w:{name}"), value)
    borders.append(border)
    form.insert_element_before(borders, "w:shd", "w:tabs", "w:spacing", "w:ind", "w:jc")
    line.paragraph_format.line_spacing = Pt(4)  # not that of the text around it
    line.paragraph_format.left_indent, line.paragraph_format.right_indent = Mm(left), Mm(right)


def _head(made: WordDocument, document: Document) -> None:
    wide = LINE_MM + (87 if document.landscape else 0)
    left, right = _side_by_side(made, (round(wide * 0.43), round(wide * 0.57)))
    if document.above:
        _line(left, document.above, 12)
    _line(left, document.body, 12, bold=True)
    _ruled(_line(left, "", 3), 22, 22)
    if document.number:
        _line(left, document.number, 13, before=4)
    _line(right, "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", 12, bold=True)
    _line(right, "Độc lập - Tự do - Hạnh phúc", 13, bold=True)
    _ruled(_line(right, "", 3), 20, 20)
    _line(right, document.dated, 13, italic=True, before=4)
    for cell in (left, right):
        _first(cell)
    _line(made, document.title, 14, bold=True, before=14)
    if document.subject:
        _line(made, document.subject, 14, bold=True, before=2)
        _ruled(_line(made, "", 3, after=6), round(wide * 0.4), round(wide * 0.4))
    if document.authority:
        _line(made, document.authority, 14, bold=True, before=6, after=4)
    for ground in document.grounds:
        _line(made, ground, 13, italic=True, align=ALIGN.JUSTIFY, indent=True, after=4)


def _side_by_side(made: WordDocument, widths: tuple[int, ...]) -> list[_Cell]:
    """Cells of a row without borders; `widths` in mm."""
    row = made.add_table(rows=1, cols=len(widths))
    _placed(row, inset=0)
    _whole(row.rows[0])
    for cell, column, width in zip(row.rows[0].cells, row.columns, widths, strict=True):
        cell.width = column.width = Mm(width)
    return list(row.rows[0].cells)


def _placed(table: WordTable, inset: int) -> None:
    """Lets a table begin at the margin and not beside it; `inset` (twentieths of a point): left and right in cells."""
    table.autofit = False
    form = table._tbl.tblPr  # noqa: SLF001  # neither place nor margins are in the library's surface
    place, margins = OxmlElement("w:tblInd"), OxmlElement("w:tblCellMar")
    sides = [OxmlElement("w:left"), OxmlElement("w:right")]
    for part in (place, *sides):
        part.set(qn("w:w"), str(inset))
        part.set(qn("w:type"), "dxa")
    margins.extend(sides)
    for part in (place, margins):
        form.insert_element_before(part, *AFTER[part.tag])


def _whole(row: _Row) -> None:
    """A row that is not torn apart between pages."""
    row._tr.get_or_add_trPr().append(OxmlElement("w:cantSplit"))  # noqa: SLF001  # it has no other way in


def _block(made: WordDocument, document: Document, block: Block) -> None:
    if block.table:
        _grid(made, document, block.table)
    elif block.form == "centre":
        _line(made, block.text, 14, bold=True, before=4, after=4)
    else:
        head = block.form == "head"
        stretched = max(map(len, block.text.split())) <= LONGEST_WORD
        align = ALIGN.JUSTIFY if stretched else ALIGN.LEFT
        line = _line(made, block.text, 13 if head else 14, bold=head, align=align, indent=True, after=6)
        line.paragraph_format.keep_with_next = head


def _grid(made: WordDocument, document: Document, table: Table) -> None:
    wide, total = LINE_MM + (87 if document.landscape else 0), sum(table.widths)
    widths = [Mm(wide * share / total) for share in table.widths]
    grid = made.add_table(rows=1 + len(table.rows), cols=len(table.columns), style="Table Grid")
    _placed(grid, INSET)
    for column, width in zip(grid.columns, widths, strict=True):
        column.width = width
    heads = grid.rows[0]
    repeat = OxmlElement("w:tblHeader")
    repeat.set(qn("w:val"), "true")
    heads._tr.get_or_add_trPr().append(repeat)  # noqa: SLF001  # a head row on each page has no other way in
    for row in grid.rows:
        _whole(row)
    cells = iter(grid._cells)  # noqa: SLF001  # all at once: one by one takes a time that grows with their square
    for name, width in zip(table.columns, widths, strict=True):
        _put(next(cells), name, width, ALIGN.CENTER, bold=True).paragraph_format.keep_with_next = True
    aligns = [ALIGN.LEFT if not right else ALIGN.RIGHT if i else ALIGN.CENTER for i, right in enumerate(table.right)]
    for row_of in table.rows:
        for value, width, align, dated in zip(row_of, widths, aligns, table.dates, strict=True):
            _put(next(cells), shown(value, dated=dated), width, align)
    made.add_paragraph().paragraph_format.space_after = Pt(0)


def _put(cell: _Cell, text: str, width: Length, align: ALIGN, *, bold: bool = False) -> Paragraph:
    cell.width = width
    line: Paragraph = cell.paragraphs[0]
    line.alignment = align
    run = line.add_run(text)
    run.font.size, run.bold = Pt(11.5), bold
    return line


def _foot(made: WordDocument, document: Document) -> None:
    """Recipients to the left, who signs to the right; never on a page that holds nothing else."""
    if not document.recipients and not document.signatures:
        return
    before = made.paragraphs[-1:]
    if document.blocks and document.blocks[-1].table and made.tables[-1].rows:
        before += [line for cell in made.tables[-1].rows[-1].cells for line in cell.paragraphs]
    for line in before:
        line.paragraph_format.keep_with_next = True
    left = 1 if document.recipients or len(document.signatures) == 1 else 0
    sides = left + len(document.signatures)
    wide = LINE_MM + (87 if document.landscape else 0)
    cells = _side_by_side(made, (round(wide / sides),) * sides)
    if document.recipients:
        _line(cells[0], "Nơi nhận:", 12, bold=True, italic=True, align=ALIGN.LEFT, before=12)
        for one in document.recipients:
            _line(cells[0], f"- {one}", 11, align=ALIGN.LEFT)
    for cell, signature in zip(cells[left:], document.signatures, strict=True):
        _line(cell, signature.title, 13, bold=True, before=12)
        _line(cell, signature.name, 13, bold=True, before=68)
    for cell in cells:
        _first(cell)
