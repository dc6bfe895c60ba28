"""Real processes: a service that can be killed, on a free port of this machine."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from people import hire
from served import Served
from service.clock import SystemClock
from service.migration import prepare
from service.settings import Settings


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    yield from _serve(tmp_path / "var")


@pytest.fixture
def served_on_both(tmp_path: Path, empty_url: str) -> Iterator[Served]:
    """On SQLite, and on PostgreSQL."""
    yield from _serve(tmp_path / "var", MINHCHUNG_DATABASE_URL=empty_url)


def _serve(folder: Path, **environment: str) -> Iterator[Served]:
    settings = Settings(data_dir=folder, database_url=environment.get("MINHCHUNG_DATABASE_URL"))
    now = SystemClock().now()  # the service goes by the real time, and closes accounts that nobody used for long
    prepare(settings, now)
    hire(settings, now)
    found = Served(folder, MINHCHUNG_LOG_LEVEL="info", **environment)
    found.start()
    yield found
    found.kill()
