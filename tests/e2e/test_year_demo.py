"""`minhchung demo --year` with a few units: the year ends as the rules say, and the totals are told."""

import re

import pytest

from service.year_in_process import play_year


def test_a_small_province_goes_through_its_whole_year(capsys: pytest.CaptureFixture[str]) -> None:
    assert play_year(12) == 0
    told = capsys.readouterr().out
    totals = dict(re.findall(r"· ([\w ]+?) +(\d+)$", told, re.MULTILINE))
    assert (totals["lost"], totals["overwritten"]) == ("0", "0")
    names = ("units", "recognised", "not recognised", "not approved", "sent no dossier", "awards blocked")
    assert [int(totals[name]) for name in names] == [12, 2, 1, 8, 1, 2]
