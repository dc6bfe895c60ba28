"""Criteria sets as versioned data: importing one, and asking what a unit has to prove and with what."""

from dataclasses import dataclass
from importlib.resources import files
from typing import Any, Literal

import orjson
from sqlalchemy.orm import defer
from sqlmodel import Session, col, select

from programme.catalogue_format import Catalogue, EvidenceKind, Item, Parsed, parse
from programme.errors import CatalogueVersionReused, CriteriaSetUnknown
from programme.models import CriteriaSet, Criterion
from sync import bulk, canonical

NEWEST = (col(CriteriaSet.imported_at).desc(), col(CriteriaSet.id).desc(), col(CriteriaSet.version).desc())
_SET = bulk.table(CriteriaSet).c
# Every push asks this, so it is made once.
ACTIVE = select(_SET.id, _SET.version).order_by(_SET.imported_at.desc(), _SET.id.desc(), _SET.version.desc()).limit(1)


@dataclass(frozen=True, slots=True)
class ImportResult:
    """`checked` is a dry run that found nothing wrong, `unchanged` the same content once more."""

    id: str
    version: str
    digest: str
    items: int
    outcome: Literal["imported", "unchanged", "checked"]


def packaged() -> bytes:
    """The catalogue that comes with the service, as a file."""
    return files("programme").joinpath("data", "criteria.yaml").read_bytes()


def import_catalogue(session: Session, source: str | bytes, now: int, *, dry_run: bool = False) -> ImportResult:
    """Brings in a catalogue file and makes it the active set; with `dry_run` only says whether it would.

    All or nothing; the same content again changes nothing. Raises CatalogueInvalid, CatalogueVersionReused.
    """
    parsed = parse(source)
    head = parsed.catalogue.catalogue
    digest = canonical.sha256(canonical.encode(parsed.value)).hex()
    rows = _criteria(parsed.catalogue)
    stored = session.get(CriteriaSet, (head.id, head.version))
    if stored is not None and stored.digest != digest:
        raise CatalogueVersionReused(id=head.id, version=head.version)
    if dry_run or stored is not None:
        return ImportResult(head.id, head.version, digest, len(rows), "checked" if dry_run else "unchanged")
    text = source.decode("utf-8-sig") if isinstance(source, bytes) else source
    session.add(
        CriteriaSet(
            id=head.id,
            version=head.version,
            language=head.language,
            imported_at=now,
            digest=digest,
            head=canonical.encode(_without_items(parsed)).decode(),
            source_text=text,
        )
    )
    session.flush()
    session.add_all(rows)
    session.flush()
    return ImportResult(head.id, head.version, digest, len(rows), "imported")


def criteria_sets(session: Session) -> list[CriteriaSet]:
    """Every set, the active one first, without the large texts."""
    large = (defer(CriteriaSet.head), defer(CriteriaSet.source_text))  # type: ignore[arg-type]
    return list(session.exec(select(CriteriaSet).options(*large).order_by(*NEWEST)))


def criteria_set(session: Session, set_id: str, version: str) -> CriteriaSet:
    """Raises CriteriaSetUnknown."""
    found = session.get(CriteriaSet, (set_id, version))
    if found is None:
        raise CriteriaSetUnknown
    return found


def active_set(session: Session) -> CriteriaSet:
    """The set imported last. Raises CriteriaSetUnknown where there is none."""
    found = session.exec(select(CriteriaSet).order_by(*NEWEST).limit(1)).first()
    if found is None:
        raise CriteriaSetUnknown
    return found


def active_version(session: Session) -> str | None:
    """`<id>/<version>` of the active set, or None: cheap enough to mark every push with."""
    found = session.execute(ACTIVE).first()
    return "/".join(found) if found else None


def items_of(session: Session, kind: str | None = None, of: CriteriaSet | None = None) -> list[Criterion]:
    """The items of one kind of unit in the order of the file, or of every kind; of the active set unless told.

    Raises CriteriaSetUnknown.
    """
    of = of or active_set(session)
    query = select(Criterion).where(col(Criterion.set_id) == of.id, col(Criterion.version) == of.version)
    if kind is not None:
        query = query.where(col(Criterion.unit_kind) == kind)
    return list(session.exec(query.order_by(col(Criterion.unit_kind), col(Criterion.position))))


def evidence_kinds(session: Session, of: CriteriaSet | None = None) -> dict[str, EvidenceKind]:
    """Kinds of proof by code, with form and default sensitivity; of the active set unless told.

    Raises CriteriaSetUnknown.
    """
    head = orjson.loads((of or active_set(session)).head)
    return {kind["code"]: EvidenceKind.model_validate(kind) for kind in head["evidence_kinds"]}


def allowed_kinds(item: Criterion) -> list[str]:
    """Codes of the kinds of proof that count for an item."""
    kinds: list[str] = orjson.loads(item.evidence_kinds)
    return kinds


def _criteria(catalogue: Catalogue) -> list[Criterion]:
    head = catalogue.catalogue
    defaults = head.item_defaults.model_dump()
    rows = []
    for tree in catalogue.unit_kinds:
        places = [(group.code, item) for group in tree.groups for item in group.items]
        for position, (group, item) in enumerate(places, 1):
            place = {"set_id": head.id, "version": head.version, "unit_kind": tree.kind, "group_code": group}
            rows.append(Criterion.model_validate({**defaults, **_columns(item), **place, "position": position}))
    return rows


def _columns(item: Item) -> dict[str, Any]:
    values = item.model_dump(exclude_none=True)
    for name in ("evidence_kinds", "privacy", "source"):
        values[name] = canonical.encode(values[name]).decode()
    return values


def _without_items(parsed: Parsed) -> dict[str, Any]:
    def bare(group: dict[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in group.items() if name != "items"}

    trees = [tree | {"groups": [bare(group) for group in tree["groups"]]} for tree in parsed.value["unit_kinds"]]
    return parsed.value | {"unit_kinds": trees}
