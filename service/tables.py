"""Lists as CSV beside JSON, for Excel: UTF-8 with a byte order mark, and no text of people is ever a formula."""

import csv
import io
from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Literal

from fastapi import Query, Response
from pydantic import BaseModel

from papers.kinds import KIND_VI
from programme.transitions import MACHINES

FORMULA = ("=", "+", "-", "@", "\t", "\r")
SPOKEN: Mapping[str, Mapping[str, str]] = {  # codes that people read as words
    "unit_kind": KIND_VI,
    "type": {name: machine.title_vi for name, machine in MACHINES.items()},
}
CSV = "text/csv; charset=utf-8"
AS_CSV: dict[int | str, dict[str, Any]] = {200: {"content": {"text/csv": {"schema": {"type": "string"}}}}}
Form = Annotated[Literal["json", "csv"], Query(alias="format", description="`csv`: the list as a table for Excel")]


def as_csv(rows: Iterable[BaseModel | Mapping[str, Any]], columns: Mapping[str, str], name: str) -> Response:
    """`csv_bytes` as an answer that a browser saves."""
    headers = {"Content-Disposition": f'attachment; filename="{name}.csv"'}
    return Response(csv_bytes(map(_spoken, rows), columns), media_type=CSV, headers=headers)


def _spoken(row: BaseModel | Mapping[str, Any]) -> dict[str, Any]:
    """A row with words for the codes that have some."""
    values = row.model_dump(mode="json") if isinstance(row, BaseModel) else row
    return {**values, **{name: words[values[name]] for name, words in SPOKEN.items() if values.get(name) in words}}


def csv_bytes(rows: Iterable[BaseModel | Mapping[str, Any]], columns: Mapping[str, str]) -> bytes:
    """A table whose `columns` are field -> heading. A list becomes words with `; ` between (RFC 4180 else)."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(columns.values())
    for row in rows:
        values = row.model_dump(mode="json") if isinstance(row, BaseModel) else row
        writer.writerow(_cell(values[field]) for field in columns)
    return out.getvalue().encode("utf-8-sig")


def _cell(value: Any) -> Any:
    """Numbers as they are; text that a spreadsheet would run stands behind an apostrophe (CWE-1236)."""
    if value is None or isinstance(value, int):
        return value
    text = "; ".join(map(str, value)) if isinstance(value, list) else str(value)
    return f"'{text}" if text.startswith(FORMULA) else text
