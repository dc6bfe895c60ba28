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
    settings = Settings(data_dir=tmp_path / "var")
    now = SystemClock().now()  # the service goes by the real time, and closes accounts that nobody used for long
    prepare(settings, now)
    hire(settings, now)
    found = Served(tmp_path / "var", MINHCHUNG_LOG_LEVEL="info")
    found.start()
    yield found
    found.kill()
