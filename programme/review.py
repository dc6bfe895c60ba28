"""The review desk's decisions, each bound to the content that was on the reviewer's screen (protocol C.7).

A decision is an op like any other: it goes through the engine's one writer, so it reaches the author's phone by the
same feed as everything else, and the hash chain holds it.
"""

from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import select
from sqlmodel import Session, col

from auth.principal import Permission, Principal
from programme.diff import differences
from programme.errors import (
    ConflictOpen,
    ContentChanged,
    FourEyes,
    MediaIncomplete,
    MediaKeptApart,
    NotReviewable,
    OwnUnit,
    ReviewIdReused,
    ReviewNotPermitted,
)
from programme.evidence import EVIDENCE_NAMES
from programme.models import Review
from sync import canonical
from sync.append import append
from sync.instant import iso
from sync.notice import server_op
from sync.op import Action
from sync.records import Shown, lock, readable, version
from sync.types import Registry

DECISIONS = ("verified", "rejected", "needs_info")
# Why something is sent back: short codes that a phone can show in its own words; the comment says the rest.
REASONS = (
    "wrong_criterion",
    "wrong_kind",
    "unclear_image",
    "incomplete",
    "missing_signature",
    "wrong_period",
    "duplicate",
    "personal_data",
    "may_be_secret",
    "needs_original",
    "other",
)


@dataclass(frozen=True, slots=True)
class Decision:
    """What a reviewer decided about what they saw: `ver` and `content_digest` name it."""

    review_id: str
    record_id: str
    ver: int
    content_digest: str
    decision: str
    reason_code: str | None = None
    comment: str | None = None

    def digest(self) -> str:
        parts = [self.record_id, self.ver, self.content_digest, self.decision, self.reason_code, self.comment]
        return canonical.sha256(canonical.encode(parts)).hex()


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
    decision sent again gives the same answer. Raises RecordUnknown, ReviewNotPermitted, FourEyes, OwnUnit,
    NotReviewable, ContentChanged (with a field diff), MediaIncomplete, ConflictOpen, ReviewIdReused.
    """
    lock(session, asked.record_id)
    shown = readable(session, principal, asked.record_id)
    if _decided_before(session, asked):
        return shown.doc
    doc = orjson.loads(shown.doc)
    _allow(session, principal, asked, shown, doc, same_hands)
    session.add(
        Review(
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
    )
    review = _review(asked, principal, doc, now)
    op = server_op(
        canonical.derived_id("review", canonical.sha256(asked.review_id.encode())),  # no device's op can have it
        shown.type,
        shown.id,
        shown.scope,
        Action.PATCH,
        actor=principal.account_id,
        base_ver=shown.ver,
        server={"review": review},
    )
    outcome = append(session, registry, [op], now)[0]
    return outcome.doc or shown.doc


def _decided_before(session: Session, asked: Decision) -> bool:
    stored = session.execute(
        select(col(Review.digest)).where(col(Review.review_id) == asked.review_id)
    ).scalar_one_or_none()
    if stored is not None and stored != asked.digest():
        raise ReviewIdReused
    return stored is not None


def _allow(
    session: Session, principal: Principal, asked: Decision, shown: Shown, doc: dict[str, Any], hands: frozenset[str]
) -> None:
    if not principal.may(Permission.REVIEW, shown.scope):
        raise ReviewNotPermitted
    if shown.type not in EVIDENCE_NAMES or doc["state"] in ("draft", "deleted"):
        raise NotReviewable(state=doc["state"])
    if not ({principal.account_id} | hands).isdisjoint(doc.get("authors", ())):
        raise FourEyes
    if principal.belongs_to(shown.scope):
        raise OwnUnit
    if asked.content_digest != shown.content_digest:
        raise ContentChanged(
            current={"ver": shown.ver, "content_digest": shown.content_digest},
            errors=_changes_since(session, asked, shown, doc),
        )
    if asked.decision == "verified" and doc["media_state"] != "complete":
        wanting = [(s, f) for s, f in doc["files"].items() if f["state"] != "verified"]
        kept_apart = doc["media_state"] == "quarantined"
        raise (MediaKeptApart if kept_apart else MediaIncomplete)(
            errors=[{"pointer": f"/files/{s}", "reason": f.get("code", f["state"])} for s, f in wanting]
        )
    if asked.decision == "verified" and doc["conflicts"]:
        raise ConflictOpen(errors=[{"pointer": f"/data/{c['field']}"} for c in doc["conflicts"]])


def _changes_since(session: Session, asked: Decision, shown: Shown, doc: dict[str, Any]) -> list[dict[str, Any]]:
    """What changed between the version on the screen and the current one; nothing where that version is not known."""
    if not 0 < asked.ver < shown.ver:
        return []
    before = version(session, shown, asked.ver)
    return differences(orjson.loads(before.doc), doc) if before.content_digest == asked.content_digest else []


def _review(asked: Decision, principal: Principal, doc: dict[str, Any], now: int) -> dict[str, Any]:
    """The record's `review` part. What was verified before stays named, unless this very content is now sent back."""
    before = doc.get("review", {})
    review: dict[str, Any] = {
        "review_id": asked.review_id,
        "state": asked.decision,
        "ver": doc["ver"],
        "digest": doc["content_digest"],
        "reason_code": asked.reason_code,
        "comment": asked.comment,
        "by": principal.account_id,
        "at": iso(now),
    }
    if asked.decision == "verified":
        verified = {"verified_ver": doc["ver"], "verified_digest": doc["content_digest"]}
        return review | verified | {"verified_by": principal.account_id, "verified_at": iso(now)}
    kept = before.get("verified_digest") not in (None, doc["content_digest"])
    names = ("verified_ver", "verified_digest", "verified_by", "verified_at")
    return review | {name: before[name] if kept else None for name in names}
