"""`python -m simulator --seeds N --stack-seeds M`: schedules on all cores, with progress and a story of each red one.

The last line counts schedules and violations of both simulators together; the two lines before count them apart.
"""

import argparse
import json
import sys
from collections.abc import Callable
from multiprocessing import get_context
from pathlib import Path

from simulator.runs import Red, model, stack


def run(name: str, play: Callable[[range], Red], seeds: range, part: int, args: argparse.Namespace) -> int:
    """Plays all seeds in parts, by as many processes as asked for; returns how many were red."""
    keep: Path | None = args.keep
    parts = [range(first, min(first + part, seeds.stop)) for first in range(seeds.start, seeds.stop, part)]
    played = violations = 0
    with get_context("spawn").Pool(args.processes) as pool:
        for done, red in enumerate(pool.imap(play, parts)):
            played += len(parts[done])
            violations += len(red)
            for seed, broken, trace in red:
                print("\n".join([f"{name} seed {seed} is red:", *broken, "timeline:", *trace]), flush=True)
                if keep:
                    kept = {"simulator": name, "seed": seed, "broken": broken, "timeline": trace}
                    (keep / f"{name}-{seed}.json").write_text(json.dumps(kept, ensure_ascii=False, indent=1) + "\n")
            if (done + 1) % 20 == 0 or done + 1 == len(parts):
                print(f"{name}: {played} of {len(seeds)} schedules, {violations} violations", flush=True)
    return violations


def main() -> int:
    """0 when every schedule held."""
    parser = argparse.ArgumentParser(prog="simulator")
    parser.add_argument("--seeds", type=int, default=100_000, help="how many model-level schedules")
    parser.add_argument("--stack-seeds", type=int, default=1_000, help="how many whole-stack schedules")
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--processes", type=int, help="how many at a time; as a rule one for each core")
    parser.add_argument("--keep", type=Path, help="folder for red seeds, as regression files")
    args = parser.parse_args()
    if args.keep:
        args.keep.mkdir(parents=True, exist_ok=True)
    modelled = range(args.first, args.first + args.seeds)
    stacked = range(args.first, args.first + args.stack_seeds)
    violations = [
        run("model", model, modelled, 500, args),
        run("stack", stack, stacked, 20, args),
    ]
    print(f"model-level: {len(modelled)} schedules, {violations[0]} violations")
    print(f"whole-stack: {len(stacked)} schedules, {violations[1]} violations")
    print(f"schedules {len(modelled) + len(stacked)}, violations {sum(violations)}")
    return 1 if sum(violations) else 0


if __name__ == "__main__":
    sys.exit(main())
