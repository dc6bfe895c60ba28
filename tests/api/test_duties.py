"""Duties of the worker: each comes round on its own, and one that fails is tried again and holds up no other."""

import pytest

from people import Province
from service import worker
from service.bench import Bench
from service.duties import Duty

HOUR = 3_600_000


@pytest.fixture
def rounds(province: Province, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was done, in order; `broken` fails until it has been tried twice."""
    done: list[str] = []

    def broken(_bench: Bench) -> None:
        done.append("broken")
        if done.count("broken") < 2:
            raise OSError("the disk is away")

    duties = {"broken": Duty(HOUR, broken), "sound": Duty(2 * HOUR, lambda _bench: done.append("sound"))}
    monkeypatch.setattr(worker, "DUTIES", duties)
    return done


def attend(province: Province, ms: int = 0) -> None:
    province.clock.advance(ms)
    province.app.state.worker.attend()


def test_each_duty_comes_round_in_its_own_period(province: Province, rounds: list[str]) -> None:
    attend(province)
    attend(province, worker.RETRY_MS)
    rounds.clear()
    attend(province)
    assert rounds == []
    attend(province, HOUR)
    assert rounds == ["broken"]
    attend(province, HOUR)
    assert rounds == ["broken", "broken", "sound"]


def test_a_duty_that_fails_is_tried_again_soon(province: Province, rounds: list[str]) -> None:
    attend(province)
    assert rounds == ["broken", "sound"]
    attend(province, worker.RETRY_MS - 1)
    assert rounds == ["broken", "sound"]
    attend(province, 1)
    assert rounds == ["broken", "sound", "broken"]


def test_a_second_worker_leaves_a_round_that_was_taken(province: Province, rounds: list[str]) -> None:
    attend(province)
    other = worker.Worker(province.app.state.worker.bench)
    other.attend()
    assert rounds == ["broken", "sound"]
