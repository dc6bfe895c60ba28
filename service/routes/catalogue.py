"""Units and criteria: what everyone who is signed in may look up, and an administrator's import of a new set."""

import hashlib
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Body, Path, Query
from pydantic import Field, Json

from auth.principal import EVERY_UNIT, Permission
from programme import catalogue, units
from programme.catalogue_format import SetId, SetVersion
from programme.codes import UnitKind
from programme.province import adopt_criteria
from service.deps import CALLER_CODES, Caller, Config, Db, Witnessed
from service.fields import Answer, Instant
from service.problems import responses

router = APIRouter(tags=["catalogue"])

UnitCode = Annotated[str, Path(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,31}$")]
Words = Annotated[
    str, Query(max_length=100, pattern=r"^[^\x00-\x1f\x7f]*$", description="parts of the name, with or without marks")
]
Cursor = Annotated[str, Query(max_length=32, pattern=r"^[A-Za-z0-9_.-]*$", description="`cursor` of the page before")]
Limit = Annotated[int, Query(ge=1, le=500)]


class Unit(Answer):
    """Who takes part; `parent` is the commune or ward that it lies in."""

    code: str
    name_vi: str
    name_en: str
    kind: UnitKind
    parent: str | None
    active: bool


class Units(Answer):
    """One page; `cursor` is null on the last."""

    cursor: str | None
    units: list[Unit]


class SetSummary(Answer):
    """One version of the criteria; `digest` is the SHA-256 of its canonical content."""

    id: str
    version: str
    language: str
    imported_at: Instant
    digest: str


class Criterion(Answer):
    """What a unit has to prove; `due` is MM-DD, the last day allowed, in Asia/Ho_Chi_Minh."""

    code: str
    unit_kind: UnitKind
    group_code: str
    position: int
    shared_key: str
    title_vi: str
    title_en: str
    check: str
    evidence_kinds: Json[list[str]]
    min_evidence: int
    frequency: str
    due: str | None
    responsible_role: str
    applies_when: str | None
    points: int | None
    privacy: Json[list[str]]
    status: Literal["official", "template"]
    source: Json[dict[str, str]]
    maps_to_3554: str | None
    note: str | None


class CriteriaSet(SetSummary):
    """A set with its items; `head` holds the rest of the file: groups, evidence kinds, roles, instruments."""

    head: Json[dict[str, Any]]
    items: list[Criterion]


class Imported(Answer):
    """`checked`: a dry run found nothing wrong. `unchanged`: this content was in already."""

    id: str
    version: str
    digest: str
    items: Annotated[int, Field(description="number of criteria over all kinds of unit")]
    outcome: Literal["imported", "unchanged", "checked"]


@router.get("/v1/units", operation_id="listUnits", responses=responses(*CALLER_CODES))
def list_units(
    _caller: Caller, db: Db, kind: UnitKind | None = None, q: Words = "", cursor: Cursor = "", limit: Limit = 100
) -> Units:
    """Active units by code; `q=hoa` finds Hòa and Hoà."""
    found = db.read(units.search_units, q, kind, cursor, limit + 1)
    page = [Unit.model_validate(unit) for unit in found[:limit]]
    return Units(cursor=page[-1].code if len(found) > limit else None, units=page)


@router.get("/v1/units/{code}", operation_id="getUnit", responses=responses(*CALLER_CODES, "unit_unknown"))
def get_unit(_caller: Caller, db: Db, code: UnitCode) -> Unit:
    """One unit, also one that is no longer active."""
    return Unit.model_validate(db.read(units.get_unit, code))


@router.get("/v1/criteria-sets", operation_id="listCriteriaSets", responses=responses(*CALLER_CODES))
def list_criteria_sets(_caller: Caller, db: Db) -> list[SetSummary]:
    """Every version that was ever imported, the active one first."""
    return [SetSummary.model_validate(found) for found in db.read(catalogue.criteria_sets)]


@router.get(
    "/v1/criteria-sets/{set_id}/{version}",
    operation_id="getCriteriaSet",
    responses=responses(*CALLER_CODES, "criteria_set_unknown"),
)
def get_criteria_set(
    _caller: Caller, db: Db, set_id: SetId, version: SetVersion, kind: UnitKind | None = None
) -> CriteriaSet:
    """A set with the items of one kind of unit, or of all; what is under an id and version never changes."""
    found = db.read(catalogue.criteria_set, set_id, version)
    items = db.read(catalogue.items_of, kind, found)
    return CriteriaSet.model_validate({**found.model_dump(), "items": items})


@router.post(
    "/v1/criteria-sets",
    operation_id="importCriteriaSet",
    responses=responses(*CALLER_CODES, "not_permitted", "catalogue_invalid", "catalogue_version_reused"),
)
def import_criteria_set(
    body: Annotated[bytes, Body(media_type="application/yaml", description="a catalogue file, at most 1 MiB")],
    at: Witnessed,
    config: Config,
    dry_run: Annotated[bool, Query(description="only say whether it would be taken")] = False,
) -> Imported:
    """For administrators of the province. All or nothing: a problem names every fault with its line."""
    at.caller.require(Permission.ADMINISTER, EVERY_UNIT)
    file, facts = (body, config.programme_year, at.now), {"sha256": hashlib.sha256(body).hexdigest()}
    if dry_run:
        return Imported.model_validate(at.db.read(adopt_criteria, *file, dry_run=True))
    return Imported.model_validate(at.write("imported", "criteria", facts, adopt_criteria, *file))
