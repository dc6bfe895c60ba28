"""One piece of evidence on the reviewer's screen: versions, what changed since they last saw it, files, decisions."""

from dataclasses import dataclass, fields
from typing import Any

import orjson
from sqlmodel import Session, col, select

from auth.principal import Permission, Principal
from programme.claims import Held, claims_on
from programme.comparisons import Signal
from programme.diff import differences
from programme.errors import NotReviewable, ReviewNotPermitted
from programme.evidence import EVIDENCE_NAMES
from programme.judging import reviewers_wanted
from programme.models import Claim, Review
from programme.signals import signals_of
from programme.transitions import EVIDENCE
from sync.records import Shown, history, readable, version


@dataclass(frozen=True, slots=True)
class ReviewItem:
    """What a reviewer needs before deciding. `since`: the version that `changes` are counted from, if one is known."""

    shown: Shown
    versions: list[dict[str, Any]]
    since: int | None
    changes: list[dict[str, Any]]
    files: list[dict[str, Any]]
    signals: list[Signal]
    decisions: list[Review]
    claim: Held | None
    reviewers_wanted: int
    legal: list[str]

    def beside(self) -> dict[str, Any]:
        """Everything but the record itself, by name."""
        return {f.name: getattr(self, f.name) for f in fields(self) if f.name != "shown"}


def item(session: Session, principal: Principal, record_id: str, now: int, seen: int | None = None) -> ReviewItem:
    """The piece, for somebody who reviews it. `seen` names the version to compare with.

    Without it: what the caller last decided on, else what was there when they took it in hand, else what was verified.
    Raises RecordUnknown (also for a version that never was), ReviewNotPermitted, NotReviewable.
    """
    shown = readable(session, principal, record_id)
    if not principal.may(Permission.REVIEW, shown.scope):
        raise ReviewNotPermitted
    doc = orjson.loads(shown.doc)
    if shown.type not in EVIDENCE_NAMES:
        raise NotReviewable(state=doc["state"])
    decisions = list(
        session.exec(select(Review).where(Review.record_id == record_id).order_by(col(Review.at), Review.review_id))
    )
    since = seen or _last_seen(session, principal, record_id, decisions, doc)
    before = orjson.loads(version(session, shown, since).doc) if since else None
    return ReviewItem(
        shown,
        [_version(entry) for entry in history(session, shown)],
        since,
        differences(before, doc) if before else [],
        [_file(record_id, file, doc) for file in doc["data"].get("media", ())],
        signals_of(session, principal, record_id),
        decisions,
        claims_on(session, [record_id], now).get(record_id),
        reviewers_wanted(session, doc),
        sorted({m.action for m in EVIDENCE.legal(doc["state"])} - {"verified_once"}),
    )


def _last_seen(
    session: Session, principal: Principal, record_id: str, decisions: list[Review], doc: dict[str, Any]
) -> int | None:
    own = [d.ver for d in decisions if d.actor == principal.account_id]
    if own:
        return own[-1]
    claim = session.get(Claim, record_id)
    if claim is not None and claim.holder == principal.account_id:
        return claim.ver
    found: int | None = (doc.get("review") or {}).get("verified_ver")
    return found


def _version(entry: Any) -> dict[str, Any]:
    """An entry of the record's log."""
    return {"ver": entry.ver, "kind": entry.kind, "op_id": entry.op_id, "actor": entry.actor, "at": entry.at}


def _file(record_id: str, file: dict[str, Any], doc: dict[str, Any]) -> dict[str, Any]:
    """A file of the record, and where its pictures are."""
    state = doc.get("files", {}).get(file["sha256"], {})
    here = f"/v1/media/{record_id}/{file['sha256']}"
    pictures = {name: f"{here}/pictures/{name}" for name in ("thumbnail", "preview")}
    return {**{n: file.get(n) for n in ("sha256", "name", "mime", "size")},
        "state": state.get("state", "missing"), "code": state.get("code"), "href": here, **pictures
    }  # fmt: skip
