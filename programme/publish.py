"""Units and criteria as records of `programme/<year>`: written by the engine's one writer, only where they changed."""

import json
import uuid
from dataclasses import dataclass
from typing import Any

import orjson
from sqlmodel import Session, col, select

from programme.catalogue import active_version, items_of
from programme.models import Criterion, Unit
from programme.naming import single_id
from sync.append import append
from sync.notice import server_op
from sync.op import Action, Op
from sync.records import current
from sync.types import Registry

BATCH = 200


@dataclass(frozen=True, slots=True)
class Published:
    """How many units and criteria there are, and how many records had to be written."""

    units: int
    criteria: int
    changed: int


def publish(session: Session, types: Registry, year: int, now: int) -> Published:
    """Brings `programme/<year>` up to date with the tables. A record that says the same already is left alone."""
    units = session.exec(select(Unit).order_by(col(Unit.code))).all()
    items = items_of(session) if active_version(session) else []
    wanted = [("unit", u.code, _unit(u)) for u in units]
    wanted += [("criterion", f"{i.set_id}/{i.version}/{i.code}", _criterion(i)) for i in items]
    scope = f"programme/{year}"
    ops: list[Op] = []
    for i in range(0, len(wanted), BATCH):
        ops += _changes(session, scope, wanted[i : i + BATCH])
    for i in range(0, len(ops), BATCH):
        append(session, types, ops[i : i + BATCH], now)
    return Published(len(units), len(items), len(ops))


def _changes(session: Session, scope: str, wanted: list[tuple[str, str, dict[str, Any]]]) -> list[Op]:
    ids = {single_id(kind, scope, code): (kind, values) for kind, code, values in wanted}
    held = current(session, list(ids))
    ops = []
    for record_id, (kind, values) in ids.items():
        doc = orjson.loads(held[record_id].doc) if record_id in held else None
        if doc is not None and doc["data"] == values:
            continue
        ver = doc["ver"] if doc else 0
        action = Action.PATCH if doc else Action.CREATE
        ops.append(server_op(str(uuid.uuid4()), kind, record_id, scope, action, base_ver=ver, values=values))
    return ops


def _unit(unit: Unit) -> dict[str, Any]:
    found = {"code": unit.code, "name_vi": unit.name_vi, "name_en": unit.name_en, "kind": unit.kind}
    return {**found, "parent": unit.parent, "active": unit.active}


def _criterion(item: Criterion) -> dict[str, Any]:
    return {
        "code": item.code,
        "set": item.set_id,
        "version": item.version,
        "unit_kind": item.unit_kind,
        "group_code": item.group_code,
        "position": item.position,
        "title_vi": item.title_vi,
        "title_en": item.title_en,
        "evidence_kinds": json.loads(item.evidence_kinds),
        "min_evidence": item.min_evidence,
        "frequency": item.frequency,
        "due": item.due,
        "status": item.status,
        "note": item.note,
    }
