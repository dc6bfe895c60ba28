"""A table as people send it, CSV, XLSX or YAML, as rows of text under the names of this house. Pure.

Headers may be ours or Vietnamese, with marks or not; CSV may have commas, semicolons or tabs and a byte order mark, as
Excel writes it in Việt Nam; days of Excel become YYYY-MM-DD; text comes out in NFC without outer blanks.
"""

import csv
import io
import unicodedata
import zipfile
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

from programme.faults import Fault, fault
from programme.yaml_lines import decode
from programme.yaml_lines import read as read_yaml

LARGEST = 2**21
LARGEST_UNPACKED = 2**26
MOST_ROWS = 50_000
Row = dict[str, str]
Numbered = list[tuple[int, Row]]
Headers = Mapping[str, tuple[str, ...]]  # our name -> other spellings, without marks and capitals


def read(table: str | bytes, headers: Headers, required: Iterable[str]) -> tuple[Numbered, list[Fault]]:
    """Rows by their number in the file, from 1 with the header; faults of the form, by line and column."""
    if len(table) > LARGEST:
        return [], [fault(1, "", "too_big", most=LARGEST)]
    if isinstance(table, bytes) and table.startswith(b"PK\x03\x04"):
        lines, faults = _xlsx(table)
    else:
        text, faults = _decoded(table) if isinstance(table, bytes) else (table, [])
        if not faults:
            lines, faults = _yaml(text) if text.lstrip().startswith("- ") else _csv(unicodedata.normalize("NFC", text))
    return ([], faults) if faults else _named(lines, headers, required)


def plain(text: str) -> str:
    """Without marks, capitals and the like: `Tên đơn vị` and `ten_don_vi` are one."""
    bare = "".join(c for c in unicodedata.normalize("NFD", text.casefold()) if not unicodedata.combining(c))
    return " ".join(bare.replace("đ", "d").replace("_", " ").split())


def _named(
    lines: list[tuple[int, list[str]]], headers: Headers, required: Iterable[str]
) -> tuple[Numbered, list[Fault]]:
    header = _header(lines[0][1] if lines else [], headers)
    faults = [fault(1, name, "column_missing") for name in required if name not in header]
    for index, name in enumerate(header):
        if name not in headers:
            faults.append(fault(1, name, "column_unknown"))
        elif name in header[:index]:
            faults.append(fault(1, name, "twice", value=name, first=1))
    rows: Numbered = []
    for number, cells in lines[1:] if not faults else ():
        if len(cells) == len(header):
            rows.append((number, dict(zip(header, cells, strict=True))))
        elif cells:
            faults.append(fault(number, "", "cells", found=len(cells), expected=len(header)))
    return rows, faults


def _header(cells: list[str], headers: Headers) -> list[str]:
    ours = {spelling: name for name, others in headers.items() for spelling in (plain(name), *others)}
    return [ours.get(plain(cell), cell.strip()) for cell in cells]


def _decoded(data: bytes) -> tuple[str, list[Fault]]:
    """UTF-8, or the UTF-16 that Excel calls Unicode text."""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        try:
            return data.decode("utf-16"), []
        except UnicodeDecodeError:
            return "", [fault(1, "", "not_utf8")]
    return decode(data)


def _csv(text: str) -> tuple[list[tuple[int, list[str]]], list[Fault]]:
    first = text.partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    lines: list[tuple[int, list[str]]] = []
    try:
        lines.extend((reader.line_num, [cell.strip() for cell in cells]) for cells in reader)
    except csv.Error as error:
        return [], [fault(reader.line_num, "", "syntax", problem=error)]
    return lines, []


def _xlsx(data: bytes) -> tuple[list[tuple[int, list[str]]], list[Fault]]:
    """The first sheet; rows that hold nothing are left out, and so are columns behind the last header."""
    from openpyxl import load_workbook  # noqa: PLC0415  # half a second at the start of services that get no table
    from openpyxl.utils.exceptions import InvalidFileException  # noqa: PLC0415

    try:
        _safe(data)
        book = load_workbook(io.BytesIO(data), read_only=True, data_only=True)
        rows = list(zip(range(1, MOST_ROWS + 1), book.worksheets[0].iter_rows(values_only=True), strict=False))
    except (InvalidFileException, zipfile.BadZipFile, ValueError, KeyError, IndexError, TypeError, OSError) as error:
        return [], [fault(1, "", "syntax", problem=type(error).__name__)]
    filled = [(number, [_text(value) for value in row]) for number, row in rows if any(v is not None for v in row)]
    if filled:
        width = max((i for i, name in enumerate(filled[0][1], 1) if name), default=0)
        filled = [(number, [*cells[:width], *[""] * (width - len(cells))]) for number, cells in filled]
    return filled, []


def _safe(data: bytes) -> None:
    """Raises ValueError for a file that unpacks to far more than it is, or that defines entities."""
    with zipfile.ZipFile(io.BytesIO(data)) as packed:
        if sum(info.file_size for info in packed.infolist()) > LARGEST_UNPACKED:
            raise ValueError("too big")
        for info in packed.infolist():
            with packed.open(info) as part:
                if b"<!DOCTYPE" in part.read(4096):
                    raise ValueError("entities")


def _text(value: Any) -> str:
    if isinstance(value, datetime | date):
        return value.isoformat()[:10]
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return "" if value is None else unicodedata.normalize("NFC", str(value)).strip()


def _yaml(text: str) -> tuple[list[tuple[int, list[str]]], list[Fault]]:
    """A list of mappings; a key that one of them lacks is an empty cell."""
    found = read_yaml(text)
    if found.faults:
        return [], found.faults
    if not isinstance(found.value, list) or not all(isinstance(row, dict) for row in found.value):
        return [], [fault(1, "", "expected", value="- mã: …")]
    header = list(dict.fromkeys(name for row in found.value for name in row))
    lines = [(found.lines.get((n,), 1), [_text(row.get(name)) for name in header]) for n, row in enumerate(found.value)]
    return [(1, header), *lines], []
