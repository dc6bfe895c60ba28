"""Phones against the real service; which database it has is its own affair, so one is enough here."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from people import Province
from phones import Kit, kits


@pytest.fixture
def database_url() -> str | None:
    return None


@pytest.fixture
def phones(province: Province, tmp_path: Path) -> Iterator[dict[str, Kit]]:
    with kits(province, tmp_path) as made:
        yield made
