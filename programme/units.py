"""The units of the province: loaded from the packaged tables, imported from others, found by name without marks."""

import unicodedata
from dataclasses import dataclass
from importlib.resources import files

from sqlmodel import Session, col, select

from programme.codes import COMMUNE_LEVEL, KINDS
from programme.errors import UnitUnknown
from programme.models import Unit
from programme.sheet import Row
from programme.unit_table import REQUIRED, read_units

PACKAGED = ("communes.csv", "other_units.csv")
# The kind as people say it, so that "xa tien du" finds the commune of that name.
SPOKEN: dict[str, str] = dict(zip(KINDS, ("xã", "phường", "đặc khu", "cơ quan", "doanh nghiệp", "trường"), strict=True))


@dataclass(frozen=True, slots=True)
class UnitImport:
    """How many units came new, came with other values, or were as before. Units that are not named stay."""

    added: int
    changed: int
    unchanged: int


def load_units(session: Session) -> UnitImport:
    """Brings in the packaged units that are missing; what is known already stays as it is, corrections included."""
    rows: list[Row] = []
    for name in PACKAGED:
        table = files("programme").joinpath("data", name).read_text(encoding="utf-8")
        rows += read_units(table, {row["code"] for row in rows})
    known = set(session.exec(select(Unit.code)))
    missing = [_unit(row) for row in rows if row["code"] not in known]
    _add(session, missing)
    return UnitImport(len(missing), 0, len(rows) - len(missing))


def import_units(session: Session, table: str | bytes) -> UnitImport:
    """Adds and updates units from CSV with a header: code, name_vi, name_en, kind and, if wanted, parent, active.

    All or nothing. Raises UnitsInvalid with every fault, by line and column.
    """
    known = {unit.code: unit for unit in session.exec(select(Unit))}
    rows = read_units(table, {unit.code for unit in known.values() if unit.kind in COMMUNE_LEVEL})
    new = [_unit(row) for row in rows if row["code"] not in known]
    changed = sum(_update(known[row["code"]], row) for row in rows if row["code"] in known)
    _add(session, new)
    return UnitImport(len(new), changed, len(rows) - len(new) - changed)


def search_units(
    session: Session, text: str = "", kind: str | None = None, after: str = "", limit: int = 500
) -> list[Unit]:
    """Active units by code, from behind the code `after`; each word of `text` is found anywhere, with marks or not."""
    query = select(Unit).where(col(Unit.active), col(Unit.code) > after).order_by(col(Unit.code)).limit(limit)
    if kind is not None:
        query = query.where(col(Unit.kind) == kind)
    for word in fold(text).split():
        query = query.where(col(Unit.search).contains(word, autoescape=True))
    return list(session.exec(query))


def get_unit(session: Session, code: str) -> Unit:
    """Raises UnitUnknown. Finds units that are no longer active too: their evidence stays."""
    unit = session.get(Unit, code)
    if unit is None:
        raise UnitUnknown(code=code)
    return unit


def fold(text: str) -> str:
    """Text as one types it in haste: no marks, no capitals, đ as d; `Hòa`, `Hoà` and `hoa` are one."""
    plain = "".join(c for c in unicodedata.normalize("NFD", text.casefold()) if not unicodedata.combining(c))
    return " ".join(plain.replace("đ", "d").split())


def _unit(row: Row) -> Unit:
    unit = Unit(code=row["code"], name_vi="", name_en="", kind="", search="")
    _update(unit, row)
    return unit


def _update(unit: Unit, row: Row) -> bool:
    """Whether anything about the unit became another value; a column that the table lacks changes nothing."""
    values: dict[str, str | bool | None] = {name: row[name] for name in REQUIRED}
    if "parent" in row:
        values["parent"] = row["parent"] or None
    if "active" in row:
        values["active"] = row["active"] == "true"
    values["search"] = fold(" ".join((SPOKEN[row["kind"]], row["name_vi"], row["name_en"], row["code"])))
    changed = {name: value for name, value in values.items() if getattr(unit, name) != value}
    for name, value in changed.items():
        setattr(unit, name, value)
    return bool(changed)


def _add(session: Session, units: list[Unit]) -> None:
    """Communes first: they are the parents of the others."""
    for level in (True, False):
        session.add_all(unit for unit in units if (unit.kind in COMMUNE_LEVEL) is level)
        session.flush()
