"""A paper's files from its facts alone: the same facts, templates and fonts give the same bytes."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from papers.document import Document
from papers.kinds import KINDS
from papers.sheets import xlsx
from papers.texts import written
from papers.typeset import pdf
from papers.word import word

OFFICE: Mapping[str, Callable[[Document], bytes]] = {"docx": word, "xlsx": xlsx}


def files(kind: str, facts: Mapping[str, Any], digest: str, fonts: Path | None = None) -> dict[str, bytes]:
    """The paper in each format of its kind. Raises PaperNotRendered."""
    document = written(kind, facts, digest)
    return {form: pdf(document, fonts) if form == "pdf" else OFFICE[form](document) for form in KINDS[kind].formats}
