"""The record types of the programme, as the engine gets them."""

from programme.cases import CASE_TYPES, SELF_ASSESSMENT, TASK
from programme.evidence import EVIDENCE
from programme.following import follow
from programme.reference import REFERENCE
from sync.notice import NOTICE
from sync.types import Registry


def registry() -> Registry:
    found = Registry()
    found.add(NOTICE, *EVIDENCE, *REFERENCE, *CASE_TYPES, SELF_ASSESSMENT, TASK)
    found.followers.append(follow)
    return found
