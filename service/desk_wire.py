"""What the review desk is asked and what it answers, as shapes (docs/programme.md)."""

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from programme import queue
from programme.comparisons import Signal
from programme.signal_texts import text
from service.fields import Answer, Instant, ShortText
from service.listing import Limit
from service.wire import Record

State = Literal["pending", "changed", "verified_once", "rejected", "needs_info", "verified"]
DAY = 86_400_000


class SignalUse(BaseModel):
    """Another record, which the caller may read."""

    record_id: str
    scope: str
    codes: list[str]


class SignalItem(BaseModel):
    """A reason to look, never a verdict. `compared` has the values and the tolerance; `message` says it in words."""

    code: str
    sha256: str
    message: str
    compared: dict[str, Any]
    records: list[SignalUse]


def signal_items(found: Sequence[Signal], language: str) -> list[SignalItem]:
    """Signals as they are answered, with their words."""
    return [
        SignalItem(
            code=s.code,
            sha256=s.sha256,
            message=text(s.code, language, s.compared),
            compared=s.compared,
            records=[SignalUse(**use) for use in s.records],
        )
        for s in found
    ]


class Filters(BaseModel):
    """What the queue lets through. `criterion` and `scope` go by index; the others are looked at on the way."""

    scope: Annotated[list[ShortText], Field(max_length=50, description="<unit>/<year>; none: all of the year")] = []
    year: Annotated[int | None, Field(ge=2000, le=2999)] = None
    criterion: Annotated[str | None, Field(pattern=r"^[A-Z]{2,4}-[A-Z][0-9]{2}$")] = None
    state: Annotated[list[State], Field(max_length=6)] = ["pending", "changed", "verified_once"]
    type: Annotated[list[ShortText], Field(max_length=10)] = []
    kind: Annotated[list[ShortText], Field(max_length=50)] = []
    min_days: Annotated[int | None, Field(ge=0, le=3660, description="in its state for at least this long")] = None
    max_days: Annotated[int | None, Field(ge=0, le=3660, description="in its state for at most this long")] = None
    assigned: queue.Assigned | None = None
    signals: Annotated[bool | None, Field(description="with, or without, anything to look at first")] = None
    sort: queue.Sort = "oldest"

    def wanted(self, year: int, now: int) -> queue.Wanted:
        """The same as a value of the programme."""
        return queue.Wanted(
            year=self.year or year,
            scopes=self.scope,
            criterion=self.criterion or "",
            states=self.state,
            types=self.type,
            kinds=self.kind,
            older_than=None if self.min_days is None else now - self.min_days * DAY,
            newer_than=None if self.max_days is None else now - self.max_days * DAY,
            assigned=self.assigned,
            signals=self.signals,
            sort=self.sort,
        )


class SavedFilters(Filters):
    """The same as a body, where a number is no yes and a text is no number."""

    model_config = ConfigDict(strict=True)


class QueueQuery(Filters):
    """Filters, or the name of a saved view whose filters stand where the request gives none; and the page."""

    view: Annotated[str | None, Field(max_length=80)] = None
    cursor: Annotated[str | None, Field(max_length=200)] = None
    limit: Limit = 100


class ClaimItem(Answer):
    """Who has a piece in hand, until when."""

    record_id: str
    holder: str
    taken_at: Instant
    until: Instant


class ViewItem(Answer):
    """Filters under a name."""

    name: str
    filters: Filters
    at: Instant


class ReasonItem(Answer):
    """A reason to send something back, and what its author is to do."""

    code: str
    vi: str
    en: str
    todo_vi: str
    todo_en: str


class VersionItem(Answer):
    """One change of the record."""

    ver: int
    kind: str
    op_id: str
    actor: str
    at: Instant


class FileItem(Answer):
    """A file, and where it and its pictures are."""

    sha256: str
    name: str | None
    mime: str | None
    size: int | None
    state: str
    code: str | None
    href: str
    thumbnail: str
    preview: str


class DecisionItem(Answer):
    """A decision as it was made."""

    review_id: str
    ver: int
    content_digest: str
    decision: str
    reason_code: str | None
    comment: str | None
    actor: str
    at: Instant


class ReviewItem(Answer):
    """A piece of evidence in full. `changes` count from version `since`: what this reviewer last saw."""

    versions: list[VersionItem]
    since: int | None
    changes: list[dict[str, Any]]
    files: list[FileItem]
    signals: list[SignalItem]
    decisions: list[DecisionItem]
    claim: ClaimItem | None
    reviewers_wanted: int
    legal: list[str]
    record: Record | None = None


class Ages(Answer):
    """How many wait for less than so many days; null is everything older."""

    under_days: int | None
    count: int


class WaitingRow(Answer):
    """What waits in one state."""

    state: str
    state_vi: str
    count: int
    oldest_days: int
    ages: list[Ages]


class ReviewerRow(Answer):
    """What a reviewer has in hand and has decided."""

    account_id: str
    in_hand: int
    decided_in_7_days: int


class Workload(Answer):
    """The desk in figures."""

    year: int
    waiting: list[WaitingRow]
    reviewers: list[ReviewerRow]
