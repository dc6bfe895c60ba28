"""A dossier as it was sent, as papers and its ZIP show it: everything follows from the snapshot."""

from typing import Any

import orjson
from sqlmodel import Session, col, select

from papers.contents import archive_fields, pieces
from papers.kinds import CARRIED, KIND_VI
from programme.catalogue import criteria_set, items_of
from programme.models import Criterion, Review, Unit
from programme.units import get_unit

Value = dict[str, Any]


def about_unit(unit: Unit) -> Value:
    """A unit as papers name it."""
    named = f"{KIND_VI[unit.kind]} {unit.name_vi}" if unit.kind in CARRIED else unit.name_vi
    return {
        "code": unit.code,
        "name_vi": unit.name_vi,
        "name_full": named[0].upper() + named[1:],
        "kind": unit.kind,
        "kind_vi": KIND_VI[unit.kind],
    }


def dossier_facts(session: Session, sent: Value, digest: str) -> Value:
    """What a snapshot says, as papers show it."""
    unit = about_unit(get_unit(session, sent["unit"]))
    criteria = criteria_of(session, sent)
    listed = pieces(sent, {code: orjson.loads(c.privacy) for code, c in criteria.items()})
    rows = [
        {
            **row,
            "claim": row["claim"] or {},
            "points": criteria[row["code"]].points if row["code"] in criteria else None,
        }
        for row in sent["score_sheet"]
    ]
    counted = [row for row in rows if row["source"] != "not_applicable"]
    fields = archive_fields(unit, sent, listed)
    return {
        "unit": unit,
        "version": sent["version"],
        "digest_of": digest,
        "received_at": sent["received_at"],
        "criteria_set": sent["criteria_set"],
        "rows": rows,
        "met": sum(row["met"] for row in counted),
        "applicable": len(counted),
        "pieces": listed,
        "files": sum(len(piece["files"]) for piece in listed),
        "archive": [{"name": name, "value": value} for name, value in fields.items()],
        "head": (sent["registration"].get("responsible_head") or {}).get("name") or "",
        "late": sent["registration"].get("late") or "no",
    }


def criteria_of(session: Session, sent: Value) -> dict[str, Criterion]:
    """The criteria that a snapshot was measured by; they never change."""
    if not sent["criteria_set"]:
        return {}
    of = criteria_set(session, *sent["criteria_set"].split("/", 1))
    return {c.code: c for c in items_of(session, sent["kind"], of)}


def reviews_of(session: Session, sent: Value, until: int) -> list[Value]:
    """Decisions on the pieces of a snapshot up to `until` (ms), oldest first."""
    ids = sorted({piece["record_id"] for listed in sent["evidence"].values() for piece in listed})
    where = (col(Review.record_id).in_(ids), col(Review.at) <= until)
    found = session.exec(select(Review).where(*where).order_by(col(Review.at), col(Review.review_id)))
    return [review.model_dump(exclude={"digest", "scope"}) for review in found]
