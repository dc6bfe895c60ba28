"""A paper's files from its facts alone: the same facts, templates and fonts give the same bytes."""

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from papers.document import Document
from papers.kinds import KINDS
from papers.texts import written


def files(kind: str, facts: Mapping[str, Any], digest: str, fonts: Path | None = None) -> dict[str, bytes]:
    """The paper in each format of its kind. Raises PaperNotRendered."""
    document = written(kind, facts, digest)
    return {form: _writer(form, fonts)(document) for form in KINDS[kind].formats}


def _writer(form: str, fonts: Path | None) -> Callable[[Document], bytes]:
    """What makes one format, imported when the first paper of it is asked for: they are heavy, and most hours idle."""
    if form == "pdf":
        from papers.typeset import pdf  # noqa: PLC0415

        return partial(pdf, fonts=fonts)
    if form == "docx":
        from papers.word import word  # noqa: PLC0415

        return word
    from papers.sheets import xlsx  # noqa: PLC0415

    return xlsx
