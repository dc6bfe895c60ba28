"""The demo's count cannot be fooled: whatever is missing at the service, or wrong there, fails the day."""

import copy
from collections.abc import Callable
from typing import Any

import pytest

from demo.ledger import CapturedFile, CapturedOp, Found, Ledger, Verdict

PHOTO, MINUTES, SHA = "photo-1", "minutes-1", "ab" * 32
OTHER = "cd" * 32


def op(record_id: str, type_name: str, base_ver: int, **change: Any) -> dict[str, Any]:
    return {"record_id": record_id, "type": type_name, "base_ver": base_ver, **change}


def captured() -> Ledger:
    """Lan takes a photo and begins minutes; then she and Minh name a place for the meeting, apart."""
    media = [{"sha256": SHA, "name": "ảnh.jpg"}]
    ledger = Ledger()
    ledger.ops["a"] = CapturedOp("lan", op(PHOTO, "photo", 0, set={"title": "Ra quân"}, media=media))
    ledger.ops["b"] = CapturedOp("lan", op(MINUTES, "minutes", 0, set={"title": "Họp", "body": "Một\nHai"}))
    ledger.ops["c"] = CapturedOp("lan", op(MINUTES, "minutes", 1, set={"held_where": "Nhà văn hóa"}))
    ledger.ops["d"] = CapturedOp("minh", op(MINUTES, "minutes", 1, set={"held_where": "Hội trường"}))
    ledger.ops["e"] = CapturedOp("minh", op(MINUTES, "minutes", 3, set={"held_where": "Nhà văn hóa, tầng 2"}))
    ledger.files.append(CapturedFile("lan", PHOTO, SHA, "ảnh.jpg", "ok"))
    ledger.acknowledged |= {*ledger.ops, ("lan", SHA)}
    return ledger


def version(ver: int, data: dict[str, Any], state: str = "pending", **more: Any) -> dict[str, Any]:
    return {"ver": ver, "state": state, "data": data, "conflicts": [], **more}


def held() -> Found:
    """What an honest service has of it in the end."""
    photo = {"title": "Ra quân", "media": [{"sha256": SHA, "name": "ảnh.jpg"}]}
    files = {SHA: {"state": "verified", "check": "ok"}}
    begun = {"title": "Họp", "body": "Một\nHai"}
    first, last = begun | {"held_where": "Nhà văn hóa"}, begun | {"held_where": "Nhà văn hóa, tầng 2"}
    conflict = [{"field": "held_where", "others": [{"v": "Hội trường"}]}]
    return Found(
        versions={
            PHOTO: [version(1, photo), version(2, photo, "verified", files=files)],
            MINUTES: [
                version(1, begun),
                version(2, first),
                version(3, first, conflicts=conflict),
                version(4, last),
                version(5, last, "verified"),
            ],
        },
        ops={PHOTO: {1: "a", 2: "server"}, MINUTES: {1: "b", 2: "c", 3: "d", 4: "e", 5: "review"}},
        files={(PHOTO, SHA): SHA},
    )


def test_a_day_on_which_everything_is_there_holds() -> None:
    verdict = captured().verdict(held())
    assert (verdict.exit_code, verdict.lost, verdict.overwritten, verdict.faults) == (0, 0, 0, [])
    assert [(r.captured, r.acknowledged, r.verified) for r in verdict.rows] == [
        (1, 1, 1),
        (1, 1, 1),
        (5, 5, None),
        (1, 1, 1),
    ]


def test_a_day_on_which_nothing_was_captured_proves_nothing() -> None:
    assert Ledger().verdict(Found()).exit_code == 1


def no_record(found: Found) -> None:
    del found.versions[PHOTO], found.ops[PHOTO], found.files[PHOTO, SHA]


def no_op(found: Found) -> None:
    found.ops[MINUTES][2] = "somebody else's"


def no_value(found: Found) -> None:
    found.versions[MINUTES][0]["data"]["body"] = "Một"


def no_file(found: Found) -> None:
    found.files[PHOTO, SHA] = None


def other_bytes(found: Found) -> None:
    found.files[PHOTO, SHA] = OTHER


@pytest.mark.parametrize("plant", [no_record, no_op, no_value, no_file, other_bytes])
def test_planted_loss_is_counted_and_fails_the_day(plant: Callable[[Found], None]) -> None:
    assert planted(plant).lost > 0
    assert planted(plant).exit_code == 1


def not_verified(found: Found) -> None:
    found.versions[PHOTO][-1]["state"] = "pending"


def conflict_open(found: Found) -> None:
    found.versions[MINUTES][-1]["conflicts"] = [{"field": "title", "others": [{"v": "Họp"}]}]


def marked_wrong(found: Found) -> None:
    found.versions[PHOTO][-1]["files"][SHA]["check"] = "unreadable"


def never_looked_into(found: Found) -> None:
    found.versions[PHOTO][-1]["files"][SHA]["check"] = "pending"


def overwritten_silently(found: Found) -> None:
    """Minh's place replaces Lan's, which he had not seen, and no conflict keeps hers."""
    found.versions[MINUTES][2] = version(3, {**found.versions[MINUTES][0]["data"], "held_where": "Hội trường"})


@pytest.mark.parametrize("plant", [not_verified, conflict_open, marked_wrong, never_looked_into, overwritten_silently])
def test_what_is_there_but_wrong_fails_the_day(plant: Callable[[Found], None]) -> None:
    verdict = planted(plant)
    assert verdict.exit_code == 1
    assert verdict.faults
    assert verdict.overwritten == (1 if plant is overwritten_silently else 0)


@pytest.mark.parametrize("unsaid", ["c", ("lan", SHA)], ids=["op", "file"])
def test_what_no_phone_was_told_of_fails_the_day(unsaid: Any) -> None:
    ledger = captured()
    ledger.acknowledged.discard(unsaid)
    assert ledger.verdict(held()).exit_code == 1


def planted(plant: Callable[[Found], None]) -> Verdict:
    found = copy.deepcopy(held())
    plant(found)
    return captured().verdict(found)
