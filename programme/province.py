"""The province in a database: units, the criteria in force, and both as records that phones pull."""

from sqlmodel import Session

from programme.catalogue import ImportResult, criteria_sets, import_catalogue, packaged
from programme.publish import publish
from programme.registry import registry
from programme.units import UnitImport, import_units, load_units


def adopt_criteria(
    session: Session, source: str | bytes, year: int, now: int, *, dry_run: bool = False
) -> ImportResult:
    """Imports a criteria set and gives it to the phones. Raises CatalogueInvalid, CatalogueVersionReused."""
    result = import_catalogue(session, source, now, dry_run=dry_run)
    if not dry_run:
        publish(session, registry(), year, now)
    return result


def adopt_units(session: Session, table: str | bytes, year: int, now: int) -> UnitImport:
    """Imports a table of units and gives them to the phones. Raises UnitsInvalid."""
    result = import_units(session, table)
    publish(session, registry(), year, now)
    return result


def load_province(session: Session, year: int, now: int) -> str:
    """Loads what the package brings, where it is missing, and publishes it for `year`. Returns a line for people."""
    load_units(session)
    if not criteria_sets(session):
        import_catalogue(session, packaged(), now)
    told = publish(session, registry(), year, now)
    return f"{told.units} units, {told.criteria} criteria, {told.changed} records written to programme/{year}"
