"""The guards of the evidence machine (`transitions.py`), by name: what keeps a reviewer's decision from being made.

Each raises the problem that it stands for. They run in the order of the table's row, after permission and state.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import func, select
from sqlmodel import Session, col

from auth.principal import Permission, Principal
from programme.claims import other_holder
from programme.decision import Decision
from programme.diff import differences
from programme.errors import (
    ClaimedByAnother,
    ConflictOpen,
    ContentChanged,
    DecidedMeanwhile,
    FourEyes,
    MediaIncomplete,
    MediaKeptApart,
    NotReviewable,
    OwnUnit,
    ReasonWanted,
    ReviewNotPermitted,
    SecondReviewer,
)
from programme.evidence import EVIDENCE_NAMES
from programme.models import Criterion
from programme.transitions import EVIDENCE, Move
from sync.records import Shown, version


@dataclass(frozen=True, slots=True)
class Judging:
    """A decision on a record as it is; `hands`: the reviewer and the accounts that count as the same person."""

    session: Session
    principal: Principal
    asked: Decision
    shown: Shown
    doc: dict[str, Any]
    hands: frozenset[str]
    now: int

    @property
    def confirmed_by(self) -> list[str]:
        """Who has confirmed this very content already."""
        review = self.doc.get("review") or {}
        standing = review.get("digest") == self.doc["content_digest"] and review.get("state") == "verified_once"
        return list(review.get("reviewers") or ()) if standing else []


def row_of(judging: Judging) -> Move:
    """The row of the table for a decision that nothing stands in the way of.

    Raises ReviewNotPermitted, NotReviewable, OwnUnit, and what the guards of the row raise.
    """
    doc, principal = judging.doc, judging.principal
    row = EVIDENCE.move(doc["state"], _action(judging)) if judging.shown.type in EVIDENCE_NAMES else None
    if not principal.may(row.who if row and row.who else Permission.REVIEW, judging.shown.scope):
        raise ReviewNotPermitted
    if row is None:
        raise NotReviewable(state=doc["state"])
    _four_eyes(judging)
    if row.outsider and principal.belongs_to(judging.shown.scope):
        raise OwnUnit
    for name in row.guards:
        GUARDS[name](judging)
    return row


def _action(judging: Judging) -> str:
    """A first confirmation is a move of its own where a criterion wants two people."""
    if judging.asked.decision != "verified" or judging.confirmed_by:
        return judging.asked.decision
    return "verified_once" if reviewers_wanted(judging.session, judging.doc) > 1 else "verified"


def reviewers_wanted(session: Session, doc: dict[str, Any]) -> int:
    """How many people have to confirm a piece: the most that one of its criteria wants."""
    set_id, _, version_ = str(doc.get("catalogue") or "").partition("/")
    items = doc["data"].get("criteria") or ()
    if not version_ or not items:
        return 1
    where = (col(Criterion.set_id) == set_id, col(Criterion.version) == version_, col(Criterion.code).in_(items))
    wanted: int | None = session.execute(select(func.max(col(Criterion.reviewers))).where(*where)).scalar()
    return wanted or 1


def _four_eyes(judging: Judging) -> None:
    if not judging.hands.isdisjoint(judging.doc.get("authors", ())):
        raise FourEyes


def _unclaimed(judging: Judging) -> None:
    holder = other_holder(judging.session, judging.principal, judging.shown.id, judging.now)
    if holder is not None:
        raise ClaimedByAnother(current=holder)


def _seen(judging: Judging) -> None:
    shown = judging.shown
    if judging.asked.content_digest != shown.content_digest:
        raise ContentChanged(
            current={"ver": shown.ver, "content_digest": shown.content_digest}, errors=_changes_since(judging)
        )


def _undecided_since(judging: Judging) -> None:
    """Nobody overrules a colleague without having seen their decision, though the content is the same."""
    review = judging.doc.get("review") or {}
    same = review.get("digest") == judging.doc["content_digest"] and review.get("by") not in judging.hands
    if same and judging.asked.ver <= review["ver"]:
        told = {name: review[name] for name in ("state", "by", "at", "reason_code", "comment")}
        raise DecidedMeanwhile(
            current={"ver": judging.shown.ver, "content_digest": judging.shown.content_digest, **told}
        )


def _changes_since(judging: Judging) -> list[dict[str, Any]]:
    """What changed between the version on the screen and the current one; nothing where that version is not known."""
    asked, shown = judging.asked, judging.shown
    if not 0 < asked.ver < shown.ver:
        return []
    before = version(judging.session, shown, asked.ver)
    if before.content_digest != asked.content_digest:
        return []
    return differences(orjson.loads(before.doc), judging.doc)


def _reason_given(judging: Judging) -> None:
    if not judging.asked.reason_code and not (judging.asked.comment or "").strip():
        raise ReasonWanted(errors=[{"pointer": "/reason_code"}])


def _complete(judging: Judging) -> None:
    doc = judging.doc
    if doc["media_state"] == "complete":
        return
    wanting = [(s, f) for s, f in doc["files"].items() if f["state"] != "verified"]
    kept_apart = doc["media_state"] == "quarantined"
    raise (MediaKeptApart if kept_apart else MediaIncomplete)(
        errors=[{"pointer": f"/files/{s}", "reason": f.get("code", f["state"])} for s, f in wanting]
    )


def _no_conflict(judging: Judging) -> None:
    if judging.doc["conflicts"]:
        raise ConflictOpen(errors=[{"pointer": f"/data/{c['field']}"} for c in judging.doc["conflicts"]])


def _enough_people(judging: Judging) -> None:
    if not judging.hands.isdisjoint(judging.confirmed_by):
        raise SecondReviewer


GUARDS: Mapping[str, Callable[[Judging], None]] = {
    "four_eyes": _four_eyes,
    "unclaimed": _unclaimed,
    "seen": _seen,
    "undecided_since": _undecided_since,
    "reason_given": _reason_given,
    "complete": _complete,
    "no_conflict": _no_conflict,
    "enough_people": _enough_people,
}
