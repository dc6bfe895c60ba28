"""What the machine itself gives: hashing, the disk, and the load generator with a server that does nothing."""

import asyncio
import hashlib
import os
import time
from pathlib import Path

from race import work
from race.records import batches, records
from race.servers import Running
from race.trivial import TrivialDevice

BLOCK = 2**20
HASHED, WRITTEN, SYNCS = 256, 256, 50  # MiB, MiB, times
SECONDS = 4.0


def limits(folder: Path) -> dict[str, float]:
    """SHA-256 in MiB/s, writing with one sync at the end in MiB/s, and small appends a second that each are synced."""
    block = os.urandom(BLOCK)
    start = time.perf_counter()
    digest = hashlib.sha256()
    for _ in range(HASHED):
        digest.update(block)
    hashed = time.perf_counter()
    with (folder / "written").open("wb") as out:
        for _ in range(WRITTEN):
            out.write(block)
        out.flush()
        os.fdatasync(out.fileno())
        written = time.perf_counter()
        for _ in range(SYNCS):
            out.write(block[:4096])
            out.flush()
            os.fdatasync(out.fileno())
    synced = time.perf_counter()
    (folder / "written").unlink()
    return {
        "sha256_mib_per_s": HASHED / (hashed - start),
        "disk_mib_per_s": WRITTEN / (written - hashed),
        "syncs_of_disk_per_s": SYNCS / (synced - written),
    }


async def ceiling(running: Running) -> dict[str, float]:
    """What the generator could push and loop if servers cost nothing; more than this no figure can be."""
    devices = [TrivialDevice(running.bases[0]) for _ in range(work.LOOP_DEVICES)]
    mine = list(batches(records("ceiling", 4000), work.BATCH))

    async def loop(device: TrivialDevice) -> int:
        turns = 0
        while time.perf_counter() < ends:
            await device.push(mine[turns % len(mine)][: work.LOOP_PUSH])
            await device.pull(None, work.PAGE)
            turns += 1
        return turns

    try:
        start = time.perf_counter()
        for _ in range(3):
            await asyncio.gather(*(d.push(b) for d in devices[: work.DEVICES] for b in mine[:: work.DEVICES]))
        pushed = 3 * work.DEVICES * len(mine[:: work.DEVICES]) * work.BATCH / (time.perf_counter() - start)
        ends = time.perf_counter() + SECONDS
        turns = sum(await asyncio.gather(*map(loop, devices)))
    finally:
        for device in devices:
            await device.close()
    return {"ceiling_push_per_s": pushed, "ceiling_syncs_per_s": turns / SECONDS}
