"""The review desk's decisions, each bound to the content that was on the reviewer's screen (protocol C.7).

Which decision is possible, for whom and under what conditions is the evidence machine's table (`transitions.py`). A
decision is an op like any other: it goes through the engine's one writer, so it reaches the author's phone by the same
feed as everything else, and the hash chain holds it.
"""

from typing import Any

import orjson
from sqlalchemy import select
from sqlmodel import Session, col

from auth.principal import Principal
from programme.claims import end_claim
from programme.decision import Decision
from programme.errors import ReviewIdReused
from programme.judging import Judging, row_of
from programme.models import Review
from programme.reasons import words
from programme.transitions import Move
from sync import canonical
from sync.append import append
from sync.instant import iso
from sync.notice import server_op
from sync.op import Action
from sync.records import Shown, lock, readable
from sync.types import Registry


def decide(
    session: Session,
    registry: Registry,
    principal: Principal,
    asked: Decision,
    now: int,
    *,
    same_hands: frozenset[str] = frozenset(),
) -> str:
    """Records a decision and returns the record's document (JSON text) as it now is.

    `same_hands`: accounts that were used on one device with the reviewer's, and count as the reviewer. The same
    decision sent again gives the same answer. It ends the reviewer's claim. Raises RecordUnknown, ReviewIdReused, and
    what `judging.row_of` raises.
    """
    lock(session, asked.record_id)
    shown = readable(session, principal, asked.record_id)
    if _decided_before(session, asked):
        return shown.doc
    hands = same_hands | {principal.account_id}
    judging = Judging(session, principal, asked, shown, orjson.loads(shown.doc), hands, now)
    row = row_of(judging)
    session.add(_entry(asked, shown, principal, now))
    op = server_op(
        canonical.derived_id("review", canonical.sha256(asked.review_id.encode())),  # no device's op can have it
        shown.type,
        shown.id,
        shown.scope,
        Action.PATCH,
        actor=principal.account_id,
        base_ver=shown.ver,
        server={"review": _review(judging, row)},
    )
    outcome = append(session, registry, [op], now)[0]
    end_claim(session, shown.id)
    return outcome.doc or shown.doc


def _decided_before(session: Session, asked: Decision) -> bool:
    stored = session.execute(
        select(col(Review.digest)).where(col(Review.review_id) == asked.review_id)
    ).scalar_one_or_none()
    if stored is not None and stored != asked.digest():
        raise ReviewIdReused
    return stored is not None


def _entry(asked: Decision, shown: Shown, principal: Principal, now: int) -> Review:
    return Review(
        review_id=asked.review_id,
        record_id=shown.id,
        scope=shown.scope,
        ver=shown.ver,
        content_digest=shown.content_digest,
        decision=asked.decision,
        reason_code=asked.reason_code,
        comment=asked.comment,
        actor=principal.account_id,
        at=now,
        digest=asked.digest(),
    )


def _review(judging: Judging, row: Move) -> dict[str, Any]:
    """The record's `review` part. What was verified before stays named, unless this very content is now sent back."""
    asked, principal, doc, at = judging.asked, judging.principal, judging.doc, iso(judging.now)
    before = doc.get("review", {})
    confirming = asked.decision == "verified"
    review: dict[str, Any] = {
        "review_id": asked.review_id,
        "state": row.target,
        "ver": doc["ver"],
        "digest": doc["content_digest"],
        "reason_code": asked.reason_code,
        **words(asked.reason_code),
        "comment": asked.comment,
        "by": principal.account_id,
        "at": at,
        "reviewers": [*judging.confirmed_by, principal.account_id] if confirming else [],
    }
    if row.target == "verified":
        verified = {"verified_ver": doc["ver"], "verified_digest": doc["content_digest"]}
        return review | verified | {"verified_by": principal.account_id, "verified_at": at}
    kept = before.get("verified_digest") not in (None, doc["content_digest"])
    names = ("verified_ver", "verified_digest", "verified_by", "verified_at")
    return review | {name: before[name] if kept else None for name in names}
