"""Reference data as records: units and criteria in `programme/<year>`, so that phones hold the checklist offline."""

from typing import Any

from sync.types import Field, Kind, RecordType


def _any(_value: Any) -> None:
    """The service writes these itself, from tables that were validated on import."""


def _shared(name: str, *fields: str) -> RecordType:
    return RecordType(name, {f: Field(Kind.REGISTER, _any) for f in fields}, shared=True)


UNIT = _shared("unit", "code", "name_vi", "name_en", "kind", "parent", "active")
CRITERION = _shared(
    "criterion",
    "code",
    "set",
    "version",
    "unit_kind",
    "group_code",
    "position",
    "title_vi",
    "title_en",
    "evidence_kinds",
    "min_evidence",
    "frequency",
    "due",
    "status",
    "note",
)
REFERENCE = (UNIT, CRITERION)
