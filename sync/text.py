"""Three-way merge of long text, by line and then by word. Pure.

The promise: a result holds every word that either side wrote, or there is no result and both texts are kept.
"""

import re
from collections import Counter
from difflib import SequenceMatcher

from sync import canonical

WORDS = re.compile(r"\w+|\s+|[^\w\s]")
LINES = re.compile(r"[^\n]*\n|[^\n]+")
LARGEST_PIECES = 4000  # difflib compares in up to quadratic time; beyond this both texts are kept instead


def three_way(base: str, ours: str, theirs: str) -> str | None:
    """Joins two edits of `base`, in Unicode's normal form C.

    None where both changed the same place, or where a written word would be missing.
    """
    base, ours, theirs = canonical.nfc(base), canonical.nfc(ours), canonical.nfc(theirs)
    if theirs in {ours, base}:
        return ours
    if ours == base:
        return theirs
    joined = _join(LINES.findall(base), LINES.findall(ours), LINES.findall(theirs), deeper=True)
    if joined is None or not _holds_all(base, ours, theirs, joined):
        return None
    return joined


def _holds_all(base: str, ours: str, theirs: str, joined: str) -> bool:
    """Each side's insertions, counted word by word, stand in the result."""
    have, before = Counter(WORDS.findall(joined)), Counter(WORDS.findall(base))
    for side in (ours, theirs):
        inserted = Counter(WORDS.findall(side)) - before
        if any(not word.isspace() and have[word] < count for word, count in inserted.items()):
            return False
    return True


def _join(base: list[str], ours: list[str], theirs: list[str], *, deeper: bool) -> str | None:
    if max(len(base), len(ours), len(theirs)) > LARGEST_PIECES:
        return None
    out: list[str] = []
    at = here = there = 0
    for start, end, a_start, a_end, b_start, b_end in _anchors(base, ours, theirs):
        piece = _region(base[at:start], ours[here:a_start], theirs[there:b_start], deeper=deeper)
        if piece is None:
            return None
        out += [piece, *base[start:end]]
        at, here, there = end, a_end, b_end
    return "".join(out)


def _region(base: list[str], ours: list[str], theirs: list[str], *, deeper: bool) -> str | None:
    """A stretch between two places that all three share."""
    if theirs in (ours, base):
        return "".join(ours)
    if ours == base:
        return "".join(theirs)
    if not deeper or not base:
        return None
    return _join(*(WORDS.findall("".join(side)) for side in (base, ours, theirs)), deeper=False)


def _anchors(base: list[str], ours: list[str], theirs: list[str]) -> list[tuple[int, int, int, int, int, int]]:
    """Stretches of `base` that stand unchanged in both others, with their places there; ends with an empty one."""
    mine = SequenceMatcher(None, base, ours, autojunk=False).get_matching_blocks()
    yours = SequenceMatcher(None, base, theirs, autojunk=False).get_matching_blocks()
    found = []
    i = j = 0
    while i < len(mine) and j < len(yours):
        a, b = mine[i], yours[j]
        start, end = max(a.a, b.a), min(a.a + a.size, b.a + b.size)
        if start < end:
            ours_at, theirs_at = a.b + start - a.a, b.b + start - b.a
            found.append((start, end, ours_at, ours_at + end - start, theirs_at, theirs_at + end - start))
        if a.a + a.size < b.a + b.size:
            i += 1
        else:
            j += 1
    return [*found, (len(base), len(base), len(ours), len(ours), len(theirs), len(theirs))]
