"""Phones that edit one record offline, send out of order, send again, lose answers, and pull now and then.

The world beside them keeps what no engine can know: what every phone had truly seen when it made an op.
"""

import random
from dataclasses import dataclass, field
from typing import Any

from simulator.types import THING
from sync import canonical, merge
from sync.op import Action, Op
from sync.sight import Merged
from sync.state import PLACE, PRESENCE, Dot, Marks, State

Change = dict[str, Any]
CURRENT = {PRESENCE: "deleted", PLACE: "scope"}


@dataclass
class Phone:
    name: str
    base: int = 1
    dev_seq: int = 0
    queue: list[Op] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)
    text: str = ""


@dataclass
class World:
    """One record, edits of one kind, and everything that an oracle needs to know about them."""

    rng: random.Random
    kind: str
    state: State = field(
        default_factory=lambda: State("r", "thing", "u/2026", 1, Marks(Dot(1, "founder", 1, "f")), ver=1)
    )
    seen_by: dict[str, frozenset[str]] = field(default_factory=dict)
    applied: dict[str, Op] = field(default_factory=dict)
    became: dict[str, Merged] = field(default_factory=dict)
    order: list[tuple[int, str]] = field(default_factory=list)
    texts: dict[int, str] = field(default_factory=dict)
    unseen_at: dict[str, set[str]] = field(default_factory=dict)  # deletes of a live record: what their authors missed
    over_newest: set[str] = field(default_factory=set)  # ops that were made over the version that they met

    def edit(self, phone: Phone) -> None:
        phone.dev_seq += 1
        op_id = f"{phone.name}.{phone.dev_seq}"
        change = {"action": Action.PATCH, "scope": self.state.scope, **getattr(self, f"_{self.kind}")(phone, op_id)}
        action, scope, digest = change.pop("action"), change.pop("scope"), canonical.sha256(op_id.encode())
        who = (op_id, phone.name, phone.dev_seq, phone.name)
        op = Op(*who, action, "thing", "r", scope, phone.base, digest, "", **change)
        self.seen_by[op_id] = frozenset(phone.seen)
        phone.seen.add(op_id)
        phone.queue.append(op)

    def _title(self, _phone: Phone, op_id: str) -> Change:
        """Words of one's own, or those that others may use as well."""
        value = op_id if self.rng.random() < 0.7 else self.rng.choice("xy")
        return {"set": {"title": value}, "action": self.rng.choice((Action.PATCH,) * 9 + (Action.RESOLVE,))}

    def _place(self, _phone: Phone, _op_id: str) -> Change:
        return {"action": Action.MOVE, "scope": f"{self.rng.choice('abcdefgh')}/2026"}

    def _presence(self, phone: Phone, op_id: str) -> Change:
        """Deletes, restores and answers among edits of every kind."""
        dice = self.rng.random()
        if dice < 0.5:
            action = self.rng.choice((Action.DELETE, Action.DELETE, Action.RESTORE, Action.RESOLVE))
            return {"action": action}
        return getattr(self, f"_{self.rng.choice(('title', 'place', 'count', 'grown'))}")(phone, op_id)  # type: ignore[no-any-return]

    def _grown(self, _phone: Phone, op_id: str) -> Change:
        return {"add": {"tags": [op_id]}}

    def _tags(self, _phone: Phone, _op_id: str) -> Change:
        part = self.rng.choice(("add", "add", "remove"))
        return {part: {"tags": [self.rng.choice("abc")]}}

    def _count(self, _phone: Phone, _op_id: str) -> Change:
        return {"inc": {"count": self.rng.randint(-3, 5)}}

    def _note(self, phone: Phone, op_id: str) -> Change:
        lines = phone.text.split("\n")
        line = self.rng.randrange(len(lines))
        words = lines[line].split(" ")
        words.insert(self.rng.randrange(len(words) + 1), f"w{op_id.replace('.', 'x')}")
        if self.rng.random() < 0.2:
            words.pop(self.rng.randrange(len(words)))
        lines[line] = " ".join(words)
        phone.text = "\n".join(lines)
        return {"set": {"note": phone.text}}

    def receive(self, op: Op) -> None:
        if op.op_id in self.applied:
            return
        if op.action is Action.DELETE and not self.state.deleted:
            effective = {op_id for op_id, merged in self.became.items() if merged.status != "superseded"}
            self.unseen_at[op.op_id] = effective - self.seen_by[op.op_id]
        if op.base_ver == self.state.ver:
            self.over_newest.add(op.op_id)
        self.applied[op.op_id] = op
        merged = self.became[op.op_id] = merge.apply(self.state, op, THING, lambda _name, ver: self.texts.get(ver))
        if merged.status != "superseded":
            self.state.ver += 1
            self.texts[self.state.ver] = self.state.data.get("note", "")
        self.order.append((self.state.ver, op.op_id))

    def pull(self, phone: Phone) -> None:
        phone.base = self.state.ver
        phone.seen |= {op_id for _, op_id in self.order}
        phone.text = self.state.data.get("note", "")

    def live(self, name: str) -> set[Any]:
        """The value of a register that is current, and those that stand beside it."""
        register = self.state.marks.registers.get(name)
        current = {getattr(self.state, CURRENT[name])} if name in CURRENT else {self.state.data.get(name)}
        return current | ({c.value for c in register.others} if register else set())


def play(seed: int, kind: str) -> World:
    """Edits of a kind in an order that the seed decides, until all have arrived."""
    rng = random.Random(seed)
    world = World(rng, kind)
    if kind == "note":
        world.state.data["note"] = "một hai ba bốn\nnăm sáu\nbảy tám chín"
        world.texts[1] = world.state.data["note"]
    phones = [Phone(f"p{i}", text=world.texts.get(1, "")) for i in range(rng.randint(2, 4))]
    wire: list[Op] = []
    for _ in range(rng.randint(8, 40)):
        phone, dice = rng.choice(phones), rng.random()
        if dice < 0.45:
            world.edit(phone)
        elif dice < 0.75 and phone.queue:
            op = rng.choice(phone.queue) if rng.random() < 0.4 else phone.queue[0]
            wire.append(op)
            if rng.random() < 0.6:
                world.receive(op)
                if rng.random() < 0.6:
                    phone.queue.remove(op)
        elif dice < 0.85 and wire:
            world.receive(rng.choice(wire))
        else:
            world.pull(phone)
    for phone in phones:
        for op in rng.sample(phone.queue, len(phone.queue)):
            world.receive(op)
    return world
