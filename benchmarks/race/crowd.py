"""Five hundred devices at once: each pushes a new record and pulls what is new, over and over; is anything lost?"""

import asyncio
import itertools
import time
from pathlib import Path
from typing import Any

from race import ours, servers
from race.device import Device, everything
from race.measure import Stopwatch, quantile
from race.records import records
from race.work import Figures

DEVICES, SECONDS, WARM = 500, 20.0, 5.0
SIGN_INS = 8  # at once


def memory_of(pids: list[int]) -> float:
    """Resident memory of these processes, in MiB."""
    pages = [int(Path(f"/proc/{pid}/statm").read_text().split()[1]) for pid in pids]
    return sum(pages) * 4096 / 2**20


async def crowd(running: servers.Running, year: int, seconds: float = SECONDS) -> Figures:
    """Syncs a second, how long they took, what became of memory between the warm-up and the end, and what was lost."""
    devices = await _devices(running, year)
    pool = records("crowd", 2000)
    latencies: list[float] = []
    sent: dict[str, set[str]] = {}

    async def one(number: int, device: ours.OurDevice) -> None:
        cursor: Any = None
        await asyncio.sleep(WARM * number / DEVICES)  # phones do not begin at one moment
        for turn in itertools.count():
            if time.perf_counter() > ends:
                return
            fresh = {**pool[(number + turn * 7) % len(pool)], "id": f"{number:08x}-{turn:04x}-4000-8000-{year:012x}"}
            start = time.perf_counter()
            taken = await device.push([fresh])
            more = True
            while more:
                page = await device.pull(cursor, 1000)
                cursor, more = page.cursor, page.more
            latencies.append(time.perf_counter() - start)
            if taken:
                sent.setdefault(device.scope, set()).add(fresh["id"])

    own = running.pids[: len(running.bases)]
    try:
        with Stopwatch(running.pids) as watch:
            ends = time.perf_counter() + WARM + seconds
            memory = asyncio.create_task(_memory(own, ends))
            await asyncio.gather(*(one(n, d) for n, d in enumerate(devices)))
        before, after = await memory
        lost = await _lost(devices, sent)
    finally:
        for device in devices:
            await device.close()
    return {
        "crowd_devices": DEVICES, "crowd_seconds": seconds, "crowd_syncs_per_s": len(latencies) / watch.seconds,
        "crowd_p50_ms": quantile(latencies, 0.5) * 1e3, "crowd_p99_ms": quantile(latencies, 0.99) * 1e3,
        "crowd_cpu_ms": watch.cpu / len(latencies) * 1e3, "crowd_lost": lost,
        "crowd_memory_mib": after, "crowd_memory_growth": after / before,
    }  # fmt: skip


async def _devices(running: servers.Running, year: int) -> list[ours.OurDevice]:
    gate = asyncio.Semaphore(SIGN_INS)

    async def join(number: int) -> ours.OurDevice:
        base, place = running.bases[number % len(running.bases)], number % servers.UNITS
        async with gate:
            scope = f"{servers.unit(place)}/{year}"
            return await ours.device(base, f"bench{place}", f"install-of-crowd-{year}-{number:05d}", scope)

    return list(await asyncio.gather(*map(join, range(DEVICES))))


async def _memory(pids: list[int], ends: float) -> tuple[float, float]:
    """In the middle, when everything has been met once, and at the end."""
    await asyncio.sleep(WARM + (ends - time.perf_counter() - WARM) / 4)
    before = memory_of(pids)
    await asyncio.sleep(max(0.0, ends - time.perf_counter()))
    return before, memory_of(pids)


async def _lost(devices: list[ours.OurDevice], sent: dict[str, set[str]]) -> int:
    """Records that were told stored and are in no pull."""
    reader: dict[str, Device] = {device.scope: device for device in devices}
    lost = 0
    for scope, ids in sent.items():
        lost += len(ids - (await everything(reader[scope])).keys())
    return lost
