"""Random scripts of ops. A script has every number in it, so that it is the same whatever an engine answers."""

import os
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st

from bare_engine import DEVICES, SCOPES, Push

Script = list[Push]
RUNS = int(os.environ.get("SCRIPT_RUNS", "12"))
SHRUNK = tuple(Phase) if RUNS > 100 else (Phase.explicit, Phase.reuse, Phase.generate)  # minutes, so for a soak
random_scripts = settings(
    max_examples=RUNS, deadline=None, phases=SHRUNK, suppress_health_check=[HealthCheck.too_slow], database=None
)


def op_id(n: int) -> str:
    return str(UUID(int=(2 << 100) + n))


RECORDS = [str(UUID(int=(1 << 100) + n)) for n in range(4)]
WORDS = st.sampled_from(["Họp tổ", "Hòa Bình", "Bảo vệ", "x"])
LINES = ["Khai mạc lúc 8 giờ", "Ông Đức chủ trì", "Bà Hoa ghi biên bản", "Kết thúc"]
TEXTS = st.lists(st.sampled_from([*LINES, "Thêm một ý", "Khai mạc lúc 9 giờ"]), max_size=4).map("\n".join)
FILES = st.sampled_from([{"sha256": c * 64, "size": 9, "mime": "image/jpeg", "name": "Biên bản.jpg"} for c in "ab"])
SET = st.fixed_dictionaries(
    {"title": WORDS},
    optional={
        "chair": WORDS,
        "note": TEXTS,
        "people_told_reason": WORDS,
        "later": st.sampled_from([1, {"deep": ["x"]}, None]),
        "draft": st.booleans(),
    },
)
ELEMENTS = st.fixed_dictionaries(
    {"tags": st.lists(WORDS, min_size=1, max_size=2)},
    optional={"criteria": st.just(["PH-A02"]), "media": st.lists(FILES, max_size=1)},
)
OPS = st.integers(0, 12).map(lambda n: f"op:{op_id(n)}")


def _intent(*actions: str, **parts: Any) -> st.SearchStrategy[dict[str, Any]]:
    """An op on one of three records; most of them are in the first scope."""
    place = st.sampled_from([SCOPES[0], SCOPES[0], SCOPES[0], SCOPES[1]])
    rest = {"record_id": st.sampled_from(RECORDS[:3]), "scope": place, "base_ver": st.integers(0, 6)}
    return st.fixed_dictionaries({"action": st.sampled_from(actions), "type": st.just("minutes"), **rest, **parts})


EDITS = (
    _intent("create", set=SET, add=ELEMENTS),
    _intent("patch", set=SET),
    _intent("patch", set=st.fixed_dictionaries({"note": TEXTS})),
    _intent("patch", add=ELEMENTS, remove=ELEMENTS),
    _intent("patch", inc=st.fixed_dictionaries({"count": st.integers(-3, 5)})),
    _intent("resolve", set=st.fixed_dictionaries({}, optional={"title": WORDS, "note": TEXTS})),
    _intent("delete", "restore", "move", captured=st.just({"wall": "2026-09-21T13:53:25Z"})),
)
LINKED = (
    _intent("create", "patch", "move", set=SET, tx=st.sampled_from(["nhóm 1", "nhóm 2"])),
    _intent("patch", "delete", deps=st.lists(OPS, min_size=1, max_size=2)),
    _intent("create", "patch", set=st.fixed_dictionaries({"corrects": st.sampled_from([*RECORDS, None])})),
)
ODD = st.sampled_from(
    [7, None, "x", [], {}, {"op_id": "no"}, {"type": "boat"}, {"set": {"title": 7}}, {"base_ver": -1}, {"action": "x"}]
)
AGAIN = st.tuples(st.sampled_from(["same op", "other words"]), st.integers(0, 20))


FIRST = (
    "lan-1",
    [
        {"action": "create", "type": "minutes", "record_id": r, "scope": SCOPES[0], "set": {"title": "Họp tổ"}}
        for r in RECORDS[:2]
    ],
)


def intents(*, odd: bool = True) -> st.SearchStrategy[Any]:
    """`odd`: among them what is no op, retries, and ids that come again with other words."""
    return st.one_of(*EDITS, *LINKED, *((ODD, AGAIN, AGAIN) if odd else ()))


def pushes(*, odd: bool = True) -> st.SearchStrategy[tuple[str, list[Any]]]:
    return st.tuples(st.sampled_from(sorted(DEVICES)), st.lists(intents(odd=odd), min_size=1, max_size=4))


def scripts(most: int = 5, *, odd: bool = True) -> st.SearchStrategy[Script]:
    """Up to `most` pushes, after the one that makes two records."""
    return st.lists(pushes(odd=odd), min_size=1, max_size=most).map(lambda drawn: assembled([FIRST, *drawn]))


def assembled(drawn: Sequence[tuple[str, list[Any]]], first: int = 0, stride: int = 1) -> Script:
    """Gives each op its id and its number. Numbers of a device are `stride` apart."""
    script: Script = []
    last: dict[str, int] = {}
    said: list[tuple[str, dict[str, Any]]] = []
    for number, (device, intents) in enumerate(drawn):
        ops: list[Any] = []
        for intent in intents:
            if isinstance(intent, tuple):
                ops += _again(said, device, *intent)
                continue
            op = intent
            if isinstance(intent, dict):
                last[device] = last.get(device, 0) + stride
                op = {**_whole(intent), "op_id": op_id(first + len(said)), "dev_seq": last[device], **_odd_id(intent)}
                if "tx" in op:
                    op["tx"] += f" {number}"
                said.append((device, op))
            ops.append(op)
        script.append(Push(device, ops))
    return script


def _whole(intent: dict[str, Any]) -> dict[str, Any]:
    """An odd op is one that is odd in a single place."""
    whole = {"action": "create", "type": "minutes", "record_id": RECORDS[3], "scope": SCOPES[0], "base_ver": 0}
    return {**whole, **intent}


def _odd_id(intent: dict[str, Any]) -> dict[str, Any]:
    return {"op_id": intent["op_id"]} if "op_id" in intent else {}


def _again(said: list[tuple[str, dict[str, Any]]], device: str, how: str, n: int) -> list[dict[str, Any]]:
    """An op that this device has said before, or its id with other words under the number that it had."""
    mine = [op for who, op in said if who == device and op["op_id"] != "no"]
    if not mine:
        return []
    op = mine[n % len(mine)]
    return [op if how == "same op" else {**op, "set": {"title": f"Lời khác {n}"}}]
