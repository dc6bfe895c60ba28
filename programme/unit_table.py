"""A table of units as checked rows, and every fault in one. Pure."""

import re
from collections.abc import Iterator, Set

from programme.codes import COMMUNE_LEVEL, KINDS
from programme.errors import UnitsInvalid
from programme.faults import Fault, fault, listed
from programme.sheet import Numbered, Row, plain, read

REQUIRED = ("code", "name_vi", "name_en", "kind")
OPTIONAL = ("parent", "active")
CODE = r"[A-Za-z0-9][A-Za-z0-9_.-]{0,31}"
COMMUNE_CODE = r"[0-9]{5}"  # the state's own numbering
NAME = r"[^\x00-\x1f\x7f]{1,200}"
RESERVED = "programme"  # scopes are `<unit code>/<year>`, and `programme/<year>` is everybody's

HEADERS = {
    "code": ("ma", "ma don vi"),
    "name_vi": ("ten", "ten don vi", "ten tieng viet"),
    "name_en": ("ten tieng anh",),
    "kind": ("loai", "loai don vi", "loai hinh"),
    "parent": ("thuoc xa", "thuoc", "ma xa", "don vi cap tren"),
    "active": ("hoat dong", "con hoat dong"),
}
SPOKEN = dict(
    zip(("xa", "phuong", "dac khu", "co quan", "doanh nghiep", "truong"), KINDS, strict=True),
    **{"co so giao duc": "school"},
)
YES = {"co": "true", "1": "true", "khong": "false", "0": "false"}


def read_units(table: str | bytes, communes: Set[str]) -> list[Row]:
    """Rows with the columns of the header, NFC, outer blanks removed; `communes` are codes that may be parents too.

    CSV, XLSX or YAML (`sheet.py`). Raises UnitsInvalid with every fault, by line and column.
    """
    rows, faults = read(table, HEADERS, REQUIRED)
    rows = [(line, {**row, **_told(row)}) for line, row in rows]
    faults += _faults(rows, communes)
    if faults:
        raise UnitsInvalid(count=len(faults), errors=listed(faults))
    return [row for _, row in rows]


def _told(row: Row) -> Row:
    """Kinds and yes or no as people write them."""
    told = {"kind": SPOKEN.get(plain(row["kind"]), row["kind"])}
    return told | ({"active": YES.get(plain(row["active"]), row["active"])} if "active" in row else {})


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
