"""What can go wrong in `programme`, by name; `service/problems.py` gives each its text."""

from typing import Any, ClassVar


class ProgrammeError(Exception):
    """Base; `params` fill the text of the problem whose `code` this is."""

    code: ClassVar[str] = "internal"

    def __init__(self, **params: Any) -> None:
        super().__init__(self.code)
        self.params = params
