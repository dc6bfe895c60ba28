"""Tables that an office brings along: units, people with their roles, past recognitions, the text of criteria.

All or nothing. What comes again changes nothing. Every fault is told with row and column, in both languages.
"""

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from sqlmodel import Session, select

from auth import accounts, audit
from auth.accounts import USERNAME
from auth.audit import Trace
from auth.models import Account
from auth.principal import EVERY_UNIT, Grant, Permission, Principal, Role
from programme.criteria_table import import_texts
from programme.errors import TableInvalid
from programme.faults import Fault, fault, listed
from programme.models import Unit
from programme.province import adopt_criteria, adopt_units
from programme.recognitions import RecognitionImport, import_recognitions
from programme.sheet import Numbered, read
from programme.units import UnitImport
from service.fields import shown
from sync.types import Registry

ImportKind = Literal["units", "accounts", "recognitions", "criteria"]
HEADERS = {
    "username": ("tai khoan", "ten dang nhap"),
    "name": ("ho ten", "ho va ten"),
    "unit": ("ma don vi", "don vi"),
    "role": ("vai tro", "quyen"),
    "year": ("nam",),
}
REQUIRED = ("username", "name", "unit", "role")


@dataclass(frozen=True, slots=True)
class AccountImport:
    """How many accounts came new, got another role, or were as before."""

    added: int
    changed: int
    unchanged: int


@dataclass(frozen=True, slots=True)
class CriteriaImport:
    """How many criteria came as a new version, or are in already."""

    added: int
    changed: int
    unchanged: int


Imported = UnitImport | AccountImport | RecognitionImport | CriteriaImport


def import_table(
    session: Session,
    registry: Registry,
    by: Principal,
    source: str,
    kind: ImportKind,
    table: bytes,
    year: int,
    now: int,
) -> Imported:
    """Takes a table that `by` sent from the address `source`; it and each role it gives stand in the audit trail.

    Raises NotPermitted; UnitsInvalid, TableInvalid, CatalogueInvalid with every fault; then nothing is written.
    """
    by.require(Permission.ADMINISTER, f"{EVERY_UNIT}/{year}")
    done = WAYS[kind](session, registry, by, source, table, year, now)
    facts = {"sha256": hashlib.sha256(table).hexdigest(), "added": done.added, "changed": done.changed}
    audit.note(session, Trace.of(by, source), "imported", kind, now, **facts)
    return done


def _units(
    session: Session, _registry: Registry, _by: Principal, _source: str, table: bytes, year: int, now: int
) -> Imported:
    return adopt_units(session, table, year, now)


def _recognitions(
    session: Session, registry: Registry, by: Principal, _source: str, table: bytes, _year: int, now: int
) -> Imported:
    return import_recognitions(session, registry, by, table, now)


def _criteria(
    session: Session, _registry: Registry, _by: Principal, _source: str, table: bytes, year: int, now: int
) -> Imported:
    """A table of texts for the set in force, or a whole set in YAML."""
    whole = b"unit_kinds:" in table and not table.startswith(b"PK")
    found = adopt_criteria(session, table, year, now) if whole else import_texts(session, table, year, now)
    known = found.outcome == "unchanged"
    return CriteriaImport(0 if known else found.items, 0, found.items if known else 0)


def _accounts(
    session: Session, _registry: Registry, by: Principal, source: str, table: bytes, _year: int, now: int
) -> Imported:
    """A row for each role of a person. Nobody gets a password here: devices are let in by an enrolment code."""
    rows, faults = read(table, HEADERS, REQUIRED)
    rows = [(line, {**row, "username": row["username"].lower()}) for line, row in rows]
    faults += _faults(rows, set(session.exec(select(Unit.code))))
    if faults:
        raise TableInvalid(count=len(faults), errors=listed(faults))
    people: dict[str, tuple[str, list[Grant]]] = {}
    for _, row in rows:
        given = Grant.of(row["unit"], row["role"], int(row["year"]) if row.get("year") else None)
        people.setdefault(row["username"], (row["name"], []))[1].append(given)
    known = {a.username: a.id for a in session.exec(select(Account))}
    changed, trace = 0, Trace.of(by, source)
    for username, (name, grants) in people.items():
        if username not in known:
            made = accounts.create_account(session, by, username, name, now, grants=tuple(grants))
            audit.note(session, trace, "account_created", made.id, now, grants=[shown(grant) for grant in grants])
            continue
        new = set(grants) - set(accounts.grants_at(session, known[username], now))
        for given in sorted(new, key=str):
            accounts.grant(session, by, known[username], given, now)
            audit.note(session, trace, "grant_given", known[username], now, grant=shown(given))
        changed += bool(new)
    added = len(people.keys() - known.keys())
    return AccountImport(added, changed, len(people) - added - changed)


def _faults(rows: Numbered, units: set[str]) -> Iterator[Fault]:
    names: dict[str, tuple[str, int]] = {}
    for line, row in rows:
        if not re.fullmatch(USERNAME, row["username"]):
            yield fault(line, "username", "string_pattern_mismatch", pattern=USERNAME)
        if not 1 <= len(row["name"]) <= 120:
            yield fault(line, "name", "expected", value="1–120")
        name, first = names.setdefault(row["username"], (row["name"], line))
        if name != row["name"]:
            yield fault(line, "name", "twice", value=row["username"], first=first)
        if row["unit"] not in units | {EVERY_UNIT}:
            yield fault(line, "unit", "unknown", value=row["unit"], where="unit")
        if row["role"] not in list(Role):
            yield fault(line, "role", "literal_error", expected=", ".join(Role))
        if row.get("year") and not re.fullmatch(r"2\d{3}", row["year"]):
            yield fault(line, "year", "expected", value="2000–2999")


WAYS: Mapping[str, Callable[[Session, Registry, Principal, str, bytes, int, int], Imported]] = {
    "units": _units,
    "accounts": _accounts,
    "recognitions": _recognitions,
    "criteria": _criteria,
}
