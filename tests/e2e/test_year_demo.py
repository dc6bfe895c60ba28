"""`minhchung demo --year` with a few units: the year ends as the rules say, and the totals are told."""

import re

import pytest

from service.year_in_process import play_year


def test_a_small_province_goes_through_its_whole_year(capsys: pytest.CaptureFixture[str]) -> None:
    assert play_year(12) == 0
    told = capsys.readouterr().out
    totals = dict(re.findall(r"· ([\w ]+?) {2,}.* (\d+)$", told, re.MULTILINE))
    names = ("registered", "approved", "in time", "late", "not sent", "recognised", "refused")
    assert [int(totals[name]) for name in names] == [12, 4, 2, 1, 1, 2, 2]
    assert "23:59: 1 dossiers in time; 12 December, 00:00: 1 late, and kept" in told
    assert re.search(r"(\d+) records were sent, 0 lost\n", told)
    assert "3 units get no award" in told
    assert told.rstrip().endswith(
        "Every check passed: nothing lost, nothing overwritten, every unit ended where the rules say."
    )
