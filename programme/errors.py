"""What can go wrong in `programme`, by name; `service/problems.py` gives each its text."""

from typing import Any, ClassVar


class ProgrammeError(Exception):
    """Base; `params` fill the text of the problem whose `code` this is."""

    code: ClassVar[str] = "internal"

    def __init__(self, **params: Any) -> None:
        super().__init__(self.code)
        self.params = params


class EvidenceCodeInvalid(ProgrammeError):
    """A text that is no evidence code such as `[XA-A01-01]`."""

    code = "evidence_code_invalid"


class UnitUnknown(ProgrammeError):
    """No unit has this code."""

    code = "unit_unknown"


class UnitsInvalid(ProgrammeError):
    """A table of units has faults; `errors` names each with row and column, and nothing was imported."""

    code = "units_invalid"


class CriteriaSetUnknown(ProgrammeError):
    """No criteria set has this id and version, or none was ever imported."""

    code = "criteria_set_unknown"


class CatalogueInvalid(ProgrammeError):
    """A catalogue file has faults; `errors` names each with line and key, and nothing was imported."""

    code = "catalogue_invalid"


class CatalogueVersionReused(ProgrammeError):
    """The same id and version came with other content; a version never changes once it is in."""

    code = "catalogue_version_reused"


class ReviewNotPermitted(ProgrammeError):
    """The caller reads this record but does not review in its unit."""

    code = "review_not_permitted"


class FourEyes(ProgrammeError):
    """Whoever wrote on a record does not decide on it."""

    code = "four_eyes"


class NotReviewable(ProgrammeError):
    """A draft, a deleted record, or no evidence at all."""

    code = "not_reviewable"


class ContentChanged(ProgrammeError):
    """What was shown is no longer what is there; `errors` holds the field diff, `current` what to look at now."""

    code = "content_changed"


class MediaIncomplete(ProgrammeError):
    """Evidence whose files have not all arrived cannot be verified."""

    code = "media_incomplete"


class ConflictOpen(ProgrammeError):
    """Evidence with an open conflict cannot be verified."""

    code = "conflict_open"


class ReviewIdReused(ProgrammeError):
    """Another decision already has this review id."""

    code = "review_id_reused"
