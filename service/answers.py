"""Answers that carry stored documents: the stored JSON is put into the answer as it is, not parsed and made again."""

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from typing import Any
from urllib.parse import quote

import orjson
from fastapi import Response

from programme.batch import Answered
from service.problems import catalogue, message
from sync.feed import Change
from sync.instant import iso
from sync.outcome import Known, Outcome
from sync.pull import Page
from sync.push import Pushed
from sync.records import Shown


def with_document(fields: dict[str, Any], name: str, doc: str | None) -> str:
    """JSON text of `fields` and, last, the stored document under `name`."""
    head = orjson.dumps(fields).decode()
    return f'{head[:-1]}{"," if fields else ""}"{name}":{doc or "null"}}}'


def json_response(text: str) -> Response:
    return Response(text.encode(), media_type="application/json")


def pushed(answer: Pushed, language: str, receipt: str | None) -> Response:
    """The answer to a push (protocol C.4)."""
    results = ",".join(told(o, language) for o in answer.outcomes)
    head: dict[str, Any] = {"epoch": answer.epoch, "server_time": iso(answer.at), "acked_through": answer.acked_through}
    head |= {"missing_dev_seq": answer.missing, "safe_to_delete": answer.safe, "receipt": receipt}
    text = orjson.dumps(head).decode()
    return json_response(f'{text[:-1]},"results":[{results}]}}')


def told(outcome: Outcome, language: str) -> str:
    """A result with its record, unless a later result of the same answer has it."""
    shown = result(outcome, language)
    return orjson.dumps(shown).decode() if outcome.told_later else with_document(shown, "record", outcome.doc)


def result(outcome: Outcome, language: str) -> dict[str, Any]:
    """One result, with its reason in the caller's language and one next action."""
    shown: dict[str, Any] = {"op_id": outcome.op_id, "dev_seq": outcome.dev_seq, "status": outcome.status}
    if outcome.status == "duplicate":
        shown["original"] = outcome.params.get("original")
    if outcome.code:
        shown |= {"code": outcome.code, "message": message(outcome.code, language, outcome.params)}
        shown["action"] = catalogue()[outcome.code].action
    if outcome.fields:
        shown["fields"] = outcome.fields
    if outcome.waiting_for:
        shown["waiting_for"] = outcome.waiting_for
    if outcome.signed:
        shown["signed"] = True
    if outcome.entry:
        shown["seq"] = {"scope": outcome.entry.scope, "seq": outcome.entry.seq}
        shown["entry_hash"] = outcome.entry.entry_hash.hex()
    return shown


def standing(op_id: str, known: Known | None, language: str) -> dict[str, Any]:
    """What became of an op that was sent at some time, or that it never came."""
    if known is None:
        return {"op_id": op_id, "status": "unknown"}
    outcome = Outcome.again(op_id, None, known)
    return {**result(outcome, language), "status": known.status}


def page(found: Page, safe: dict[str, int]) -> bytes:
    """A page of a pull (protocol C.5)."""
    head = {"epoch": found.epoch, "cursor": found.cursor, "more": found.more, "removed": found.removed}
    digests = {
        scope: {"as_of": end.seq, "n": end.tally.n, "xor": end.tally.xor.hex()}
        for scope, end in found.ends.items()
        if end.tally
    }
    told = {"heads": found.heads, "safe_to_delete": safe, "count_digest": digests}
    text = orjson.dumps({**head, "reload": found.reload, **told})
    return b'%b,"changes":[%b]}' % (text[:-1], b",".join(map(_change, found.changes)))


@lru_cache(1024)
def _quoted(text: str) -> bytes:
    return orjson.dumps(text)


def _change(change: Change) -> bytes:
    if change.doc is not None:
        return b'{"scope":%b,"seq":%d,"kind":"put","record":%b}' % (_quoted(change.scope), change.seq, change.doc)
    place = {"scope": change.scope, "seq": change.seq}
    if not change.stub:
        return orjson.dumps({**place, "kind": "left", "id": change.record_id, "ver": change.ver})
    named = {"id": change.record_id, "type": change.type, "scope": change.scope, "ver": change.ver}
    record: dict[str, Any] = {**named, "deleted": change.deleted, "data": {}, "unsupported": True}
    return orjson.dumps({**place, "kind": "put", "record": record})


def records(found: Iterable[Shown], beside: dict[str, Any]) -> Response:
    """A list of records, with what stands `beside` them: the cursor of the next page, null on the last one."""
    text = orjson.dumps(beside).decode()
    return json_response(f'{text[:-1]},"records":[{",".join(s.doc for s in found)}]}}')


def batch(found: Iterable[Answered], language: str) -> Response:
    """What became of each of many (`wire.BatchAnswer`)."""
    results = ",".join(with_document(_answered(one, language), "record", one.doc) for one in found)
    return json_response(f'{{"results":[{results}]}}')


def _answered(one: Answered, language: str) -> dict[str, Any]:
    shown: dict[str, Any] = {"record_id": one.record_id, "status": "refused" if one.code else "done"}
    if one.code:
        shown |= {"code": one.code, "message": message(one.code, language, one.params)}
        shown["action"] = catalogue()[one.code].action
        shown |= {name: one.params[name] for name in ("errors", "current") if name in one.params}
    return shown


def disposition(name: str) -> str:
    """`Content-Disposition` by RFC 6266: the name in UTF-8, and without its accents for those who cannot read that.

    A name is display text of people: what could be a path or a control character becomes `_`.
    """
    shown = "".join("_" if c in '/\\"' or not c.isprintable() else c for c in name)
    plain = unicodedata.normalize("NFKD", shown.replace("Đ", "D").replace("đ", "d"))
    ascii_only = re.sub(r"[^ -~]", "_", "".join(c for c in plain if not unicodedata.combining(c)))
    return f"attachment; filename=\"{ascii_only}\"; filename*=UTF-8''{quote(shown, safe='')}"
