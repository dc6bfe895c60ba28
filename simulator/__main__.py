"""`python -m simulator --seeds N`: schedules on all cores, with progress; the last line counts what did not hold."""

import argparse
import sys
from multiprocessing import Pool

from simulator.schedule import Schedule
from simulator.server import ModelServer

PART = 500


def play(first: int) -> list[tuple[int, list[str]]]:
    """Plays `PART` schedules from a seed on; returns the red ones with what is broken."""
    red = []
    for seed in range(first, first + PART):
        broken = Schedule(seed, ModelServer()).play()
        if broken:
            red.append((seed, broken))
    return red


def main() -> int:
    """0 when every schedule held."""
    parser = argparse.ArgumentParser(prog="simulator")
    parser.add_argument("--seeds", type=int, default=100_000, help="how many schedules")
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    args = parser.parse_args()
    parts = range(args.first, args.first + args.seeds, PART)
    violations = 0
    with Pool() as pool:
        for done, red in enumerate(pool.imap_unordered(play, parts), 1):
            violations += len(red)
            for seed, broken in red:
                print(f"seed {seed}: {broken[0]}", flush=True)
            if done % 20 == 0:
                print(f"{done * PART} schedules, {violations} violations so far", flush=True)
    print(f"schedules {len(parts) * PART}, violations {violations}")
    return 1 if violations else 0


if __name__ == "__main__":
    sys.exit(main())
