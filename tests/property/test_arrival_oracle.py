"""Ops of many phones in any order against an oracle of what has to be there when all have come (protocol §F, C.4, C.6).

References, groups that take effect together, and issues across fields, through the engine's own planner.
"""

import os
import random
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import orjson

from simulator.server import ModelServer
from simulator.types import THING
from sync.notice import NOTICE
from sync.outcome import EFFECTIVE
from sync.plan import Authority
from sync.types import Field, Issue, Kind, Registry

RUNS = int(os.environ.get("MERGE_RUNS", "150"))
SCOPES = ("A1/2026", "B2/2026")
Doc = dict[str, Any]


def out_of_order(data: Doc) -> list[Issue]:
    """What begins ends later."""
    backwards = data.get("starts", 0) > data.get("ends", 99)
    return [Issue("ends_before_it_starts", "ends")] if backwards else []


def _anything(_value: Any) -> None:
    return None


TYPES = Registry()
TYPES.add(
    NOTICE,
    replace(
        THING,
        fields={
            **THING.fields,
            "parent": Field(Kind.REFERENCE, _anything),
            "starts": Field(Kind.REGISTER, _anything),
            "ends": Field(Kind.REGISTER, _anything),
        },
        issues=out_of_order,
    ),
)


@dataclass
class Phone:
    """Makes ops; they wait in `outbox`. `known`: records that it has made or heard of, and their version then."""

    name: str
    dev_seq: int = 0
    outbox: list[Doc] = field(default_factory=list)
    known: dict[str, int] = field(default_factory=dict)


class World:
    """Phones with all the luck of a seed, one model server, and every op that was made."""

    def __init__(self, seed: int) -> None:
        self.rng, self.server = random.Random(seed), ModelServer(TYPES)
        self.server.authority = Authority(lambda who, _at: self.server.principal(who, "").grants)
        self.made: dict[str, Doc] = {}
        self.records: list[str] = []
        self.phones = [Phone(f"p{i}") for i in range(self.rng.randint(2, 4))]
        for phone in self.phones:
            self.server.grants[phone.name] = {"A1", "B2"} if self.rng.random() < 0.8 else {"A1"}

    def play(self) -> None:
        for _ in range(self.rng.randint(6, 20)):
            phone, dice = self.rng.choice(self.phones), self.rng.random()
            if dice < 0.6:
                self.work(phone)
            elif dice < 0.85:
                self.send(phone, self.rng.sample(phone.outbox, self.rng.randint(0, len(phone.outbox))))
            else:
                phone.known = {i: held.ver for i, held in self.server.tables.records.items()}
        for phone in self.rng.sample(self.phones, len(self.phones)):
            self.send(phone, self.rng.sample(phone.outbox, len(phone.outbox)))
        self.outcomes = {op_id: row.outcome for op_id, row in self.server.tables.ops.items()}
        self.docs = {i: orjson.loads(held.doc) for i, held in self.server.tables.records.items()}

    def work(self, phone: Phone) -> None:
        """One op, or some that belong together."""
        group = f"g{len(self.made)}" if self.rng.random() < 0.4 else None
        for _ in range(self.rng.randint(2, 3) if group else 1):
            self.edit(phone, group)

    def edit(self, phone: Phone, group: str | None) -> None:
        dice, change = self.rng.random(), {}
        if self.records and dice < 0.5:
            change["parent"] = self.rng.choice(self.records)
        change[self.rng.choice(("starts", "ends"))] = self.rng.randint(0, 9)
        fresh = not phone.known or dice > 0.7
        record_id = self._id(len(self.records)) if fresh else self.rng.choice(sorted(phone.known))
        if fresh:
            self.records.append(record_id)
        phone.dev_seq += 1
        op = {
            "op_id": self._id(10_000 + len(self.made)), "dev_seq": phone.dev_seq,
            "action": "create" if fresh else "patch", "type": "thing", "record_id": record_id,
            "scope": self.rng.choice(SCOPES), "base_ver": phone.known.setdefault(record_id, 0), "set": change,
            **({"tx": group} if group else {}),
        }  # fmt: skip
        self.made[op["op_id"]] = op
        phone.outbox.append(op)

    def _id(self, number: int) -> str:
        return f"00000000-0000-7000-8000-{number:012}"

    def send(self, phone: Phone, ops: list[Doc]) -> None:
        """A batch, perhaps twice; a group goes whole, as every client has to send it."""
        groups = {op["tx"] for op in ops if "tx" in op}
        batch = [op for op in phone.outbox if op in ops or op.get("tx") in groups]
        self.rng.shuffle(batch)
        self.server.push(phone.name, f"client-{phone.name}", {"ops": batch})
        if self.rng.random() < 0.7:  # else the answer is lost, and all of it comes again
            phone.outbox = [op for op in phone.outbox if op not in batch]


def test_whatever_the_order_all_ends_as_it_has_to() -> None:
    for seed in range(RUNS):
        world = World(seed)
        world.play()
        faults = [fault for look in (waiting, groups, references, issues) for fault in look(world)]
        assert not faults, f"seed {seed}: {faults}"


def waiting(world: World) -> Iterator[str]:
    """An op waits for what it names and for nothing else: nobody has made that, or its author may not see it."""
    for op_id, outcome in world.outcomes.items():
        if outcome.status == "held":
            op, author = world.made[op_id], _author(world, world.made[op_id]).removeprefix("client-")
            reach = {f"{unit}/2026" for unit in world.server.grants[author]}
            group = [other for other in world.made.values() if other is op or _together(other, op)]
            named = {r for o in group for r in (o["record_id"], o["set"].get("parent")) if r}
            if named <= {i for i, doc in world.docs.items() if doc["scope"] in reach}:
                yield f"{op_id} waits for {outcome.waiting_for}"


def groups(world: World) -> Iterator[str]:
    """A group takes effect whole or not at all."""
    became: dict[str, set[bool]] = {}
    for op_id, op in world.made.items():
        if "tx" in op:
            became.setdefault(op["tx"], set()).add(world.outcomes[op_id].status in EFFECTIVE)
    yield from (f"{tx} is torn" for tx, fates in became.items() if len(fates) > 1)


def references(world: World) -> Iterator[str]:
    """One is kept like any value, and its target is there."""
    for record_id, doc in world.docs.items():
        apart = next((c["others"] for c in doc["conflicts"] if c["field"] == "parent"), [])
        live = {doc["data"].get("parent"), *(other["v"] for other in apart)} - {None}
        yield from (f"{record_id} names {missing}, which is not there" for missing in live - world.docs.keys())
        for op_id, op in world.made.items():
            mine = op["record_id"] == record_id and world.outcomes[op_id].status in EFFECTIVE
            if mine and "parent" in op["set"] and not _followed(world, op) and op["set"]["parent"] not in live:
                yield f"{op_id} lost its reference"


def issues(world: World) -> Iterator[str]:
    """Across fields they are those of each version as it stands, and nothing is refused for them."""
    for doc in [*map(orjson.loads, world.server.tables.past.values()), *world.docs.values()]:
        starts, ends = doc["data"].get("starts", 0), doc["data"].get("ends", 99)
        if bool(doc["issues"]) != (starts > ends):
            yield f"{doc['id']} at {doc['ver']} shows {doc['issues']}"
    for op_id, outcome in world.outcomes.items():
        if outcome.status == "rejected" and outcome.code not in ("not_permitted", "tx_rejected"):
            yield f"{op_id} is rejected as {outcome.code}"


def _together(one: Doc, other: Doc) -> bool:
    return "tx" in one and one.get("tx") == other.get("tx")


def _followed(world: World, op: Doc) -> bool:
    """Whether an op that may have seen this one wrote the same field."""
    mine = _author(world, op)
    return any(
        later["record_id"] == op["record_id"] and "parent" in later["set"]
        and world.outcomes[later["op_id"]].status in EFFECTIVE and later is not op
        and (later["base_ver"] > 0 or _author(world, later) == mine)
        for later in world.made.values()
    )  # fmt: skip


def _author(world: World, op: Doc) -> str:
    return world.server.tables.ops[op["op_id"]].client_id
