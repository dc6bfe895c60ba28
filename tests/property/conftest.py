"""What the properties of scripts share: an engine without a service around it."""

from collections.abc import Iterator

import pytest

from bare_engine import Engine


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    made = Engine(f"sqlite:///{tmp_path_factory.mktemp('engine') / 'one.db'}")
    yield made
    made.db.close()
