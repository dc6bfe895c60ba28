"""What an answer of the service must look like before anything is done with it. Pure.

A captive portal answers too, with 200 and whatever it likes: what does not fit is Garbled, and changes nothing.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from minhchung_client.errors import Garbled

Doc = dict[str, Any]
DURABLE = frozenset({"applied", "merged", "conflict", "superseded", "duplicate", "held", "rejected"})
# A value as it is kept and sent; ValueError for numbers that JSON does not have.
text = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode


def results(answer: Any) -> list[Doc]:
    """The results of an answer to a push. Raises Garbled."""
    if not _has(answer, epoch=str, results=list):
        raise Garbled("not an answer to a push")
    for result in answer["results"]:
        if not _has(result, op_id=str, status=str) or not _maybe_record(result.get("record")):
            raise Garbled("not a result of a push")
    return list(answer["results"])


def became(result: Doc) -> str:
    """The status of an op; of a duplicate, what was decided the first time, for that answer may have been lost."""
    original = result.get("original")
    return str(original if result["status"] == "duplicate" and original in DURABLE else result["status"])


def check_page(page: Any) -> None:
    """Raises Garbled unless `page` is an answer to a pull."""
    if not _has(page, epoch=str, cursor=str, more=bool, removed=list, reload=list, changes=list):
        raise Garbled("not a page")
    if not _all_text([*page["removed"], *page["reload"]]) or not all(map(_is_change, page["changes"])):
        raise Garbled("not a page")
    digests = page.get("count_digest", {})
    if not isinstance(digests, dict) or not all(_has(d, as_of=int, n=int, xor=str) for d in digests.values()):
        raise Garbled("not a page")


def told_ops(answer: Any) -> list[Doc]:
    """What an answer to a reconcile tells. Raises Garbled."""
    if not _has(answer, epoch=str, ops=list) or not all(_has(op, op_id=str, status=str) for op in answer["ops"]):
        raise Garbled("not an answer to a reconcile")
    return list(answer["ops"])


def new_heads(answer: Doc) -> dict[str, int]:
    """Scope -> the last seq that an answer to a push speaks of: what the next pull has to be as new as."""
    heads: dict[str, int] = {}
    for result in answer["results"]:
        place = result.get("seq")
        if _has(place, scope=str, seq=int) and 0 <= place["seq"] < 2**53:
            heads[place["scope"]] = max(place["seq"], heads.get(place["scope"], 0))
    return heads


def tally(records: Iterable[tuple[str, int]]) -> tuple[int, str]:
    """How many records (id, ver) there are, and the XOR of SHA-256 of each one's `<id>|<ver>`, hex."""
    n, mixed = 0, 0
    for record_id, ver in records:
        digest = hashlib.sha256(f"{record_id}|{ver}".encode()).digest()
        n, mixed = n + 1, mixed ^ int.from_bytes(digest)
    return n, mixed.to_bytes(32).hex()


@contextmanager
def storable() -> Iterator[None]:
    """Texts and numbers that JSON can hold and a database cannot are Garbled too."""
    try:
        yield
    except (ValueError, OverflowError) as error:
        raise Garbled("values that cannot be kept") from error


def _is_change(change: Any) -> bool:
    if not _has(change, scope=str, kind=str):
        return False
    if change["kind"] == "put":
        return _has(change, record=dict) and _maybe_record(change["record"])
    return change["kind"] == "left" and _has(change, id=str, ver=int)


def _maybe_record(doc: Any) -> bool:
    if doc is None:
        return True
    if not _has(doc, id=str, type=str, scope=str, ver=int, data=dict):
        return False
    conflicts, files = doc.get("conflicts", []), doc.get("files", {})
    if not isinstance(conflicts, list) or not isinstance(files, dict):
        return False
    return all(_has(c, field=str) for c in conflicts) and all(isinstance(f, dict) for f in files.values())


def _has(value: Any, **shape: type) -> bool:
    if not isinstance(value, dict):
        return False
    for name, kind in shape.items():  # noqa: SIM110  # every change of every page comes here; a generator costs twice
        if not isinstance(value.get(name), kind):
            return False
    return True


def _all_text(values: Iterable[Any]) -> bool:
    return all(isinstance(value, str) for value in values)
