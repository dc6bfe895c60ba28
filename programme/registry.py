"""The record types of the programme, as the engine gets them."""

from programme.evidence import EVIDENCE
from programme.reference import REFERENCE
from sync.notice import NOTICE
from sync.types import Registry


def registry() -> Registry:
    found = Registry()
    found.add(NOTICE, *EVIDENCE, *REFERENCE)
    return found
