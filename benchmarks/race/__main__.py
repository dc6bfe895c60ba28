"""`python -m race`: plays all work on all servers, turn by turn, and reports; `--quick` shows that everything runs.

Results are written after each part, so that what was measured is kept should a later part fail.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager, ExitStack
from itertools import count
from pathlib import Path

import uploads
import uvloop

from race import crowd, flat, kinto, machine, ours, report, servers, thin, work
from race.device import Device
from race.measure import Stopwatch

Started = AbstractContextManager[servers.Running]
Joiner = Callable[[servers.Running, int, str], Awaitable[Device]]
PARTS = "machine,uploads,race,crowd,flat"
KINTO_RECORDS = work.RECORDS // 10  # as many as the others get would take it minutes
installs = count(1)


def contestants(stack: ExitStack, folder: Path, wanted: list[str]) -> dict[str, tuple[servers.Running, Joiner]]:
    """Every server that runs, with the way for a device to join it."""
    cluster = stack.enter_context(servers.postgres())
    starts: dict[str, Callable[[Path], Started]] = {
        "minhchung": lambda place: servers.ours(place, cluster.fresh()),
        "minhchung-sqlite": lambda place: servers.ours(place, None, processes=1),
        "thin": lambda place: servers.thin(place, cluster.fresh()),
        "kinto": lambda place: servers.kinto(place, cluster.fresh()),
    }
    found = {}
    for name in wanted:
        place = folder / name
        place.mkdir()
        running = stack.enter_context(starts[name](place))
        if name != "minhchung-sqlite":
            running.pids.append(servers.pid_of(cluster))
        found[name] = (running, JOINS.get(name, _join_ours))
    return found


async def _join_ours(running: servers.Running, number: int, space: str) -> Device:
    """`space` is a scope, `<number of a unit>/<year>`; the account of that unit signs in."""
    place, _, year = space.partition("/")
    base = running.bases[number % len(running.bases)]
    install = f"install-of-race-{next(installs):05d}"
    return await ours.device(base, f"bench{place}", install, f"{servers.unit(int(place))}/{year}")


async def _join_thin(running: servers.Running, _number: int, space: str) -> Device:
    device = thin.ThinDevice(running.bases[0], space.replace("/", "-"))
    await device.line.post(f"/open/{device.space}", {})
    return device


async def _join_kinto(running: servers.Running, _number: int, space: str) -> Device:
    device = kinto.KintoDevice(running.bases[0], space.replace("/", "-"), conditional=False)
    await device.open()
    return device


JOINS: dict[str, Joiner] = {"thin": _join_thin, "kinto": _join_kinto}


async def play(running: servers.Running, join_it: Joiner, year: int, only: set[str], total: int) -> work.Figures:
    """One round of all work on one server, in spaces that no round before it used."""

    async def join(number: int, space: str) -> Device:
        return await join_it(running, number, space)

    found: work.Figures = {}
    if "push" in only:
        found |= await work.push_and_pull(join, [f"{n}/{year}" for n in range(work.DEVICES)], running.pids, total)
    if "loop" in only:
        spaces = [f"{n}/{year}" for n in range(20, 20 + work.LOOP_DEVICES)]
        found |= await work.loop(join, spaces, running.pids)
    if "rivals" in only:
        found |= await work.rivals(join, f"90/{year}", running.pids)
    return found


def race(args: argparse.Namespace, results: report.Results, folder: Path) -> None:
    """All servers, turn by turn."""
    results.rounds = {name: [] for name in args.servers.split(",")}
    with ExitStack() as stack:
        running = contestants(stack, folder, list(results.rounds))
        for number in range(args.rounds):
            for name, (server, join_it) in running.items():
                total = min(args.records, KINTO_RECORDS) if name == "kinto" else args.records
                figures = uvloop.run(play(server, join_it, 2026 + number, set(args.work.split(",")), total))
                results.rounds[name].append(figures)
                say(f"round {number + 1} of {args.rounds}, {name}", figures)


def alone(args: argparse.Namespace, results: report.Results, folder: Path) -> None:
    """Five hundred devices on this service alone."""
    folder.mkdir(exist_ok=True)
    with servers.postgres() as cluster, servers.ours(folder, cluster.fresh()) as running:
        running.pids.append(servers.pid_of(cluster))
        results.crowd = uvloop.run(crowd.crowd(running, 2026, args.crowd_seconds))
    say("crowd", results.crowd)


def grown(args: argparse.Namespace, results: report.Results, folder: Path) -> None:
    with servers.postgres("-c synchronous_commit=off -c max_wal_size=8GB") as cluster:
        results.flat, results.plans = flat.flat(folder, cluster.fresh(), args.most)


def limits(_args: argparse.Namespace, results: report.Results, folder: Path) -> None:
    results.machine = machine.limits(folder)
    with servers.trivial(folder) as running:
        results.machine |= uvloop.run(machine.ceiling(running))
    say("machine", results.machine)


def sent(args: argparse.Namespace, results: report.Results, _folder: Path) -> None:
    results.uploads = uploads.compare(args.rounds)


def say(what: str, figures: work.Figures) -> None:
    print(f"{what}: " + ", ".join(f"{k} {v:,.4g}" for k, v in figures.items()), flush=True)


PLAYED = {"machine": limits, "uploads": sent, "race": race, "crowd": alone, "flat": grown}


def main() -> int:
    """0 when every part was measured; the figures are printed and kept."""
    parser = argparse.ArgumentParser(prog="race")
    parser.add_argument("--rounds", type=int, default=2, help="more give a better spread, and take as much longer")
    parser.add_argument("--records", type=int, default=work.RECORDS, help="pushed in each round")
    parser.add_argument("--servers", default="minhchung,thin,kinto,minhchung-sqlite")
    parser.add_argument("--parts", default=PARTS)
    parser.add_argument("--work", default="push,loop,rivals")
    parser.add_argument("--crowd-seconds", type=float, default=crowd.SECONDS, help="1800 for half an hour")
    parser.add_argument("--most", type=int, default=flat.MOST, help="records that the flat part ends with")
    parser.add_argument("--quick", action="store_true", help="one small round of everything: for development")
    parser.add_argument("--results", type=Path, default=Path("benchmarks/results"))
    args = parser.parse_args()
    if args.quick:
        args.rounds, args.records, args.crowd_seconds, args.most = 1, 2000, 5.0, 40_000
        work.LOOP_SECONDS = 5.0
    results = report.Results()
    with tempfile.TemporaryDirectory(prefix="race-") as folder:
        for part in args.parts.split(","):
            with Stopwatch([]) as watch:
                PLAYED[part](args, results, Path(folder))
            report.write(results, args.results)
            print(f"part {part} took {watch.seconds:.0f} s; {time.strftime('%H:%M:%S')}", flush=True)
    print(report.text(results))
    return 0


if __name__ == "__main__":
    sys.exit(main())
