"""Every way in which evidence changes its state is an arrow of the evidence machine."""

from itertools import product
from typing import Any

from programme.evidence import standing
from programme.transitions import EVIDENCE

CONTENTS = ("a", "b", "c")
DECIDED = ("verified", "verified_once", "rejected", "needs_info")


def reviews() -> list[dict[str, Any] | None]:
    """Every review that a record may carry: what was decided on which content, and which was verified before."""
    found: list[dict[str, Any] | None] = [None]
    for state, verified in product(DECIDED, (None, "a", "b")):
        if (state == "verified") is (verified == "a"):
            found.append({"state": state, "digest": "a", "verified_digest": verified})
    return found


def state_of(review: dict[str, Any] | None, content: str, *, draft: bool = False, deleted: bool = False) -> str:
    doc = {
        "type": "minutes",
        "content_digest": content,
        "data": {"draft": draft},
        "deleted": deleted,
        "review": review and {**review},
    }
    return standing(doc)


def test_what_phones_do_to_evidence_is_in_the_table() -> None:
    arrows = {(source, m.target) for m in EVIDENCE.moves if m.who is None for source in m.sources}
    for review, before, after in product(reviews(), CONTENTS, CONTENTS):
        for was_draft, is_draft in product((False, True), repeat=2):
            first = state_of(review, before, draft=was_draft)
            then = state_of(review, after, draft=is_draft)
            assert first == then or (first, then) in arrows, (review, before, after)
        assert (state_of(review, before), "deleted") in arrows
        assert ("deleted", state_of(review, before)) in arrows


def test_a_decision_brings_evidence_where_its_row_says() -> None:
    for row in (m for m in EVIDENCE.moves if m.who is not None):
        review = {"state": row.target, "digest": "a", "verified_digest": "a" if row.target == "verified" else None}
        assert state_of(review, "a") == row.target
    assert {s for m in EVIDENCE.moves for s in (*m.sources, m.target)} == set(EVIDENCE.states)
