"""How much evidence is enough: one piece for each period, each with its date."""

from programme.checklist import Piece, count, want


def test_twelve_monthly_papers_are_of_twelve_months() -> None:
    wanted = want("count_min:12", 1, ["report"], "monthly")
    assert wanted.count == 12
    assert counted("monthly", "2026-01-05", "2026-01-29", "", "2026-02-01") == [None, "same_period", "no_date", None]


def test_a_quarter_is_three_months_of_one_year() -> None:
    found = counted("quarterly", "2026-03-31", "2026-04-01", "2026-06-30", "2025-04-01")
    assert found == [None, None, "same_period", None]


def test_a_yearly_paper_needs_no_date_and_each_counts() -> None:
    assert counted("yearly", "", "2026-01-05", "2026-01-05") == [None] * 3


def counted(frequency: str, *days: str) -> list[str | None]:
    """For each day a paper is of, why it does not count."""
    pieces = [Piece(f"[{n}]", str(n), 1, "", "report", dated=day) for n, day in enumerate(days)]
    found = count(want("count_min:2", 1, ["report"], frequency), pieces, (), "Kinh Bắc")
    aside = {piece.code: reason for piece, reason in found.aside}
    assert len(found.counting) + len(aside) == len(pieces)
    return [aside.get(piece.code) for piece in pieces]
