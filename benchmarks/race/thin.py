"""The thin server: what the same push and pull cost where nothing is looked at, merged, chained or signed.

Raw ASGI and asyncpg, one statement for a batch; durable, ordered by a counter under a row lock, a log line for each
change and a check of the base version. It is the practical ceiling of a Python server on PostgreSQL, and no product.
"""

import os
from typing import Any
from urllib.parse import parse_qsl

import asyncpg
import orjson

from race.device import Device, Line, Pulled, Record, everything

TABLES = """
create table if not exists space (id text primary key, seq bigint not null);
create table if not exists item (space text, id uuid, seq bigint not null, ver int not null, doc jsonb not null,
  primary key (space, id));
create index if not exists item_feed on item (space, seq);
create table if not exists line (space text, seq bigint, id uuid, ver int, at timestamptz default now(),
  primary key (space, seq));
"""
PUSH = """
with head as (update space set seq = seq + cardinality($2::uuid[]) where id = $1
              returning seq - cardinality($2::uuid[]) as before),
sent as (select * from unnest($2::uuid[], $3::int[], $4::text[]) with ordinality as s (id, base, doc, place)),
kept as (insert into item as i (space, id, seq, ver, doc)
         select $1, id, before + place, base + 1, doc::jsonb from sent, head
         on conflict (space, id) do update set seq = excluded.seq, ver = excluded.ver, doc = excluded.doc
         where i.ver = excluded.ver - 1
         returning id, seq, ver),
logged as (insert into line (space, seq, id, ver) select $1, seq, id, ver from kept)
select id from kept
"""
PULL = "select seq, ver, doc::text from item where space = $1 and seq > $2 order by seq limit $3"


class Server:
    """The ASGI application; its connections open with its first request of a process."""

    def __init__(self) -> None:
        self.pool: asyncpg.Pool | None = None

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        if self.pool is None:
            self.pool = await asyncpg.create_pool(os.environ["BENCH_DSN"], min_size=4, max_size=8)
        _, verb, space = scope["path"].split("/", 2)
        body = await _body(receive)
        async with self.pool.acquire() as connection:
            answer = await VERBS[verb](connection, space, body, dict(parse_qsl(scope["query_string"].decode())))
        await respond(send, answer)


async def respond(send: Any, answer: bytes) -> None:
    """Sends JSON."""
    head = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(answer))]
    await send({"type": "http.response.start", "status": 200, "headers": head})
    await send({"type": "http.response.body", "body": answer})


async def _body(receive: Any) -> bytes:
    parts, more = [], True
    while more:
        message = await receive()
        parts.append(message.get("body", b""))
        more = message.get("more_body", False)
    return b"".join(parts)


async def _open(connection: Any, space: str, _body: bytes, _query: dict[str, str]) -> bytes:
    await connection.execute(TABLES)
    await connection.execute("insert into space values ($1, 0) on conflict do nothing", space)
    return b"{}"


async def _push(connection: Any, space: str, body: bytes, _query: dict[str, str]) -> bytes:
    sent = orjson.loads(body)
    ids = [s["doc"]["id"] for s in sent]
    docs = [orjson.dumps(s["doc"]).decode() for s in sent]
    kept = {str(row["id"]) for row in await connection.fetch(PUSH, space, ids, [s["base"] for s in sent], docs)}
    return orjson.dumps(["ok" if i in kept else "conflict" for i in ids])


async def _pull(connection: Any, space: str, _body: bytes, query: dict[str, str]) -> bytes:
    after, limit = int(query["after"]), int(query["limit"])
    rows = await connection.fetch(PULL, space, after, limit)
    docs = ",".join(f'{{"ver":{ver},"doc":{doc}}}' for _, ver, doc in rows)
    end = rows[-1][0] if rows else after
    return f'{{"cursor":{end},"more":{"true" if len(rows) == limit else "false"},"records":[{docs}]}}'.encode()


VERBS = {"open": _open, "push": _push, "pull": _pull}
app = Server()


class ThinDevice(Device):
    """A client of the thin server."""

    def __init__(self, base: str, space: str) -> None:
        self.line, self.space = Line(base), space

    async def push(self, records: list[Record]) -> int:
        sent = [{"base": 0, "doc": r} for r in records]
        return (await self.line.post(f"/push/{self.space}", sent)).count("ok")

    async def pull(self, cursor: Any, limit: int) -> Pulled:
        page = await self.line.get(f"/pull/{self.space}", after=str(cursor or 0), limit=str(limit))
        return Pulled([(r["doc"]["id"], r) for r in page["records"]], page["cursor"], page["more"])

    async def versions(self, ids: list[str]) -> dict[str, Any]:
        held = await everything(self)
        return {record_id: held[record_id]["ver"] for record_id in ids}

    async def update(self, base: dict[str, Any], records: list[Record]) -> list[str]:
        sent = [{"base": base[r["id"]], "doc": r} for r in records]
        answers: list[str] = await self.line.post(f"/push/{self.space}", sent)
        return answers

    async def surviving(self, ids: list[str]) -> dict[str, set[str]]:
        held = await everything(self)
        return {record_id: {held[record_id]["doc"]["tag"]} for record_id in ids}

    async def close(self) -> None:
        await self.line.close()
