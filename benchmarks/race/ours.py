"""Devices of this service, through its own wire."""

import uuid
from itertools import count
from typing import Any

from race.device import Device, Line, Pulled, Record, everything

PASSWORD = "Do-toc-do-2026"
TAKEN = frozenset({"applied", "merged", "duplicate"})


def _fields(record: Record) -> dict[str, Any]:
    fields = {name: record[name] for name in ("title", "note", "kind", "criteria", "captured_at", "place")}
    return {**fields, "number": record["tag"]}


class OurDevice(Device):
    """One install of one account; its space is a scope."""

    def __init__(self, line: Line, scope: str) -> None:
        self.line, self.scope = line, scope
        self.numbers = count(1)

    def op(self, action: str, record_id: str, base_ver: int, fields: dict[str, Any]) -> dict[str, Any]:
        named = {"op_id": str(uuid.uuid4()), "dev_seq": next(self.numbers), "action": action, "type": "document"}
        return {**named, "record_id": record_id, "scope": self.scope, "base_ver": base_ver, "set": fields}

    async def _send(self, ops: list[dict[str, Any]]) -> list[dict[str, Any]]:
        results: list[dict[str, Any]] = (await self.line.post("/v1/sync/push", {"ops": ops}))["results"]
        return results

    async def push(self, records: list[Record]) -> int:
        results = await self._send([self.op("create", r["id"], 0, _fields(r)) for r in records])
        return sum(r["status"] in TAKEN for r in results)

    async def pull(self, cursor: Any, limit: int) -> Pulled:
        body = {"cursor": cursor, "limit": limit, "max_bytes": 4 * 2**20}
        page = await self.line.post("/v1/sync/pull", body)
        mine = [c["record"] for c in page["changes"] if c["scope"] == self.scope and c["kind"] == "put"]
        return Pulled([(doc["id"], doc) for doc in mine], page["cursor"], page["more"])

    async def versions(self, ids: list[str]) -> dict[str, Any]:
        held = await everything(self)
        return {record_id: held[record_id]["ver"] for record_id in ids}

    async def update(self, base: dict[str, Any], records: list[Record]) -> list[str]:
        ops = [self.op("patch", r["id"], base[r["id"]], {"number": r["tag"]}) for r in records]
        return ["ok" if r["status"] in TAKEN else "conflict" for r in await self._send(ops)]

    async def surviving(self, ids: list[str]) -> dict[str, set[str]]:
        held = await everything(self)
        return {record_id: _tags(held[record_id]) for record_id in ids}

    async def close(self) -> None:
        await self.line.close()


def _tags(doc: dict[str, Any]) -> set[str]:
    others = {o["v"] for c in doc["conflicts"] if c["field"] == "number" for o in c["others"]}
    return {doc["data"]["number"]} | others


async def device(base: str, account: str, install: str, scope: str) -> OurDevice:
    """Signs an account in on an install."""
    line = Line(base)
    body = {"username": account, "password": PASSWORD, "install_id": install, "device_name": install}
    token = (await line.post("/v1/auth/sign-in", body))["access_token"]
    await line.close()
    return OurDevice(Line(base, {"Authorization": f"Bearer {token}"}), scope)
