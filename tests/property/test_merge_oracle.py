"""Merging against an oracle that knows what every phone had truly seen, for each kind of field (protocol §F, C.11).

The oracle keeps each op's true seen-set; the engine has only `base_ver`, `client_id` and `dev_seq`, and must come to no
worse an end. `MERGE_RUNS=20000` is the long run.
"""

import os

import pytest

from offline import World, play
from sync.op import Action, Op
from sync.sight import Effect
from sync.state import PLACE, PRESENCE

RUNS = int(os.environ.get("MERGE_RUNS", "1500"))


def seen_later(world: World, op_id: str) -> list[Op]:
    return [op for other, op in world.applied.items() if op_id in world.seen_by[other]]


@pytest.mark.parametrize("kind", ["title", "place"])
def test_no_value_of_a_register_is_lost(kind: str) -> None:
    """Nor is a place, and neither where several people said the same."""
    name, said = {"title": ("title", lambda op: op.set["title"]), "place": (PLACE, lambda op: op.scope)}[kind]
    for seed in range(RUNS):
        world = play(seed, kind)
        unseen = {said(op) for o, op in world.applied.items() if not seen_later(world, o)}
        assert unseen <= world.live(name), f"seed {seed}: lost {unseen - world.live(name)}"


def test_one_answer_leaves_one_value() -> None:
    answers = {
        "title": (Action.RESOLVE, "u/2026", {"set": {"title": "z"}}, {"title": {"z"}}),
        "place": (Action.MOVE, "z/2026", {}, {PLACE: {"z/2026"}}),
        "presence": (Action.DELETE, "u/2026", {}, {PRESENCE: {True}}),
    }
    for seed in range(RUNS // 5):
        for kind, (action, scope, change, left) in answers.items():
            world = play(seed, kind)
            world.seen_by["last"] = frozenset(world.applied)
            world.receive(Op("last", "judge", 1, "j", action, "thing", "r", scope, world.state.ver, b"", "", **change))
            assert {name: world.live(name) for name in left} == left, f"seed {seed} of {kind}"


def test_no_delete_takes_what_its_author_had_not_seen() -> None:
    """One that had not leaves the record and stands beside it; one that was made over the newest version is done."""
    for seed in range(RUNS):
        world = play(seed, "presence")
        for op_id, missed in world.unseen_at.items():
            became = world.became[op_id].effects.get(PRESENCE)
            if any(not is_wish(world, other) for other in missed):
                assert became in (Effect.CONFLICT, Effect.SUPERSEDED), f"seed {seed}: {op_id} took {missed}"
            elif not missed and op_id in world.over_newest:
                assert became in (Effect.APPLIED, Effect.SUPERSEDED), f"seed {seed}: {op_id} is not done"


def test_no_wish_to_delete_or_to_restore_is_lost() -> None:
    """It came true, or it stands beside the record, or somebody who had seen it decided."""
    for seed in range(RUNS):
        world = play(seed, "presence")
        for op_id, op in world.applied.items():
            if op.action in (Action.DELETE, Action.RESTORE) and not any(map(decides, seen_later(world, op_id))):
                assert (op.action is Action.DELETE) in world.live(PRESENCE), f"seed {seed}: {op_id} is lost"


def is_wish(world: World, op_id: str) -> bool:
    """A delete changes nothing that another delete would take; an answer that found nothing to settle neither."""
    op = world.applied[op_id]
    return op.action is Action.DELETE or (op.action is Action.RESOLVE and not world.became[op_id].effects)


def decides(op: Op) -> bool:
    """Whether an op says that the record goes, comes back or stays."""
    return op.action in (Action.DELETE, Action.RESTORE) or (op.action is Action.RESOLVE and not op.set)


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


def taken_out(world: World, word: str) -> bool:
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
