"""What counts for a criterion: enough, of the right kind, by the right issuer, dated. Pure (domain §3.1).

A piece that does not count is set aside with the reason, never hidden: the clerk sees what to bring instead.
"""

import re
import unicodedata
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Any

# Kinds that a body above the unit issues: the unit's own paper proves nothing there (issuer lock).
FROM_ABOVE = frozenset(
    {"recognition", "classification_result", "police_confirmation", "emulation_result", "discipline_confirmation"}
)
_OWN_OFFICES = re.compile(r"^(ubnd|uy ban nhan dan|dang uy|hdnd|hoi dong nhan dan|cong ty|truong)\s+")
_KIND_WORDS = re.compile(r"^(xa|phuong|dac khu|co quan|doanh nghiep|truong)\s+")
REASONS = {
    "wrong_kind": "loại minh chứng này không được tính cho tiêu chí",
    "index_wanted": "chỉ ghi số, ngày, nơi ban hành, kết luận; không nộp nội dung",
    "no_issuer": "chưa ghi cơ quan ban hành",
    "own_issuer": "giấy tờ này phải do cấp trên ban hành",
    "no_date": "chưa ghi ngày",
    "other_purpose": "minh chứng này được thu thập cho mục đích khác",
    "same_period": "kỳ này đã có minh chứng",
}


@dataclass(frozen=True, slots=True)
class Piece:
    """One piece of evidence at one version, as it stands for one criterion; `dated` is YYYY-MM-DD or empty."""

    code: str
    record_id: str
    ver: int
    digest: str
    kind: str
    title: str = ""
    issuer: str = ""
    dated: str = ""
    index: bool = False
    purposes: tuple[str, ...] = ()
    files: tuple[dict[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class Want:
    """What an item asks for: how many, of which kinds, in periods of which length."""

    count: int
    kinds: frozenset[str]
    frequency: str


@dataclass(slots=True)
class Counted:
    """`counting` pieces; `aside`: the others, each with its reason."""

    counting: list[Piece] = field(default_factory=list)
    aside: list[tuple[Piece, str]] = field(default_factory=list)


def want(check: str, min_evidence: int, kinds: Iterable[str], frequency: str) -> Want:
    """What `count_min:12` and the like add to the item's own number."""
    name, _, argument = check.partition(":")
    least = int(argument) if name in ("count_min", "all_of") else 0
    return Want(max(min_evidence, least), frozenset(kinds), frequency)


def count(wanted: Want, pieces: Iterable[Piece], index_kinds: Collection[str], unit_name: str) -> Counted:
    """Which of the verified `pieces` count, in the order given; `index_kinds` may not come with a file."""
    found = Counted()
    periods: set[str] = set()
    for piece in pieces:
        reason = _reason(wanted, piece, index_kinds, unit_name)
        period = _period(wanted.frequency, piece.dated)
        if not reason and period:
            reason = "same_period" if period in periods else ""
        if reason:
            found.aside.append((piece, reason))
        else:
            found.counting.append(piece)
            periods.add(period)
    return found


def _reason(wanted: Want, piece: Piece, index_kinds: Collection[str], unit_name: str) -> str:
    if piece.purposes and "dossier" not in piece.purposes:
        return "other_purpose"  # what was taken for something else proves nothing here (domain L1)
    if piece.kind not in wanted.kinds:
        return "wrong_kind"
    if piece.kind in index_kinds and (not piece.index or piece.files):
        return "index_wanted"
    if piece.kind in FROM_ABOVE and not piece.issuer:
        return "no_issuer"
    if piece.kind in FROM_ABOVE and own(piece.issuer, unit_name):
        return "own_issuer"
    return "no_date" if wanted.frequency in ("monthly", "quarterly") and not piece.dated else ""


def _period(frequency: str, dated: str) -> str:
    """Minutes of "regular" meetings are proved by their dates, one for each period; other items have no periods."""
    if frequency == "monthly":
        return dated[:7]
    return f"{dated[:4]}Q{(int(dated[5:7]) + 2) // 3}" if frequency == "quarterly" and dated else ""


def own(issuer: str, unit_name: str) -> bool:
    """Whether the issuer is the unit itself: `UBND phường Kinh Bắc` for `Kinh Bắc`, but not its police."""
    plain, name = _fold(issuer), _KIND_WORDS.sub("", _fold(unit_name))
    without = _OWN_OFFICES.sub("", plain)
    return name in (plain, without, _KIND_WORDS.sub("", without), _KIND_WORDS.sub("", plain))


def _fold(text: str) -> str:
    plain = "".join(c for c in unicodedata.normalize("NFD", text.casefold()) if not unicodedata.combining(c))
    return " ".join(plain.replace("đ", "d").split())
