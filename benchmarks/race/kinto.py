"""Devices of Kinto: PUT by id inside a batch, pull by `_since`, If-Match where a version is held.

A batch of Kinto is one transaction: a failure inside it undoes requests that were answered 201. A client that wants its
data kept sends the whole batch again, and so does this one.
"""

import asyncio
from typing import Any

from race.device import Device, Line, Pulled, Record, Refused, everything

BUCKET = "/buckets/race/collections"
BASIC = {"Authorization": "Basic YmVuY2g6YmVuY2g="}  # bench:bench; Kinto takes any name and password
TRIES = 40


class KintoDevice(Device):
    """A client with a collection as its space. `conditional`: updates name the version that was held."""

    def __init__(self, base: str, space: str, *, conditional: bool = True) -> None:
        self.line, self.space, self.conditional = Line(base, BASIC), space, conditional

    async def open(self) -> None:
        """Makes the bucket and the collection."""
        everybody = {"permissions": {"write": ["system.Authenticated"]}}
        for path, body in (("/buckets/race", everybody), (f"{BUCKET}/{self.space}", {})):
            async with self.line.http.put(self.line.base + path, json=body) as answer:
                answer.raise_for_status()

    async def _batch(self, requests: list[dict[str, Any]]) -> list[dict[str, Any]]:
        for attempt in range(TRIES):
            try:
                found = (await self.line.post("/batch", {"defaults": {"method": "PUT"}, "requests": requests}))[
                    "responses"
                ]
            except Refused:
                found = []
            if found and not any(f["status"] == 409 or f["status"] >= 500 for f in found):
                return list(found)
            await asyncio.sleep(0.02 * min(8, attempt + 1))
        raise Refused("the batch was undone each time")

    async def push(self, records: list[Record]) -> int:
        requests = [{"path": f"{BUCKET}/{self.space}/records/{r['id']}", "body": {"data": r}} for r in records]
        return sum(f["status"] in (200, 201) for f in await self._batch(requests))

    async def pull(self, cursor: Any, limit: int) -> Pulled:
        since = {"_since": f'"{cursor}"'} if cursor else {}
        path = f"{BUCKET}/{self.space}/records"
        data = (await self.line.get(path, _sort="last_modified", _limit=str(limit), **since))["data"]
        return Pulled([(r["id"], r) for r in data], data[-1]["last_modified"] if data else cursor, len(data) == limit)

    async def versions(self, ids: list[str]) -> dict[str, Any]:
        held = await everything(self)
        return {record_id: held[record_id]["last_modified"] for record_id in ids}

    async def update(self, base: dict[str, Any], records: list[Record]) -> list[str]:
        requests: list[dict[str, Any]] = []
        for r in records:
            held = {"headers": {"If-Match": f'"{base[r["id"]]}"'}} if self.conditional else {}
            requests.append({"path": f"{BUCKET}/{self.space}/records/{r['id']}", "body": {"data": r}, **held})
        answers = await self._batch(requests)
        return [_told(answer, r) for answer, r in zip(answers, records, strict=True)]

    async def surviving(self, ids: list[str]) -> dict[str, set[str]]:
        held = await everything(self)
        return {record_id: {held[record_id]["tag"]} for record_id in ids}

    async def close(self) -> None:
        await self.line.close()


def _told(answer: dict[str, Any], record: Record) -> str:
    if answer["status"] in (200, 201):
        return "ok"
    # After a batch that was sent again, what stands in the way may be this very change.
    existing = (answer["body"].get("details") or {}).get("existing") or {}
    return "ok" if existing.get("tag") == record["tag"] else "conflict"
