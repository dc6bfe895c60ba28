"""Seconds of the wall and of the processor. The processor's depend far less on what else the machine does."""

import math
import os
import statistics
import time
from dataclasses import dataclass
from pathlib import Path

TICK = os.sysconf("SC_CLK_TCK")


def cpu_of(roots: list[int]) -> float:
    """Processor seconds of these processes and all below them, children that have ended included."""
    parents, spent = {}, {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        parents[int(entry.name)] = int(fields[1])
        spent[int(entry.name)] = sum(map(int, fields[11:15])) / TICK
    return sum(seconds for pid, seconds in spent.items() if _below(pid, roots, parents))


def _below(pid: int, roots: list[int], parents: dict[int, int]) -> bool:
    while pid > 1:
        if pid in roots:
            return True
        pid = parents.get(pid, 0)
    return False


@dataclass(slots=True)
class Stopwatch:
    """`with Stopwatch(pids) as watch:` then `watch.seconds`, and `watch.cpu` of the watched trees."""

    roots: list[int]
    seconds: float = 0.0
    cpu: float = 0.0

    def __enter__(self) -> "Stopwatch":
        self.cpu = -cpu_of(self.roots)
        self.seconds = -time.perf_counter()
        return self

    def __exit__(self, *_: object) -> None:
        self.seconds += time.perf_counter()
        self.cpu += cpu_of(self.roots)


def quantile(samples: list[float], share: float) -> float:
    """The smallest sample that `share` of all do not exceed."""
    ordered = sorted(samples)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)] if ordered else math.nan


def spread(samples: list[float]) -> tuple[float, float, float]:
    """Median, smallest, largest."""
    return statistics.median(samples), min(samples), max(samples)
