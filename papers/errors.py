"""What can go wrong in `papers`, by name; `service/problems.py` gives each its text."""

from typing import Any, ClassVar


class PaperError(Exception):
    """Base; `params` fill the text of the problem whose `code` this is."""

    code: ClassVar[str] = "internal"

    def __init__(self, **params: Any) -> None:
        super().__init__(f"{self.code}: {params}")
        self.params = params


class PaperUnknown(PaperError):
    """No such paper, or none that the caller may see."""

    code = "paper_unknown"


class PaperNotReady(PaperError):
    """The files of a paper are still being made."""

    code = "paper_not_ready"


class PaperNotRendered(PaperError):
    """Facts that a template cannot be filled with, or a layout that a file format refuses."""

    code = "paper_not_rendered"
