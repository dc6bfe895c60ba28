"""What a job or duty of the worker works with."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import IO

from service.clock import Clock
from service.db import Database
from service.settings import Settings
from storage.inspection import Found, look
from storage.store import BlobStore
from sync.types import Registry


@dataclass(frozen=True, slots=True)
class Bench:
    """`look`: what looks into a file, in a process of its own; the simulator, which has one process, brings another."""

    database: Database
    store: BlobStore
    types: Registry
    clock: Clock
    settings: Settings
    look: Callable[[IO[bytes]], Found] = look
