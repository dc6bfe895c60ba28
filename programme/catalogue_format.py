"""The format of a criteria catalogue file, and every fault in one. Pure; knows no table.

Two passes over the same plain values: pydantic for the shape of each place, then what places say of each other. The
second pass looks at whatever has the right shape, so that one mistake does not hide another.
"""

from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from auth.principal import Role
from programme.codes import UnitKind
from programme.criteria_checks import check, month_day
from programme.cross_references import find_faults
from programme.errors import CatalogueInvalid
from programme.faults import listed
from programme.yaml_lines import Document, decode, read

Text = Annotated[str, StringConstraints(min_length=1, max_length=2000, pattern=r"\S")]
Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
Url = Annotated[str, StringConstraints(pattern=r"^https?://\S+$", max_length=1000)]
SetId = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$")]
SetVersion = Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z][0-9A-Za-z.-]{0,31}$")]
GroupCode = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}-[A-Z]$")]
ItemCode = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}-[A-Z][0-9]{2}$")]
MonthDay = Annotated[str, AfterValidator(month_day)]
Count = Annotated[int, Field(ge=0, le=999)]


class Shape(BaseModel):
    """A key that the format does not have is a mistake; text is not taken for a number, nor a number for text."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Source(Shape):
    """Where an item comes from: `instrument` is the id of one in the same file."""

    instrument: str
    ref: Text
    url: Url | None = None
    url_2: Url | None = None


class Item(Shape):
    """One criterion. `due` is the last day allowed, inclusive, in Asia/Ho_Chi_Minh; `min_evidence` counts pieces."""

    code: ItemCode
    shared_key: str
    title_vi: Text
    title_en: Text
    check: Annotated[str, AfterValidator(check)]
    evidence_kinds: Annotated[list[str], Field(min_length=1)]
    min_evidence: Count | None = None
    reviewers: Annotated[int, Field(ge=1, le=2)] | None = None  # two: a second person confirms what the first did
    frequency: Literal["yearly", "quarterly", "monthly", "event", "as_needed"]
    due: MonthDay | None = None
    responsible_role: str
    applies_when: Name | None = None
    points: Count | None = None
    privacy: list[str] = []
    status: Literal["official", "template"]
    source: Source
    maps_to_3554: Text | None = None
    note: Text | None = None


class Group(Shape):
    """A heading of the tree; its items are in the order of the file."""

    code: GroupCode
    title_vi: Text
    title_en: Text
    items: Annotated[list[Item], Field(min_length=1)]


class KindTree(Shape):
    """The tree of one kind of unit."""

    kind: UnitKind
    name_vi: Text
    prefix: Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]
    note: Text | None = None
    eligibility_note: Text | None = None
    groups: Annotated[list[Group], Field(min_length=1)]


class EvidenceKind(Shape):
    """A kind of proof. `index_only` holds number, date, issuer and conclusion, and never the paper itself."""

    code: Name
    title_vi: Text
    title_en: Text
    form: Literal["document", "table", "index_only", "image", "structured", "bundle", "media", "link"]
    default_sensitivity: Annotated[int, Field(ge=1, le=4)]
    may_hold_personal_data: bool


class Instrument(Shape):
    """A legal text, and how much of it was seen by whoever made the file."""

    id: Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Z0-9]{1,19}$")]
    number: Text
    issuer: Text
    date: Annotated[str, StringConstraints(pattern=r"^\d{4}(-\d{2}){0,2}$")] | None
    title_vi: Text
    text_seen: Literal["full", "full_article", "restated_partial", "none", "n/a"]
    role: Text
    url: Url | None


class RoleTitle(Shape):
    """What a role of the service is called in the programme."""

    code: Annotated[Role, Field(strict=False)]
    title_vi: Text
    does: Text


class Defaults(Shape):
    """What an item has that does not give its own."""

    min_evidence: Count


class Window(Shape):
    """First and last day of the period that is assessed."""

    residential_area: list[Text]
    unit: list[Text]
    source: Text


class Head(Shape):
    """What the set is called, and how its values are to be read."""

    id: SetId
    version: SetVersion
    language: Literal["vi"]
    province_code: Text
    purpose: Text
    status_values: dict[str, Text]
    code_rule: Text
    item_defaults: Defaults
    item_defaults_note: Text | None = None
    due_rule: Text
    assessment_window: Window | None = None
    sensitivity_levels: dict[str, Text]
    privacy_flags: dict[str, Text]


class Catalogue(Shape):
    """A whole file."""

    schema_version: Literal[1]
    catalogue: Head
    instruments: Annotated[list[Instrument], Field(min_length=1)]
    roles: Annotated[list[RoleTitle], Field(min_length=1)]
    evidence_kinds: Annotated[list[EvidenceKind], Field(min_length=1)]
    unit_kinds: Annotated[list[KindTree], Field(min_length=1)]


@dataclass(frozen=True, slots=True)
class Parsed:
    """A catalogue without faults, and the plain values it was read from."""

    catalogue: Catalogue
    value: dict[str, Any]


def parse(source: str | bytes) -> Parsed:
    """Reads a catalogue file of at most 1 MiB. Raises CatalogueInvalid with every fault, in the order of the lines."""
    text, faults = decode(source) if isinstance(source, bytes) else (source, [])
    document = Document(faults=faults) if faults else read(text)
    catalogue = _shaped(document) if document.lines else None
    if document.lines:
        find_faults(document)
    if catalogue is None or document.faults:
        raise CatalogueInvalid(count=len(document.faults), errors=listed(document.faults))
    return Parsed(catalogue, document.value)


def _shaped(document: Document) -> Catalogue | None:
    try:
        return Catalogue.model_validate(document.value)
    except ValidationError as error:
        for found in error.errors(include_url=False, include_input=False):
            document.add(tuple(found["loc"]), found["type"], **found.get("ctx", {}))
        return None
