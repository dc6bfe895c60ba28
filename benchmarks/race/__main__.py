"""`python -m race`: plays all work on all servers, turn by turn, and reports. Takes about ten minutes."""

import argparse
import sys
import tempfile
from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path

import uvloop

from race import kinto, ours, report, servers, thin, work
from race.device import Device

Started = AbstractContextManager[servers.Running]


def contestants(stack: ExitStack, folder: Path, wanted: list[str]) -> dict[str, tuple[servers.Running, "Joiner"]]:
    """Every server that runs, with the way for a device to join it."""
    cluster = stack.enter_context(servers.postgres())
    pid = int((cluster.folder / "data" / "postmaster.pid").read_text().splitlines()[0])
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
            running.pids.append(pid)
        found[name] = (running, JOINS.get(name, _join_ours))
    return found


Joiner = Callable[[servers.Running, int, str], Awaitable[Device]]


async def _join_ours(running: servers.Running, number: int, space: str) -> Device:
    """`space` is a scope, `<number of a unit>/<year>`; the account of that unit signs in."""
    place, _, year = space.partition("/")
    _join_ours.installs += 1  # type: ignore[attr-defined]
    install = f"install-of-race-{_join_ours.installs:05d}"  # type: ignore[attr-defined]
    base = running.bases[number % len(running.bases)]
    return await ours.device(base, f"bench{place}", install, f"{servers.unit(int(place))}/{year}")


_join_ours.installs = 0  # type: ignore[attr-defined]


async def _join_thin(running: servers.Running, _number: int, space: str) -> Device:
    device = thin.ThinDevice(running.bases[0], space.replace("/", "-"))
    await device.line.post(f"/open/{device.space}", {})
    return device


async def _join_kinto(running: servers.Running, _number: int, space: str) -> Device:
    device = kinto.KintoDevice(running.bases[0], space.replace("/", "-"), conditional=False)
    await device.open()
    return device


JOINS: dict[str, Joiner] = {"thin": _join_thin, "kinto": _join_kinto}


async def play(running: servers.Running, join_it: Joiner, year: int, only: set[str]) -> work.Figures:
    """One round of all work on one server, in spaces that no round before it used."""

    async def join(number: int, space: str) -> Device:
        return await join_it(running, number, space)

    found: work.Figures = {}
    if "push" in only:
        found |= await work.push_and_pull(join, [f"{n}/{year}" for n in range(work.DEVICES)], running.pids)
    if "loop" in only:
        spaces = [f"{n}/{year}" for n in range(20, 20 + work.LOOP_DEVICES)]
        found |= await work.loop(join, spaces, running.pids)
    if "rivals" in only:
        found |= await work.rivals(join, f"90/{year}", running.pids)
    return found


def main() -> int:
    """0 when every server was measured; the figures are printed and kept."""
    parser = argparse.ArgumentParser(prog="race")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--servers", default="minhchung,thin,kinto,minhchung-sqlite")
    parser.add_argument("--work", default="push,loop,rivals")
    parser.add_argument("--results", type=Path, default=Path("benchmarks/results"))
    args = parser.parse_args()
    rounds: dict[str, list[work.Figures]] = {name: [] for name in args.servers.split(",")}
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="race-")))
        running = contestants(stack, folder, list(rounds))
        for number in range(args.rounds):
            for name, (server, join_it) in running.items():
                figures = uvloop.run(play(server, join_it, 2026 + number, set(args.work.split(","))))
                rounds[name].append(figures)
                told = ", ".join(f"{k} {v:,.4g}" for k, v in figures.items())
                print(f"round {number + 1} of {args.rounds}, {name}: {told}", flush=True)
    report.write(rounds, args.results)
    return 0


if __name__ == "__main__":
    sys.exit(main())
