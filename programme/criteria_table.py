"""The official text of criteria as a table: it replaces the words of the set in force, and keeps its codes.

So evidence, reviews and what a unit was measured by stay as they are. The result is a new version of the set, named
after what it holds; the same table again is the same version.
"""

import re
from collections.abc import Iterator
from typing import Any

import yaml
from sqlmodel import Session

from programme.catalogue import ImportResult, active_set, items_of
from programme.errors import TableInvalid
from programme.faults import Fault, fault, listed
from programme.province import adopt_criteria
from programme.sheet import Numbered, Row, read
from sync import canonical

HEADERS = {
    "code": ("ma", "ma tieu chi"),
    "title_vi": ("noi dung", "noi dung tieu chi", "tieu chi"),
    "title_en": ("noi dung tieng anh",),
    "points": ("diem", "diem chuan"),
    "min_evidence": ("so minh chung",),
    "due": ("han", "han cuoi"),
    "maps_to_3554": ("so thu tu trong 3554", "ma 3554"),
    "status": ("tinh chat",),
    "note": ("ghi chu",),
}
FORMS = {
    "points": r"\d{1,4}", "min_evidence": r"[1-9]\d?", "due": r"(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])",
    "status": "official|template", "title_vi": r".{1,2000}", "title_en": r".{1,2000}",
}  # fmt: skip
NUMBERS = ("points", "min_evidence")
# libyaml's where the wheel has it: ten times faster.
LOADER: type[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
DUMPER: type[Any] = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


def import_texts(session: Session, table: str | bytes, year: int, now: int) -> ImportResult:
    """Raises TableInvalid with every fault by row and column; CriteriaSetUnknown, CatalogueInvalid."""
    base = active_set(session)
    rows, faults = read(table, HEADERS, ("code", "title_vi"))
    faults += _faults(rows, {item.code for item in items_of(session, None, base)})
    if faults:
        raise TableInvalid(count=len(faults), errors=listed(faults))
    given = {row["code"]: _values(row) for _, row in rows}
    value: dict[str, Any] = yaml.load(base.source_text, LOADER)  # noqa: S506  # both are safe loaders
    items = [i for tree in value["unit_kinds"] for group in tree["groups"] for i in group["items"]]
    changed = [item for item in items if {**item, **given.get(item["code"], {})} != item]
    if not changed:
        return ImportResult(base.id, base.version, base.digest, len(items), "unchanged")
    for item in changed:
        item.update(given[item["code"]])
    digest = canonical.sha256(canonical.encode(value)).hex()
    value["catalogue"]["version"] = f"{base.version.partition('-')[0]}-{digest[:8]}"
    text = yaml.dump(value, Dumper=DUMPER, allow_unicode=True, sort_keys=False)
    return adopt_criteria(session, text, year, now)


def _faults(rows: Numbered, codes: set[str]) -> Iterator[Fault]:
    first: dict[str, int] = {}
    for line, row in rows:
        if first.setdefault(row["code"], line) != line:
            yield fault(line, "code", "twice", value=row["code"], first=first[row["code"]])
        if row["code"] not in codes:
            yield fault(line, "code", "unknown", value=row["code"], where="criteria")
        for column, form in FORMS.items():
            if (row.get(column) or column == "title_vi") and not re.fullmatch(form, row[column]):
                yield fault(line, column, "string_pattern_mismatch", pattern=form)


def _values(row: Row) -> dict[str, Any]:
    """What a row says; an empty cell says nothing."""
    return {name: int(text) if name in NUMBERS else text for name, text in row.items() if text and name != "code"}
