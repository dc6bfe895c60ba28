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


class TableInvalid(ProgrammeError):
    """A table has faults; `errors` names each with row and column, and nothing was imported."""

    code = "table_invalid"


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


class OwnUnit(ProgrammeError):
    """The reviewer works in the unit whose evidence it is (domain §5.1)."""

    code = "own_unit"


class NotReviewable(ProgrammeError):
    """A draft, a deleted record, or no evidence at all."""

    code = "not_reviewable"


class ContentChanged(ProgrammeError):
    """What was shown is no longer what is there; `errors` holds the field diff, `current` what to look at now."""

    code = "content_changed"


class MediaIncomplete(ProgrammeError):
    """Evidence whose files have not all arrived cannot be verified."""

    code = "media_incomplete"


class MediaKeptApart(ProgrammeError):
    """Evidence with a quarantined file cannot be verified; `errors` gives the code of each."""

    code = "media_quarantined"


class ConflictOpen(ProgrammeError):
    """Evidence with an open conflict cannot be verified."""

    code = "conflict_open"


class ReviewIdReused(ProgrammeError):
    """Another decision already has this review id."""

    code = "review_id_reused"


class CaseUnknown(ProgrammeError):
    """A record that goes through no states, or none that the caller may see."""

    code = "case_unknown"


class CaseExists(ProgrammeError):
    """The unit has this case in this year already; `current` names it."""

    code = "case_exists"


class MoveIllegal(ProgrammeError):
    """The state of the case has no such move; `current` names the legal ones."""

    code = "move_illegal"


class MoveIncomplete(ProgrammeError):
    """The paper, the note or a field that the move wants is missing or wrong; `errors` names each."""

    code = "move_incomplete"


class MoveBlocked(ProgrammeError):
    """A guard of the move does not hold; `errors` says what is missing, in both languages."""

    code = "move_blocked"


class MoveIdReused(ProgrammeError):
    """Another move already has this id."""

    code = "move_id_reused"


class FromTheUnit(ProgrammeError):
    """Somebody of the unit itself may not appraise it."""

    code = "from_the_unit"


class SnapshotUnknown(ProgrammeError):
    """No dossier was sent under this number."""

    code = "snapshot_unknown"


class ReasonWanted(ProgrammeError):
    """What is sent back says why: a reason code or a comment."""

    code = "reason_wanted"


class SecondReviewer(ProgrammeError):
    """A criterion wants two people, and the caller was the first of them."""

    code = "second_reviewer"


class ClaimedByAnother(ProgrammeError):
    """Somebody else has the piece in hand; `current` says who, and until when."""

    code = "claimed_by_another"


class ViewUnknown(ProgrammeError):
    """The caller has saved no view under this name."""

    code = "view_unknown"


class TooManyViews(ProgrammeError):
    """An account keeps a bounded number of views."""

    code = "too_many_views"


class DecidedMeanwhile(ProgrammeError):
    """A colleague has decided on this very content since the caller looked; `current` says what."""

    code = "decided_meanwhile"


class NotRestrictable(ProgrammeError):
    """Only evidence is restricted; what the programme itself writes is not about a person."""

    code = "not_restrictable"


class PurposeRefused(ProgrammeError):
    """Evidence may not be used for what it was not taken for; `errors` names it."""

    code = "purpose_refused"


class NotCleared(ProgrammeError):
    """Nothing was ever cleared here, so that there is nothing to take back."""

    code = "not_cleared"


class NotVerified(ProgrammeError):
    """Only what was verified, as it was verified, is cleared for publication."""

    code = "not_verified"
