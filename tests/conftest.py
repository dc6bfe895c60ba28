"""What every test shares."""

import os
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest
from hypothesis import settings

import scratch
from people import NOW, Province, hire
from postgres import Postgres
from service.migration import prepare
from service.settings import Settings
from swift import Swift

settings.register_profile("soak", max_examples=20_000, deadline=None)
os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(scratch.folder()))  # where pytest makes its folders


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A test that continuous integration skips is a test that nobody runs: there it fails."""
    report = yield
    if os.environ.get("CI") and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome, report.longrepr = "failed", f"skipped, which CI does not allow: {report.longrepr}"
    return report


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """The same for a whole file that skips itself."""
    report = yield
    if os.environ.get("CI") and report.skipped:
        report.outcome, report.longrepr = "failed", f"skipped, which CI does not allow: {report.longrepr}"
    return report


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a migrated database, the province and its people; tests work on copies of it."""
    folder = tmp_path_factory.mktemp("migrated")
    _settle(Settings(data_dir=folder))
    return folder


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postgres]:
    """A PostgreSQL whose database `migrated` is the twin of the SQLite file."""
    cluster = Postgres(place=scratch.folder())
    cluster.execute("create database migrated")
    _settle(Settings(data_dir=tmp_path_factory.mktemp("settle"), database_url=cluster.url("migrated")))
    yield cluster
    cluster.remove()


@pytest.fixture(scope="session")
def swift() -> Iterator[Swift]:
    """An S3-compatible service."""
    service = Swift()
    yield service
    service.remove()


def _settle(settings: Settings) -> None:
    prepare(settings, NOW)
    hire(settings)


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> Iterator[str | None]:
    """Every test that takes the province runs on both databases; None is SQLite's file in the folder."""
    if request.param == "sqlite":
        yield None
        return
    cluster: Postgres = request.getfixturevalue("postgres")
    url = cluster.fresh("migrated")
    yield url
    cluster.drop(url)


@pytest.fixture
def province(tmp_path: Path, migrated: Path, database_url: str | None) -> Iterator[Province]:
    made = Province(tmp_path / "var", migrated, database_url)
    yield made
    made.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """URL of a database that holds nothing yet."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'empty.db'}"
        return
    cluster: Postgres = request.getfixturevalue("postgres")
    url = cluster.fresh()
    yield url
    cluster.drop(url)
