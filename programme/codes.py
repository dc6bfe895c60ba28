"""Kinds of unit, and the codes of criteria and evidence as people write them: `XA-A01`, `[XA-A01-01]`. Pure."""

import re
from typing import Literal, get_args

from programme.errors import EvidenceCodeInvalid

UnitKind = Literal["commune", "ward", "special_zone", "agency", "enterprise", "school"]
KINDS: tuple[UnitKind, ...] = get_args(UnitKind)
COMMUNE_LEVEL: tuple[UnitKind, ...] = ("commune", "ward", "special_zone")
PREFIXES: dict[str, str] = dict(zip(KINDS, ("XA", "PH", "DK", "CQ", "DN", "GD"), strict=True))

_EVIDENCE_CODE = re.compile(r"\[([A-Z]{2,4}-[A-Z][0-9]{2})-(0[1-9]|[1-9][0-9]{1,8})\]")


def evidence_code(item_code: str, number: int) -> str:
    """The code that a report cites; `number` counts from 1: `("XA-A01", 1)` gives `[XA-A01-01]`."""
    return f"[{item_code}-{number:02d}]"


def parse_evidence_code(text: str) -> tuple[str, int]:
    """Item code and running number of a cited code. Raises EvidenceCodeInvalid."""
    match = _EVIDENCE_CODE.fullmatch(text)
    if match is None:
        raise EvidenceCodeInvalid(code=text)
    return match[1], int(match[2])
