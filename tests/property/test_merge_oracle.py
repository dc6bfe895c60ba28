"""Merging against an oracle that knows what every phone had truly seen, for each kind of field (protocol §F, C.11).

Phones edit offline, send out of order, send again, lose answers and pull now and then. The oracle keeps each op's
true seen-set; the engine has only `base_ver`, `client_id` and `dev_seq`, and must come to no worse an end.
"""

import os
import random
from dataclasses import dataclass, field
from typing import Any

import pytest

from simulator.types import THING
from sync import canonical, merge
from sync.op import Action, Op
from sync.state import Dot, Marks, State

RUNS = int(os.environ.get("MERGE_RUNS", "2500"))


@dataclass
class Phone:
    name: str
    base: int = 1
    dev_seq: int = 0
    queue: list[Op] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)
    text: str = ""


@dataclass
class Field:
    """One record, one field under test, and everything the oracle needs to know about it."""

    rng: random.Random
    kind: str
    state: State = field(
        default_factory=lambda: State("r", "thing", "u/2026", 1, Marks(Dot(1, "founder", 1, "f")), ver=1)
    )
    seen_by: dict[str, frozenset[str]] = field(default_factory=dict)
    applied: dict[str, Op] = field(default_factory=dict)
    order: list[tuple[int, str]] = field(default_factory=list)
    texts: dict[int, str] = field(default_factory=dict)

    def edit(self, phone: Phone) -> None:
        phone.dev_seq += 1
        op_id = f"{phone.name}.{phone.dev_seq}"
        change = getattr(self, f"_{self.kind}")(phone, op_id)
        op = Op(
            op_id,
            phone.name,
            phone.dev_seq,
            phone.name,
            Action.PATCH,
            "thing",
            "r",
            "u/2026",
            phone.base,
            canonical.sha256(op_id.encode()),
            "",
            **change,
        )
        self.seen_by[op_id] = frozenset(phone.seen)
        phone.seen.add(op_id)
        phone.queue.append(op)

    def _title(self, _phone: Phone, op_id: str) -> dict[str, Any]:
        return {"set": {"title": op_id}}

    def _tags(self, _phone: Phone, _op_id: str) -> dict[str, Any]:
        part = self.rng.choice(("add", "add", "remove"))
        return {part: {"tags": [self.rng.choice("abc")]}}

    def _count(self, _phone: Phone, _op_id: str) -> dict[str, Any]:
        return {"inc": {"count": self.rng.randint(-3, 5)}}

    def _note(self, phone: Phone, op_id: str) -> dict[str, Any]:
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
        self.applied[op.op_id] = op
        merged = merge.apply(self.state, op, THING, lambda _name, ver: self.texts.get(ver))
        if merged.status != "superseded":
            self.state.ver += 1
            self.texts[self.state.ver] = self.state.data.get("note", "")
        self.order.append((self.state.ver, op.op_id))

    def pull(self, phone: Phone) -> None:
        phone.base = self.state.ver
        phone.seen |= {op_id for _, op_id in self.order}
        phone.text = self.state.data.get("note", "")

    def live(self) -> set[Any]:
        register = self.state.marks.registers.get("title")
        found = {self.state.data["title"]} if "title" in self.state.data else set()
        return found | {c.value for c in register.others} if register else found


def play(seed: int, kind: str) -> Field:
    rng = random.Random(seed)
    world = Field(rng, kind)
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


def seen_later(world: Field, op_id: str) -> list[Op]:
    return [op for other, op in world.applied.items() if op_id in world.seen_by[other]]


def test_no_value_of_a_register_is_lost() -> None:
    for seed in range(RUNS):
        world = play(seed, "title")
        unseen = {o for o in world.applied if not seen_later(world, o)}
        assert unseen <= world.live(), f"seed {seed}: lost {unseen - world.live()}"


def test_one_resolve_leaves_one_value() -> None:
    for seed in range(RUNS // 5):
        world = play(seed, "title")
        op = Op(
            "last",
            "judge",
            1,
            "j",
            Action.RESOLVE,
            "thing",
            "r",
            "u/2026",
            world.state.ver,
            b"",
            "",
            set={"title": "x"},
        )
        world.receive(op)
        assert world.live() == {"x"}, f"seed {seed}"


def test_a_set_holds_what_was_added_and_not_knowingly_removed() -> None:
    for seed in range(RUNS):
        world = play(seed, "tags")
        want = set()
        for op_id, op in world.applied.items():
            for element in op.add.get("tags", ()):
                if not any(element in later.remove.get("tags", ()) for later in seen_later(world, op_id)):
                    want.add(element)
        assert set(world.state.data.get("tags", ())) == want, f"seed {seed}"


def test_a_counter_is_the_sum_of_its_deltas() -> None:
    for seed in range(RUNS // 5):
        world = play(seed, "count")
        assert world.state.data.get("count", 0) == sum(op.inc["count"] for op in world.applied.values()), f"seed {seed}"


def test_no_word_of_a_long_text_is_lost() -> None:
    for seed in range(RUNS):
        world = play(seed, "note")
        register = world.state.marks.registers.get("note")
        kept = world.state.data["note"] + " ".join(c.value for c in register.others) if register else ""
        for op_id, op in world.applied.items():
            word = f"w{op_id.replace('.', 'x')}"
            if word in op.set["note"].split() and not taken_out(world, word):
                assert word in kept, f"seed {seed}: {word} is gone"


def taken_out(world: Field, word: str) -> bool:
    """Whether somebody who had the word on the screen wrote a text without it."""
    holders = {op_id for op_id, op in world.applied.items() if word in op.set["note"].split()}
    return any(
        holders & world.seen_by[op_id] for op_id, op in world.applied.items() if word not in op.set["note"].split()
    )


@pytest.mark.parametrize("skew_years", [-10, 10])
def test_no_clock_takes_part(skew_years: int) -> None:
    """`captured` is kept in the op's body and read by no merge rule."""
    plain, skewed = play(7, "title"), play(7, "title")
    for op in skewed.applied.values():
        object.__setattr__(op, "captured", {"wall": f"{2026 + skew_years}-01-01T00:00:00Z"})
    assert plain.state == skewed.state
