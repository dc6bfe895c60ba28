"""Units that were recognised before the service was there: each becomes a unit's year that has been decided.

Maintenance years rest on them (plan II.5, III.1.2). A year that the service knows already stays as it is.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from sqlmodel import Session, col, select

from auth.principal import Principal
from programme.checks import day
from programme.errors import TableInvalid
from programme.faults import Fault, fault, listed
from programme.models import Case, Step, Unit
from programme.naming import single_id
from programme.sheet import Numbered, Row, read
from sync import canonical
from sync.append import append
from sync.instant import iso
from sync.notice import server_op
from sync.op import Action, Op
from sync.types import Registry

HEADERS = {
    "unit": ("ma", "ma don vi", "code"),
    "year": ("nam", "nam cong nhan"),
    "number": ("so", "so quyet dinh"),
    "date": ("ngay", "ngay quyet dinh"),
    "signer": ("nguoi ky",),
    "body": ("co quan", "co quan quyet dinh"),
    "head": ("nguoi dung dau",),
    "name_vi": ("ten", "ten don vi"),  # for people who read the table; the code counts
}
REQUIRED = ("unit", "year", "number", "date", "signer")
VIETNAMESE_DAY = re.compile(r"(\d{1,2})[/-](\d{1,2})[/-](\d{4})")


@dataclass(frozen=True, slots=True)
class RecognitionImport:
    """How many years came new, and how many were known."""

    added: int
    changed: int
    unchanged: int


def import_recognitions(
    session: Session, registry: Registry, principal: Principal, table: str | bytes, now: int
) -> RecognitionImport:
    """All or nothing; the same table again changes nothing. Raises TableInvalid with every fault, by row and column."""
    rows, faults = read(table, HEADERS, REQUIRED)
    rows = [(line, {**row, "date": _day(row["date"])}) for line, row in rows]
    units = {unit.code: unit for unit in session.exec(select(Unit))}
    faults += _faults(rows, set(units), now)
    if faults:
        raise TableInvalid(count=len(faults), errors=listed(faults))
    ids = [single_id("unit_year", f"{row['unit']}/{row['year']}") for _, row in rows]
    known = set(session.exec(select(Case.record_id).where(col(Case.record_id).in_(ids))))
    new = [(i, row) for i, (_, row) in zip(ids, rows, strict=True) if i not in known]
    ops = [_op(record_id, row, units[row["unit"]].kind, principal, now) for record_id, row in new]
    append(session, registry, ops, now)
    session.add_all(_step(record_id, row, principal, now) for record_id, row in new)
    session.flush()
    return RecognitionImport(len(new), 0, len(rows) - len(new))


def _day(text: str) -> str:
    """A day as YYYY-MM-DD, also where it was written 19/12/2025."""
    found = VIETNAMESE_DAY.fullmatch(text)
    return f"{found[3]}-{int(found[2]):02d}-{int(found[1]):02d}" if found else text


def _faults(rows: Numbered, units: set[str], now: int) -> Iterator[Fault]:
    first: dict[tuple[str, str], int] = {}
    for line, row in rows:
        place = (row["unit"], row["year"])
        if first.setdefault(place, line) != line:
            yield fault(line, "unit", "twice", value="/".join(place), first=first[place])
        if row["unit"] not in units:
            yield fault(line, "unit", "unknown", value=row["unit"], where="unit")
        if not re.fullmatch(r"2\d{3}", row["year"]) or row["year"] > iso(now)[:4]:
            yield fault(line, "year", "expected", value=f"2000–{iso(now)[:4]}")
        if day(row["date"]) is not None:
            yield fault(line, "date", "expected", value="YYYY-MM-DD, dd/mm/yyyy")
        for column in ("number", "signer", "body", "head"):
            value = row.get(column, "")
            if (column in REQUIRED and not value) or len(value) > 300:
                yield fault(line, column, "expected", value="1–300")


def _paper(row: Row) -> dict[str, str]:
    named = {name: row.get(name, "") for name in ("number", "date", "signer", "body")}
    return {name: value for name, value in named.items() if value}


def _op(record_id: str, row: Row, kind: str, principal: Principal, now: int) -> Op:
    case = {"state": "recognised", "action": "import", "by": principal.account_id, "at": iso(now), "note": None}
    values = {"unit": row["unit"], "year": int(row["year"]), "unit_kind": kind}
    if row.get("head"):
        values["responsible_head"] = {"name": row["head"]}
    return server_op(
        canonical.derived_id("recognised", canonical.sha256(record_id.encode())),
        "unit_year",
        record_id,
        f"{row['unit']}/{row['year']}",
        Action.CREATE,
        actor=principal.account_id,
        values=values,
        server={"case": case, "papers": {"recognise": _paper(row)}},
    )


def _step(record_id: str, row: Row, principal: Principal, now: int) -> Step:
    paper = canonical.encode(_paper(row))
    return Step(
        move_id=canonical.derived_id("import", canonical.sha256(record_id.encode())),
        record_id=record_id,
        action="recognise",
        source="",
        target="recognised",
        actor=principal.account_id,
        at=now,
        ver=1,
        note=None,
        paper=paper.decode(),
        digest=canonical.sha256(paper).hex(),
    )
