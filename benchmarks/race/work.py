"""The work that every server gets. Each function plays one round and returns its figures."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

from race.device import Device, everything
from race.measure import Stopwatch, quantile
from race.records import batches, records

DEVICES, RECORDS, BATCH, PAGE = 8, 20_000, 100, 1000
LOOP_DEVICES, LOOP_PUSH, LOOP_SECONDS = 50, 20, 15.0
CHANGES, CHANGE_ROUNDS = 100, 10
RIVALS, RIVAL_RECORDS = 8, 500

# device number, name of the space -> a device that is signed in
Join = Callable[[int, str], Awaitable[Device]]
Figures = dict[str, float]


async def push_and_pull(join: Join, spaces: list[str], pids: list[int], total: int = RECORDS) -> Figures:
    """W1 and W2: 20,000 records pushed by 8 devices, each into its space; then each space is pulled for the first time.

    Also: 100 new changes are pulled by a device that has all before, and a pull with nothing new. `total`: a server
    that takes minutes for as many is given fewer; what counts is the rate.
    """
    devices = [await join(n, spaces[n]) for n in range(DEVICES)]
    mine = [records(f"{spaces[n]}", total // DEVICES) for n in range(DEVICES)]
    latencies: list[float] = []
    try:
        await asyncio.gather(*(d.push(records(f"warm {d}", 5)) for d in devices))
        with Stopwatch(pids) as pushing:
            taken = sum(await asyncio.gather(*(_push_all(d, m, latencies) for d, m in zip(devices, mine, strict=True))))
        with Stopwatch(pids) as pulling:
            held = [await everything(d) for d in devices]
        missing = sum(r["id"] not in h for h, m in zip(held, mine, strict=True) for r in m)
        small = await _small_pulls(devices[0], spaces[0])
    finally:
        await _close(devices)
    pulled = sum(map(len, held))
    return {
        "push_per_s": taken / pushing.seconds, "push_cpu_us": pushing.cpu / taken * 1e6,
        "push_p99_ms": quantile(latencies, 0.99) * 1e3, "push_refused": total - taken,
        "first_pull_per_s": pulled / pulling.seconds, "first_pull_cpu_us": pulling.cpu / pulled * 1e6,
        "first_pull_missing": missing, **small,
    }  # fmt: skip


async def _push_all(device: Device, mine: list[dict[str, Any]], latencies: list[float]) -> int:
    taken = 0
    for batch in batches(mine, BATCH):
        start = time.perf_counter()
        taken += await device.push(batch)
        latencies.append(time.perf_counter() - start)
    return taken


async def _small_pulls(device: Device, space: str) -> Figures:
    cursor = await _catch_up(device, None)
    some, none = [], []
    for n in range(CHANGE_ROUNDS):
        await device.push(records(f"{space} more {n}", CHANGES))
        start = time.perf_counter()
        cursor = await _catch_up(device, cursor)
        some.append(time.perf_counter() - start)
        start = time.perf_counter()
        cursor = await _catch_up(device, cursor)
        none.append(time.perf_counter() - start)
    return {"pull_100_ms": quantile(some, 0.5) * 1e3, "pull_0_ms": quantile(none, 0.5) * 1e3}


async def _catch_up(device: Device, cursor: Any, seen: set[str] | None = None) -> Any:
    more = True
    while more:
        page = await device.pull(cursor, PAGE)
        cursor, more = page.cursor, page.more
        if seen is not None:
            seen.update(record_id for record_id, _ in page.records)
    return cursor


async def loop(join: Join, spaces: list[str], pids: list[int]) -> Figures:
    """W3: 50 devices, each in its space, push 20 records and pull what is new, again and again."""
    devices = [await join(n, spaces[n]) for n in range(LOOP_DEVICES)]
    pool = records("pool", 4000)
    latencies: list[float] = []
    lost = 0

    async def one(number: int, device: Device) -> None:
        nonlocal lost
        seen: set[str] = set()
        sent: set[str] = set()
        cursor, turn = await _catch_up(device, None), 0
        while time.perf_counter() < ends:
            fresh = [{**pool[(number * 80 + turn + k) % 4000]} for k in range(LOOP_PUSH)]
            for k, r in enumerate(fresh):
                r["id"] = f"{number:08x}-{turn:04x}-4000-8000-{k:04x}{hash(spaces[number]) & 0xFFFFFFFF:08x}"
            start = time.perf_counter()
            if await device.push(fresh) == LOOP_PUSH:
                sent |= {r["id"] for r in fresh}
            cursor = await _catch_up(device, cursor, seen)
            latencies.append(time.perf_counter() - start)
            turn += 1
        lost += len(sent - seen)

    try:
        with Stopwatch(pids) as watch:
            ends = time.perf_counter() + LOOP_SECONDS
            await asyncio.gather(*(one(n, d) for n, d in enumerate(devices)))
    finally:
        await _close(devices)
    return {
        "syncs_per_s": len(latencies) / watch.seconds, "sync_cpu_ms": watch.cpu / len(latencies) * 1e3,
        "sync_p50_ms": quantile(latencies, 0.5) * 1e3, "sync_p99_ms": quantile(latencies, 0.99) * 1e3,
        "sync_missing": lost,
    }  # fmt: skip


async def rivals(join: Join, space: str, _pids: list[int]) -> Figures:
    """W5: 8 devices hold the same version of 500 records, and each changes all of them; whose change is gone unsaid?"""
    devices = [await join(0, space)] + [await join(0, space) for _ in range(RIVALS - 1)]
    shared = records(f"shared {space}", RIVAL_RECORDS)
    ids = [r["id"] for r in shared]
    told: dict[tuple[str, str], str] = {}

    async def change(number: int, device: Device) -> None:
        mine = [{**r, "tag": f"may {number}"} for r in shared]
        for batch in batches(mine, BATCH):
            answers = await device.update(base, batch)
            told.update({(r["id"], r["tag"]): answer for r, answer in zip(batch, answers, strict=True)})

    try:
        for batch in batches(shared, BATCH):
            await devices[0].push(batch)
        base = await devices[0].versions(ids)
        await asyncio.gather(*(change(n, d) for n, d in enumerate(devices)))
        kept = await devices[0].surviving(ids)
    finally:
        await _close(devices)
    taken = [place for place, answer in told.items() if answer == "ok"]
    return {
        "updates": len(told), "updates_taken": len(taken),
        "lost_updates": sum(tag not in kept[record_id] for record_id, tag in taken),
    }  # fmt: skip


async def _close(devices: list[Device]) -> None:
    for device in devices:
        await device.close()
