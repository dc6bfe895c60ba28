"""How evidence is cited in reports, and read back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from programme.codes import evidence_code, parse_evidence_code
from programme.errors import EvidenceCodeInvalid


@given(st.integers(1, 10**6))
def test_a_cited_code_reads_back(number: int) -> None:
    assert parse_evidence_code(evidence_code("XA-A01", number)) == ("XA-A01", number)


def test_the_first_evidence_of_an_item_is_cited_with_two_digits() -> None:
    assert evidence_code("XA-A01", 1) == "[XA-A01-01]"


@pytest.mark.parametrize(
    "text", ["XA-A01-01", "[XA-A01-1]", "[XA-A01-00]", "[XA-A01-001]", "[XA-A1-01]", "[XA-A01-٠١]", ""]
)
def test_what_is_no_evidence_code_is_said_to_be_none(text: str) -> None:
    with pytest.raises(EvidenceCodeInvalid):
        parse_evidence_code(text)
