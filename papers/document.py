"""A paper as a value between its words and its file formats: what Decree 30/2020 puts on a page, in order. Pure."""

import re
from dataclasses import dataclass
from typing import Any, Literal

# Not for paper: control characters (XML has none either), marks that turn the direction of writing, half characters.
UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]")

Cell = str | int


@dataclass(frozen=True, slots=True)
class Table:
    """`widths` are shares of the line; `dates`: columns whose cells are days as YYYY-MM-DD."""

    columns: tuple[str, ...]
    widths: tuple[int, ...]
    rows: tuple[tuple[Cell, ...], ...]
    dates: tuple[bool, ...]

    @property
    def right(self) -> list[bool]:
        """Columns of numbers, which stand to the right."""
        return [bool(self.rows) and all(isinstance(row[i], int) for row in self.rows) for i in range(len(self.columns))]


@dataclass(frozen=True, slots=True)
class Block:
    """`text` is a paragraph, `head` a bold line, `centre` a bold line in the middle, `table` a table."""

    form: Literal["text", "head", "centre", "table"]
    text: str = ""
    table: Table | None = None


@dataclass(frozen=True, slots=True)
class Signature:
    """`title` as people sign under it, in capitals; `name` is empty where nobody has signed yet."""

    title: str
    name: str


@dataclass(frozen=True, slots=True)
class Document:
    """A whole paper. `at` (ms) is the moment of its facts: the one date that its files carry; `digest` names them.

    `above` and `body`: the body that the issuer is under, and the issuer. `day`: YYYY-MM-DD, empty until signed.
    """

    title: str
    subject: str
    above: str
    body: str
    number: str
    place: str
    day: str
    authority: str
    grounds: tuple[str, ...]
    blocks: tuple[Block, ...]
    signatures: tuple[Signature, ...]
    recipients: tuple[str, ...]
    landscape: bool
    at: int
    digest: str

    @property
    def dated(self) -> str:
        """Place and date by Decree 30: day and month of one digit get a zero for 1 and 2 (Annex I, II.4)."""
        if not self.day:
            return f"{self.place}, ngày … tháng … năm …"
        year, month, day = self.day.split("-")
        month = month if int(month) < 3 else str(int(month))
        return f"{self.place}, ngày {day} tháng {month} năm {year}"


def clean(value: Any) -> Cell:
    """A value as a paper can show it: whole numbers stay numbers, text loses what cannot be printed."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    return UNPRINTABLE.sub("", "" if value is None else str(value)).strip()
