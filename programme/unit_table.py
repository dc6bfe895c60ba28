"""A CSV table of units as checked rows, and every fault in one. Pure."""

import csv
import io
import re
import unicodedata
from collections.abc import Iterator, Set

from programme.codes import COMMUNE_LEVEL, KINDS
from programme.errors import UnitsInvalid
from programme.faults import Fault, fault, listed
from programme.yaml_lines import decode

REQUIRED = ("code", "name_vi", "name_en", "kind")
OPTIONAL = ("parent", "active")
LARGEST = 2**21
CODE = r"[A-Za-z0-9][A-Za-z0-9_.-]{0,31}"
COMMUNE_CODE = r"[0-9]{5}"  # the state's own numbering
NAME = r"[^\x00-\x1f\x7f]{1,200}"
RESERVED = "programme"  # scopes are `<unit code>/<year>`, and `programme/<year>` is everybody's

Row = dict[str, str]
Numbered = list[tuple[int, Row]]


def read_units(table: str | bytes, communes: Set[str]) -> list[Row]:
    """Rows with the columns of the header, NFC, outer blanks removed; `communes` are codes that may be parents too.

    Raises UnitsInvalid with every fault, by line and column.
    """
    text, faults = decode(table) if isinstance(table, bytes) else (table, [])
    rows: Numbered = []
    if len(text) > LARGEST:
        faults = [fault(1, "", "too_big", most=LARGEST)]
    elif not faults:
        rows, faults = _rows(unicodedata.normalize("NFC", text))
        faults += _faults(rows, communes)
    if faults:
        raise UnitsInvalid(count=len(faults), errors=listed(faults))
    return [row for _, row in rows]


def _rows(text: str) -> tuple[Numbered, list[Fault]]:
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    rows: Numbered = []
    faults: list[Fault] = []
    try:
        header = [name.strip() for name in next(reader, [])]
        faults += _header_faults(header)
        if faults:
            return [], faults
        for cells in reader:
            if len(cells) == len(header):
                rows.append((reader.line_num, dict(zip(header, (cell.strip() for cell in cells), strict=True))))
            elif cells:
                faults.append(fault(reader.line_num, "", "cells", found=len(cells), expected=len(header)))
    except csv.Error as error:
        faults.append(fault(reader.line_num, "", "syntax", problem=error))
    return rows, faults


def _header_faults(header: list[str]) -> Iterator[Fault]:
    for name in REQUIRED:
        if name not in header:
            yield fault(1, name, "column_missing")
    for index, name in enumerate(header):
        if name not in (*REQUIRED, *OPTIONAL):
            yield fault(1, name, "column_unknown")
        elif name in header[:index]:
            yield fault(1, name, "twice", value=name, first=1)


def _faults(rows: Numbered, communes: Set[str]) -> Iterator[Fault]:
    parents = communes | {row["code"] for _, row in rows if row["kind"] in COMMUNE_LEVEL}
    first: dict[str, int] = {}
    for line, row in rows:
        code, kind = row["code"], row["kind"]
        if first.setdefault(code, line) != line:
            yield fault(line, "code", "twice", value=code, first=first[code])
        if code == RESERVED:
            yield fault(line, "code", "reserved")
        if kind not in KINDS:
            yield fault(line, "kind", "literal_error", expected=", ".join(KINDS))
        patterns = {"code": COMMUNE_CODE if kind in COMMUNE_LEVEL else CODE, "name_vi": NAME, "name_en": NAME}
        for column, pattern in patterns.items():
            if not re.fullmatch(pattern, row[column]):
                yield fault(line, column, "string_pattern_mismatch", pattern=pattern)
        if row.get("active", "true") not in ("true", "false"):
            yield fault(line, "active", "bool_type")
        parent = row.get("parent", "")
        if parent and (parent not in parents or kind in COMMUNE_LEVEL):
            yield fault(line, "parent", "parent", value=parent)
