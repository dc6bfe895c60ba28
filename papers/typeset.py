"""A document as PDF/A-2b, by the layout of Decree 30/2020 in `templates/layout.typ`; every font is embedded.

The same document and the same fonts give the same bytes. Without a folder of fonts the papers are set in Libertinus
Serif, which comes inside typst and has every Vietnamese letter (docs/adr/0013).
"""

import json
import re
from dataclasses import asdict
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal

import typst

from papers.document import Document, Table
from papers.errors import PaperNotRendered

PROFILE: Literal["a-2b"] = "a-2b"
_MISSING = re.compile(r'the text `"(.+?)"` could not be displayed', re.DOTALL)
MOST_MISSING = 200
REPLACEMENT = "\ufffd"


def pdf(document: Document, fonts: Path | None = None) -> bytes:
    """The paper as PDF/A-2b. A character that no font has becomes `\ufffd`. Raises PaperNotRendered."""
    value = json.dumps(_value(document), ensure_ascii=False)
    for _ in range(MOST_MISSING):
        try:
            return _compiled(value, document.at, fonts)
        except typst.TypstError as error:
            missing = _MISSING.search(error.message or str(error))
            if missing is None or REPLACEMENT in missing[1]:
                raise PaperNotRendered(kind=document.title, why=str(error)) from error
            for character in set(missing[1]) - set(" \u200d"):
                value = value.replace(character, REPLACEMENT)
            value = value.replace("\u200d", "")
    raise PaperNotRendered(kind=document.title, why="too many characters without a letter in the fonts")


def _compiled(value: str, at: int, fonts: Path | None) -> bytes:
    inputs, moment = {"document": value}, at // 1000
    return typst.compile(
        _layout(), font_paths=_fonts(fonts), sys_inputs=inputs, pdf_standards=PROFILE, timestamp=moment
    )


@cache
def _layout() -> bytes:
    return files("papers").joinpath("templates", "layout.typ").read_bytes()


@cache
def _fonts(folder: Path | None) -> typst.Fonts:
    return typst.Fonts(include_system_fonts=False, font_paths=[str(folder)] if folder else [])


def _value(document: Document) -> dict[str, Any]:
    moment = datetime.fromtimestamp(document.at / 1000, UTC)
    units = ("year", "month", "day", "hour", "minute", "second")
    value = asdict(document) | {"dated": document.dated, "moment": {u: getattr(moment, u) for u in units}}
    for told, block in zip(value["blocks"], document.blocks, strict=True):
        if block.table:
            told["table"] |= {"right": block.table.right, "rows": _as_text(block.table)}
    return value


def _as_text(table: Table) -> list[list[str]]:
    return [[shown(cell, dated=dated) for cell, dated in zip(row, table.dates, strict=True)] for row in table.rows]


def shown(cell: str | int, *, dated: bool) -> str:
    """A cell of a table as text on paper."""
    if isinstance(cell, int):
        return f"{cell:,}".replace(",", ".")
    return "/".join(reversed(cell.split("-"))) if dated else cell
