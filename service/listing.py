"""Lists of records, page by page: the parameters that list routes share, and the cursor between pages."""

import base64
from typing import Annotated, Any

from fastapi import Query, Response

from auth.principal import Principal
from service import answers
from service.db import Database
from sync.errors import CursorInvalid
from sync.records import listed

Words = Annotated[list[Annotated[str, Query(max_length=64)]] | None, Query(max_length=50)]
TypeWords = Annotated[list[Annotated[str, Query(max_length=64)]] | None, Query(alias="type", max_length=50)]
Limit = Annotated[int, Query(ge=1, le=500)]
Place = Annotated[str | None, Query(max_length=200)]


def list_page(db: Database, caller: Principal, after: str | None, limit: int, **filters: Any) -> Response:
    """A page of records by scope and seq, and the cursor of the next one."""
    found = db.read(listed, caller, after=decode_place(after), limit=limit + 1, **filters)
    shown = [record for _, record in found[:limit]]
    more = len(found) > limit
    return answers.records(shown, encode_place(shown[-1].scope, found[limit - 1][0]) if more else None)


def encode_place(scope: str, seq: int) -> str:
    return base64.urlsafe_b64encode(f"{seq} {scope}".encode()).decode()


def decode_place(text: str | None) -> tuple[str, int] | None:
    """Raises CursorInvalid."""
    if text is None:
        return None
    try:
        seq, scope = base64.urlsafe_b64decode(text.encode()).decode().split(" ", 1)
        return scope, min(int(seq), 2**62)
    except ValueError as error:
        raise CursorInvalid from error
