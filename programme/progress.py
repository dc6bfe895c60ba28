"""How far a unit is in a year: n of N criteria met, and what each item still wants.

An item is met by enough *verified* evidence of the right kind and issuer (`checklist.py`), or by what the service knows
itself: the approval, the monthly reports, the maintenance list, the dossier.
"""

from typing import Any, Literal

from pydantic import BaseModel
from sqlmodel import Session

from auth.principal import Permission, Principal
from programme import checklist
from programme.calendar import day_of
from programme.catalogue import allowed_kinds, evidence_kinds, items_of
from programme.errors import UnitUnknown
from programme.models import Criterion
from programme.standing import Standing, standing_of
from programme.units import get_unit

Source = Literal["evidence", "approval", "reports", "maintenance", "dossier", "not_applicable"]


class Aside(BaseModel):
    """Evidence that does not count for the item, and why."""

    evidence: str
    record_id: str
    reason: str
    reason_vi: str


class ItemProgress(BaseModel):
    """One criterion: how much evidence is there, how much counts, how much it wants and of which kinds, by when.

    `source` says what meets it where that is not evidence; `claim` is what the unit says of itself.
    """

    code: str
    title_vi: str
    title_en: str
    wanted: int
    captured: int
    verified: int
    met: bool
    evidence: list[str]
    kinds: list[str]
    frequency: str
    due: str | None
    late: bool
    source: Source
    claim: dict[str, Any] | None
    aside: list[Aside]


class Progress(BaseModel):
    """`met` of `applicable` items. `catalogue` is the set fixed at the unit's approval, else the active."""

    unit: str
    name_vi: str
    year: int
    catalogue: str | None
    met: int
    applicable: int
    items: list[ItemProgress]


def progress_of(session: Session, principal: Principal, code: str, year: int, now: int) -> Progress:
    """Progress of a unit that the caller may read. Raises UnitUnknown, also for units outside the caller's grants."""
    if not principal.may(Permission.READ, f"{code}/{year}"):
        raise UnitUnknown(code=code)
    get_unit(session, code)
    return assess(session, standing_of(session, code, year), now)


def assess(session: Session, standing: Standing, now: int) -> Progress:
    """The checklist of a unit's year, whoever asks."""
    kinds = evidence_kinds(session, standing.criteria) if standing.criteria else {}
    index_kinds = {k for k, kind in kinds.items() if kind.form == "index_only"}
    items = items_of(session, standing.unit.kind, standing.criteria) if standing.criteria else []
    found = [_item(i, standing, index_kinds, now) for i in items if _applies(i, standing)]
    counted = [i for i in found if i.source != "not_applicable"]
    criteria = standing.criteria
    return Progress(
        unit=standing.unit.code,
        name_vi=standing.unit.name_vi,
        year=standing.year,
        catalogue=f"{criteria.id}/{criteria.version}" if criteria else None,
        met=sum(i.met for i in counted),
        applicable=len(counted),
        items=found,
    )


def _applies(item: Criterion, standing: Standing) -> bool:
    return item.applies_when is None or (
        item.applies_when == "recognised_in_a_prior_year" and bool(standing.maintenance)
    )


def _item(item: Criterion, standing: Standing, index_kinds: set[str], now: int) -> ItemProgress:
    wanted = checklist.want(item.check, item.min_evidence, allowed_kinds(item), item.frequency)
    counted = checklist.count(wanted, standing.verified[item.code], index_kinds, standing.unit.name_vi)
    source, need, have = _known(item, wanted.count, len(counted.counting), standing)
    due = f"{standing.year}-{item.due}" if item.due else None
    met = source == "not_applicable" or have >= need
    return ItemProgress(
        code=item.code,
        title_vi=item.title_vi,
        title_en=item.title_en,
        wanted=need,
        captured=standing.captured[item.code],
        verified=have,
        met=met,
        evidence=sorted(p.code for p in counted.counting),
        kinds=sorted(wanted.kinds),
        frequency=item.frequency,
        due=due,
        late=bool(due and not met and due < day_of(now)),
        source=source,
        claim=standing.claims.get(item.code),
        aside=[
            Aside(evidence=p.code, record_id=p.record_id, reason=r, reason_vi=checklist.REASONS[r])
            for p, r in counted.aside
        ],
    )


def _known(item: Criterion, wanted: int, counting: int, standing: Standing) -> tuple[Source, int, int]:
    """What meets the item, how many are wanted, how many there are. Evidence counts where it already suffices."""
    name, _, argument = item.check.partition(":")
    found: tuple[Source, int, int] = ("evidence", wanted, counting)
    if name == "document_exists_if" and standing.applies.get(argument) is False:
        found = "not_applicable", 0, 0
    elif counting >= wanted:
        pass
    elif item.shared_key == "P03":
        found = "approval", 1, int(standing.approved)
    elif item.applies_when:
        found = "maintenance", 1, int(standing.maintenance == "listed_maintained")
    elif name == "deadline_before":
        found = "dossier", 1, int(standing.dossier_in_time)
    elif name == "count_min" and item.frequency == "monthly":
        months = standing.months_wanted()
        found = "reports", len(months), len(standing.reported & set(months))
    elif item.frequency == "as_needed":
        found = "not_applicable", 0, 0
    return found
