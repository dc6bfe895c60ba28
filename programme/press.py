"""What may be published: cleared item by item, by the province, as it was verified (plan III.1.5, III.5; domain L23).

The press sees what was cleared and nothing else, and files where it has appeared.
"""

from typing import Any

import orjson
from sqlalchemy import ColumnElement, false, or_, tuple_
from sqlmodel import Session, col, select

from auth.principal import EVERY_UNIT, Permission, Principal
from programme.errors import NotCleared, NotVerified, PurposeRefused
from programme.making import fault
from programme.models import Clearance, PressLink, Unit
from sync.errors import RecordUnknown
from sync.records import current, lock, readable, version

Place = tuple[int, str]  # when it was cleared, record id


def clear(session: Session, principal: Principal, record_id: str, on: tuple[int, str], now: int) -> None:
    """Clears evidence as it was verified; `on` is the ver and digest on the screen.

    Raises RecordUnknown, NotPermitted, PurposeRefused, NotVerified.
    """
    lock(session, record_id)
    shown = readable(session, principal, record_id)
    principal.require(Permission.COORDINATE, shown.scope)
    doc = orjson.loads(shown.doc)
    review = doc.get("review") or {}
    if not _for_publication(doc):
        vi, en = "Minh chứng này không được thu thập để công khai.", "This was not taken for publication."
        raise PurposeRefused(errors=[fault("purpose", f"/record_ids/{record_id}", vi, en)])
    if review.get("verified_digest") != on[1] or shown.content_digest != on[1]:
        raise NotVerified
    row = Clearance(record_id=record_id, scope=shown.scope, ver=review["verified_ver"], content_digest=on[1],
                    by=principal.account_id, at=now)  # fmt: skip
    session.merge(row)
    session.flush()


def withdraw(session: Session, principal: Principal, record_id: str, now: int) -> None:
    """Takes a clearance back: the press sees the item no more, until it is cleared again.

    Done again, nothing more comes of it. Raises RecordUnknown, NotPermitted, NotCleared.
    """
    lock(session, record_id)
    shown = readable(session, principal, record_id)
    principal.require(Permission.COORDINATE, shown.scope)
    row = session.get(Clearance, record_id)
    if row is None:
        raise NotCleared
    if row.withdrawn_at is None:
        row.withdrawn_by, row.withdrawn_at = principal.account_id, now
        session.flush()


def items(
    session: Session, principal: Principal, after: Place | None, limit: int
) -> tuple[list[dict[str, Any]], Place | None]:
    """What is cleared in the units of the caller, the newest first, and where the next page begins.

    What was sent back, restricted, or taken back from publication since, by the unit or the province, is left out.
    """
    units = principal.units(Permission.PUBLISH) | principal.units(Permission.COORDINATE)
    query = select(Clearance).where(col(Clearance.withdrawn_at).is_(None)).limit(limit)
    query = query.order_by(col(Clearance.at).desc(), col(Clearance.record_id).desc())
    if EVERY_UNIT not in units:
        query = query.where(_of(units))
    if after:
        query = query.where(tuple_(col(Clearance.at), col(Clearance.record_id)) < tuple_(*after))
    rows = session.exec(query).all()
    docs = current(session, [row.record_id for row in rows])
    links = _links(session, [row.record_id for row in rows])
    names = dict(session.exec(select(Unit.code, Unit.name_vi)).all())
    found = []
    for row in rows:
        doc = orjson.loads(docs[row.record_id].doc)
        sent_back = (doc.get("review") or {}).get("verified_digest") != row.content_digest
        if sent_back or doc["scope"] != row.scope or not _for_publication(doc):
            continue
        data = orjson.loads(version(session, docs[row.record_id], row.ver).doc)["data"]
        unit = row.scope.partition("/")[0]
        shown = {"record_id": row.record_id, "unit": unit, "name_vi": names.get(unit, unit), "cleared_at": row.at}
        what = {name: data.get(name) for name in ("title", "kind", "issued_on")}
        found.append({**shown, **what, "links": links.get(row.record_id, [])})
    return found, (rows[-1].at, rows[-1].record_id) if len(rows) == limit else None


def _for_publication(doc: dict[str, Any]) -> bool:
    """Whether the unit says that it was taken to be published, which no item is by default (domain L1)."""
    return "publication" in (doc["data"].get("purposes") or ())


def _of(units: frozenset[str]) -> ColumnElement[bool]:
    """The scopes of these units; of none, where there are none."""
    return or_(false(), *(col(Clearance.scope).startswith(f"{unit}/", autoescape=True) for unit in sorted(units)))


def _links(session: Session, ids: list[str]) -> dict[str, list[dict[str, str]]]:
    found: dict[str, list[dict[str, str]]] = {}
    for link in session.exec(select(PressLink).where(col(PressLink.record_id).in_(ids)).order_by(col(PressLink.at))):
        told = {"url": link.url, "title": link.title, "published_on": link.published_on}
        found.setdefault(link.record_id, []).append(told)
    return found


def publish(session: Session, principal: Principal, record_id: str, link: dict[str, str], now: int) -> None:
    """Files where something that was cleared has appeared. Raises RecordUnknown."""
    row = session.get(Clearance, record_id)
    if row is None or row.withdrawn_at is not None or not principal.may(Permission.PUBLISH, row.scope):
        raise RecordUnknown
    session.merge(PressLink(record_id=record_id, by=principal.account_id, at=now, **link))
    session.flush()
