"""What the demo says: one Vietnamese line and its English gloss for each thing that happened, and the table.

Plain text; bold and colour only on a terminal.
"""

import sys
import unicodedata
from collections.abc import Iterable, Sequence
from io import TextIOWrapper

INDENT = " " * 5
BOLD, DIM, GREEN, RED = "1", "2", "32", "31"


class Report:
    """Writes to standard output as things happen."""

    def __init__(self) -> None:
        self._steps = 0
        self._terminal = sys.stdout.isatty()
        if isinstance(sys.stdout, TextIOWrapper):
            sys.stdout.reconfigure(errors="replace")  # a terminal without Vietnamese letters is no reason to stop

    def title(self, vi: str, en: str) -> None:
        self._line(f"\n{self._paint(vi, BOLD)}\n{self._paint(en, DIM)}")

    def step(self, vi: str, en: str) -> None:
        """A new part of the day."""
        self._steps += 1
        self._line(f"\n{self._paint(f'{self._steps:2}. {vi}', BOLD)}  {self._paint(f'· {en}', DIM)}")

    def done(self, vi: str, en: str) -> None:
        """Something went as it should."""
        self._line(f"   {self._paint('✓', GREEN)} {vi}\n{INDENT}{self._paint(en, DIM)}")

    def failed(self, vi: str, en: str) -> None:
        self._line(f"   {self._paint('✗', RED)} {vi}\n{INDENT}{en}")

    def detail(self, text: str) -> None:
        """Belongs to the line before."""
        self._line(f"{INDENT}  {text}")

    def table(self, heads: Sequence[Sequence[str]], rows: Iterable[Sequence[str]]) -> None:
        """Columns as wide as they need; the first one is text, the others are numbers. `heads`: one or more lines."""
        lines = [*heads, *rows]
        widths = [max(len(line[i]) for line in lines) for i in range(len(lines[0]))]
        for n, line in enumerate(lines):
            cells = [line[0].ljust(widths[0]), *(c.rjust(w) for c, w in zip(line[1:], widths[1:], strict=True))]
            self._line("   " + self._paint("   ".join(cells).rstrip(), DIM if n < len(heads) else ""))
            if n == len(heads) - 1:
                self._line("   " + self._paint("─" * (sum(widths) + 3 * (len(widths) - 1)), DIM))

    def blank(self) -> None:
        self._line("")

    def text(self, line: str) -> None:
        self._line(f"   {line}")

    def _line(self, text: str) -> None:
        print(text, flush=True)

    def _paint(self, text: str, colour: str) -> str:
        return f"\x1b[{colour}m{text}\x1b[0m" if self._terminal and colour else text


def shown(text: object) -> str:
    """A text from outside, such as a file name, fit for a terminal: one spelling, no control characters."""
    plain = unicodedata.normalize("NFC", str(text))
    return "".join(c if c.isprintable() else "?" for c in plain)
