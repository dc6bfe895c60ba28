"""What many wait for is done for all of them at once: transactions that share a commit, and so one sync to the disk.

While one group is at work the next one gathers, so whoever is alone waits for nobody.
"""

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

A = TypeVar("A")
D = TypeVar("D")


class _Place(Generic[A, D]):
    """One that waits. Called and not `settled`: it leads the next group; settled without an answer: it goes alone."""

    def __init__(self, asked: A) -> None:
        self.asked = asked
        self.called = threading.Event()
        self.settled = False
        self.answer: D | Exception | None = None


class Together(Generic[A, D]):
    """A queue before `work`, which gives for each of a group what came of it, or the error that its caller gets.

    Where `work` itself raises, nothing of the group has happened, and each goes alone. `weigh`: what one adds to a
    group, which is `most` at most; the first one may be heavier.
    """

    def __init__(
        self, work: Callable[[list[A]], list[D | Exception]], most: int, weigh: Callable[[A], int] = lambda _asked: 1
    ) -> None:
        self._work, self._most, self._weigh = work, most, weigh
        self._lock = threading.Lock()
        self._queue: list[_Place[A, D]] = []
        self._busy = False

    def run(self, asked: A, alone: Callable[[], D]) -> D:
        """What comes of `asked`, in a group or by `alone`."""
        place: _Place[A, D] = _Place(asked)
        with self._lock:
            self._queue.append(place)
            leads, self._busy = not self._busy, True
        if not leads:
            place.called.wait()
        if not place.settled:
            self._lead()
        if place.answer is None:
            return alone()
        if isinstance(place.answer, Exception):
            raise place.answer
        return place.answer

    def _lead(self) -> None:
        """Has the head of the queue done, which is the caller and those who may go with it."""
        group = self._next()
        try:
            for place, answer in zip(group, self._work([p.asked for p in group]), strict=True):
                place.answer = answer
        except Exception:  # noqa: BLE001, S110  # whatever it was, each meets it again alone
            pass
        finally:
            self._hand_over()
            for place in group:
                place.settled = True
                place.called.set()

    def _next(self) -> list[_Place[A, D]]:
        with self._lock:
            stop, weight = 1, self._weigh(self._queue[0].asked)
            while stop < len(self._queue) and (weight := weight + self._weigh(self._queue[stop].asked)) <= self._most:
                stop += 1
            group, self._queue = self._queue[:stop], self._queue[stop:]
        return group

    def _hand_over(self) -> None:
        with self._lock:
            self._busy = bool(self._queue)
            if self._busy:
                self._queue[0].called.set()
