"""The province in a database: units, the criteria in force, and both as records that phones pull."""

from sqlmodel import Session

from programme.catalogue import criteria_sets, import_catalogue, packaged
from programme.publish import publish
from programme.registry import registry
from programme.units import load_units


def load_province(session: Session, year: int, now: int) -> str:
    """Loads what the package brings, where it is missing, and publishes it for `year`. Returns a line for people."""
    load_units(session)
    if not criteria_sets(session):
        import_catalogue(session, packaged(), now)
    told = publish(session, registry(), year, now)
    return f"{told.units} units, {told.criteria} criteria, {told.changed} records written to programme/{year}"
