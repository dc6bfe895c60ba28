"""Lists of records, page by page: the parameters that list routes share, and the cursor between pages."""

import base64
from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated, Any

from fastapi import Query, Response

from auth.principal import Principal
from programme.projection import seen_by
from service import answers
from service.deps import Witness
from service.fields import ShortText
from sync.errors import CursorInvalid
from sync.records import Shown, listed

Words = Annotated[list[ShortText], Query(default_factory=list, max_length=50)]
TypeWords = Annotated[list[ShortText], Query(alias="type", default_factory=list, max_length=50)]
Limit = Annotated[int, Query(ge=1, le=500)]
Place = Annotated[str | None, Query(max_length=200)]


def list_page(
    at: Witness,
    after: str | None,
    limit: int,
    **filters: Sequence[str],
) -> Response:
    """A page of records by scope and seq, and the cursor of the next one. A filter without words lets all through."""
    wanted: dict[str, Any] = {name: words or None for name, words in filters.items()}
    found = at.db.read(listed, at.caller, after=decode_place(after), limit=limit + 1, **wanted)
    shown = told_to(at.caller, [record for _, record in found[:limit]])
    cursor = encode_place(shown[-1].scope, found[limit - 1][0]) if len(found) > limit else None
    at.saw_records((record.id, record.doc) for record in shown)
    return answers.records(shown, {"cursor": cursor})


def told_to(caller: Principal, records: Sequence[Shown]) -> list[Shown]:
    """Records as the caller gets them: with exact places only for those who may have originals."""
    return [replace(record, doc=seen_by(caller, record.scope, record.doc)) for record in records]


def encode_place(scope: str, seq: int) -> str:
    return base64.urlsafe_b64encode(f"{seq} {scope}".encode()).decode()


def decode_place(text: str | None) -> tuple[str, int] | None:
    """Raises CursorInvalid."""
    if text is None:
        return None
    try:
        seq, scope = base64.urlsafe_b64decode(text.encode()).decode().split(" ", 1)
        place = scope, min(max(int(seq), 0), 2**62)
    except ValueError as error:
        raise CursorInvalid from error
    if not scope.isprintable():
        raise CursorInvalid
    return place


def encode_since(place: tuple[int, str]) -> str:
    """A place in a list by time and id."""
    return encode_place(place[1], place[0])


def decode_since(text: str | None) -> tuple[int, str] | None:
    """Raises CursorInvalid."""
    place = decode_place(text)
    return (place[1], place[0]) if place else None
