"""The tables of a document as XLSX. Text stays text: what a spreadsheet would run as a formula is marked as text."""

import io
from datetime import date
from math import ceil

from openpyxl import Workbook
from openpyxl.cell import Cell as SheetCell
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.header_footer import HeaderFooterItem, _HeaderFooterPart
from openpyxl.worksheet.page import PageMargins
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet

from papers.document import Cell, Document, Table
from papers.packing import repacked

FONT = "Times New Roman"
THIN = Side(style="thin")
BOX = Border(left=THIN, right=THIN, top=THIN, bottom=THIN)
SHADE = PatternFill("solid", fgColor="E7E6E6")
DANGEROUS = ("=", "+", "-", "@", "\t", "\r")
INCH = 25.4  # mm
CHARACTERS = 110  # of a line across the page; widths are shares of it
LINE_HEIGHT = 16  # points, of 12 point letters
TALLEST = 409  # points that a row can have
LETTER = 1.15  # of the width of a digit, with what wrapping at words leaves free
LONGEST = 32_767  # characters that a cell can hold


def xlsx(document: Document) -> bytes:
    """One sheet for each table, under the title of the paper; the digest of its facts stands in the footer."""
    book = Workbook()
    book.remove(book.worksheets[0])
    tables = [block.table for block in document.blocks if block.table]
    for number, table in enumerate(tables or [Table((), (), (), ())], 1):
        _fill(book.create_sheet(f"Bảng {number}"), document, table)
    book.properties.creator, book.properties.title = document.body, document.title
    out = io.BytesIO()
    book.save(out)
    return repacked(out.getvalue(), document.at)


def _fill(sheet: Worksheet, document: Document, table: Table) -> None:
    last = max(len(table.columns), 1)
    for row, (text, bold) in enumerate(((document.body, True), (document.title, True), (document.subject, False)), 1):
        sheet.merge_cells(start_row=row, start_column=1, end_row=row, end_column=last)
        _put(sheet.cell(row, 1), text).font = Font(name=FONT, size=13, bold=bold)
        sheet.cell(row, 1).alignment = Alignment(horizontal="center", wrap_text=True, vertical="center")
    head = 5
    for column, name in enumerate(table.columns, 1):
        cell = _put(sheet.cell(head, column), name)
        cell.font, cell.border, cell.fill = Font(name=FONT, size=12, bold=True), BOX, SHADE
        cell.alignment = Alignment(horizontal="center", vertical="center", wrap_text=True)
    aligns = ["left" if not right else "right" if i else "center" for i, right in enumerate(table.right)]
    for number, row_of in enumerate(table.rows, head + 1):
        sheet.row_dimensions[number].height = min(TALLEST, LINE_HEIGHT * _lines_in(row_of, _wide(table)))
        for column, value in enumerate(row_of, 1):
            cell = _put(sheet.cell(number, column), value, dated=table.dates[column - 1])
            cell.font, cell.border = Font(name=FONT, size=12), BOX
            cell.alignment = Alignment(horizontal=aligns[column - 1], vertical="top", wrap_text=True)
    _page(sheet, document, table, head)


def _wide(table: Table) -> list[int]:
    """Characters of each column across the page."""
    total = sum(table.widths) or 1
    return [max(6, round(width / total * CHARACTERS)) for width in table.widths]


def _lines_in(row: tuple[Cell, ...], wide: list[int]) -> int:
    """Lines that the fullest cell of a row wraps into; LibreOffice cuts off what a row has no height for."""
    return max(
        sum(max(1, ceil(len(line) * LETTER / width)) for line in str(value).split("\n"))
        for value, width in zip(row, wide, strict=True)
    )


def _page(sheet: Worksheet, document: Document, table: Table, head: int) -> None:
    """A4, header row on every page and in sight, filters, columns as wide as on paper."""
    for column, width in enumerate(_wide(table), 1):
        sheet.column_dimensions[get_column_letter(column)].width = width
    end = f"{get_column_letter(max(len(table.columns), 1))}{head + len(table.rows)}"
    sheet.freeze_panes = f"A{head + 1}"
    if table.columns:
        sheet.auto_filter.ref = f"A{head}:{end}"
    sheet.print_title_rows = f"{head}:{head}"
    sheet.print_area = f"A1:{end}"
    sheet.page_margins = PageMargins(left=30 / INCH, right=15 / INCH, top=20 / INCH, bottom=20 / INCH)
    sheet.page_setup.orientation, sheet.page_setup.paperSize = "landscape", 9
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    sheet.oddFooter = HeaderFooterItem(
        left=_HeaderFooterPart(f"SHA-256 {document.digest[:16]}"), right=_HeaderFooterPart("&P/&N")
    )


def _put(cell: SheetCell | object, value: Cell, *, dated: bool = False) -> SheetCell:
    """Writes a value as what it is. A text is stored as text, also one that begins like a formula."""
    if not isinstance(cell, SheetCell):
        raise TypeError("not a cell that holds a value")
    if isinstance(value, str) and dated and value:
        cell.value, cell.number_format = date.fromisoformat(value), "dd/mm/yyyy"
    elif isinstance(value, str):
        cell.value = value[:LONGEST]
        cell.data_type = "s"
        cell.quotePrefix = value.startswith(DANGEROUS)
    else:
        cell.value, cell.number_format = value, "#,##0"
    return cell
