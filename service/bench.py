"""What a job or duty of the worker works with."""

from dataclasses import dataclass

from service.clock import Clock
from service.db import Database
from service.settings import Settings
from storage.store import BlobStore
from sync.types import Registry


@dataclass(frozen=True, slots=True)
class Bench:
    database: Database
    store: BlobStore
    types: Registry
    clock: Clock
    settings: Settings
