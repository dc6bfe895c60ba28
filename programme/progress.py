"""How far a unit is in a year: n of N criteria met, and what each item still wants.

An item is met by enough *verified* evidence of a kind that the item accepts (domain §3.1, type lock).
"""

from collections import defaultdict
from typing import Any

import orjson
from pydantic import BaseModel
from sqlmodel import Session

from auth.principal import Permission, Principal
from programme.catalogue import active_version, allowed_kinds, items_of
from programme.codes import evidence_code
from programme.errors import UnitUnknown
from programme.evidence import EVIDENCE_NAMES
from programme.models import Criterion
from programme.reading import as_verified
from programme.units import get_unit
from sync.records import every

IN_HAND = ("pending", "changed", "rejected", "needs_info", "verified")


class ItemProgress(BaseModel):
    """One criterion: how much evidence is there, how much counts, how much it wants."""

    code: str
    title_vi: str
    title_en: str
    wanted: int
    captured: int
    verified: int
    met: bool
    evidence: list[str]


class Progress(BaseModel):
    """`met` of `applicable` items; items for units recognised in an earlier year do not apply before that."""

    unit: str
    name_vi: str
    year: int
    catalogue: str | None
    met: int
    applicable: int
    items: list[ItemProgress]


def progress_of(session: Session, principal: Principal, code: str, year: int) -> Progress:
    """Progress of a unit that the caller may read. Raises UnitUnknown, also for units outside the caller's grants."""
    if not principal.may(Permission.READ, f"{code}/{year}"):
        raise UnitUnknown
    unit = get_unit(session, code)
    captured, counted = _evidence(session, principal, f"{code}/{year}")
    items = [_item(i, captured, counted) for i in items_of(session, unit.kind) if i.applies_when is None]
    return Progress(
        unit=code,
        name_vi=unit.name_vi,
        year=year,
        catalogue=active_version(session),
        met=sum(i.met for i in items),
        applicable=len(items),
        items=items,
    )


Counted = dict[str, list[tuple[str, str]]]  # item code -> (evidence kind, evidence code)


def _evidence(session: Session, principal: Principal, scope: str) -> tuple[Counted, Counted]:
    captured: Counted = defaultdict(list)
    verified: Counted = defaultdict(list)
    for shown in every(session, principal, scope, sorted(EVIDENCE_NAMES), IN_HAND):
        doc = orjson.loads(shown.doc)
        _count(captured, doc)
        if doc["state"] == "verified":
            _count(verified, doc)
        elif (doc.get("review") or {}).get("verified_ver"):
            _count(verified, orjson.loads(as_verified(session, shown).doc))
    return captured, verified


def _count(into: Counted, doc: dict[str, Any]) -> None:
    numbers = doc.get("numbers", {})
    for item in doc["data"].get("criteria", ()):
        into[item].append((doc["data"].get("kind") or doc["type"], evidence_code(item, numbers.get(item, 0))))


def _item(item: Criterion, captured: Counted, verified: Counted) -> ItemProgress:
    accepted = set(allowed_kinds(item))
    counting = [code for kind, code in verified[item.code] if kind in accepted]
    return ItemProgress(
        code=item.code,
        title_vi=item.title_vi,
        title_en=item.title_en,
        wanted=item.min_evidence,
        captured=len(captured[item.code]),
        verified=len(counting),
        met=len(counting) >= item.min_evidence,
        evidence=sorted(counting),
    )
