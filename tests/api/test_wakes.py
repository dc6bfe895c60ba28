"""News of a change reaches those who wait for it, and nobody else; in one process and across processes."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psycopg
import pytest

from auth.principal import Role
from people import DA_MAI, KINH_BAC, Person, Province
from postgres import Postgres

PATIENCE = threading.Event()


@pytest.fixture
def hands() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(4) as pool:
        yield pool


def until(true: Callable[[], bool]) -> None:
    for _ in range(2000):
        if true():
            return
        PATIENCE.wait(0.01)
    raise AssertionError("it did not come")


def waits(person: Person, hands: ThreadPoolExecutor, cursor: str) -> Future[Any]:
    """A pull that waits for news; when this returns, the service holds it."""
    wakes = person.province.app.state.wakes
    before = wakes.waiting
    found = hands.submit(person.post, "/v1/sync/pull", {"cursor": cursor, "wait_ms": 600_000})
    until(lambda: wakes.waiting > before)
    return found


def test_a_waiting_pull_is_answered_by_the_change(province: Province, hands: ThreadPoolExecutor) -> None:
    lan, minh = province["lan"], province["minh"]
    asked = waits(minh, hands, minh.pull()["cursor"])
    made = lan.does("create", set={"title": "Mới"})["record"]
    assert [c["record"]["id"] for c in asked.result(20).json()["changes"]] == [made["id"]]
    assert province.app.state.wakes.waiting == 0


def test_a_waiting_pull_is_answered_by_new_rights_and_by_lost_ones(
    province: Province, hands: ThreadPoolExecutor
) -> None:
    nam = province["nam"]
    province["lan"].does("create", set={"title": "Cũ"})
    asked = waits(nam, hands, nam.pull()["cursor"])
    province.grant("nam", KINH_BAC, Role.FIELD_OFFICER)
    page = asked.result(20).json()
    assert len(page["changes"]) == 1
    asked = waits(nam, hands, page["cursor"])
    province.revoke("nam", KINH_BAC, Role.FIELD_OFFICER)
    assert asked.result(20).json()["removed"] == ["09187/2026"]


def test_a_pull_that_has_something_does_not_wait_and_one_that_waits_in_vain_is_answered(province: Province) -> None:
    lan = province["lan"]
    page = lan.post("/v1/sync/pull", {"wait_ms": 600_000, "limit": 1000}).json()
    assert page["changes"]
    assert lan.post("/v1/sync/pull", {"cursor": page["cursor"], "wait_ms": 20}).json()["changes"] == []


def test_a_stream_nudges_without_data_for_what_its_caller_may_read(
    province: Province, hands: ThreadPoolExecutor
) -> None:
    lan, nam, minh = province["lan"], province["nam"], province["minh"]
    wakes = province.app.state.wakes
    stream = hands.submit(lan.get, "/v1/sync/events")
    until(lambda: wakes.waiting == 1)
    nam.does("create", unit=DA_MAI, set={"title": "không phải việc của Lan"})
    province.clock.advance(16 * 60_000)  # the token of the stream ends, which it notices at its next turn
    minh.does("create", set={"title": "của phường Kinh Bắc"})
    answer = stream.result(20)
    assert answer.headers["content-type"].startswith("text/event-stream")
    events = [line for line in answer.text.splitlines() if line.startswith(("event:", "data:"))]
    assert events == ["event: sync", "data: {}"] * 2
    assert wakes.waiting == 0


def test_a_stream_ends_when_its_device_is_shut_out(province: Province, hands: ThreadPoolExecutor) -> None:
    lan, minh = province["lan"], province["minh"]
    stream = hands.submit(lan.get, "/v1/sync/events")
    until(lambda: province.app.state.wakes.waiting == 1)
    province["quan"].post(f"/v1/clients/{lan.client_id}/revoke", {"revoked_as": "lost"})
    assert lan.get("/v1/auth/me").status_code == 403
    minh.does("create", set={"title": "nữa"})
    assert stream.result(20).text.count("event: sync") == 1


@pytest.fixture
def twins(tmp_path: Path, migrated: Path, postgres: Postgres) -> Iterator[tuple[Province, Province]]:
    """Two processes of the service on one PostgreSQL, as far as the database can tell."""
    url = postgres.fresh("migrated")
    made = [Province(tmp_path / name, migrated, url) for name in ("one", "two")]
    for province in made:
        province.app.state.wakes.start()
    yield made[0], made[1]
    for province in made:
        province.app.state.wakes.stop()
        province.close()


def lines(province: Province) -> list[int]:
    """Connections that listen."""
    dsn = str(province.settings.database_url).replace("+psycopg", "")
    query = (
        "select pid from pg_stat_activity where datname = current_database() and application_name = 'minhchung-wakes'"
    )
    with psycopg.connect(dsn, autocommit=True) as connection:
        return [pid for (pid,) in connection.execute(query.encode()).fetchall()]


def test_a_change_in_one_process_wakes_a_phone_at_another(
    twins: tuple[Province, Province], hands: ThreadPoolExecutor
) -> None:
    one, two = twins
    minh = two["minh"]
    until(lambda: len(lines(one)) == 2)
    cursor = minh.pull()["cursor"]
    for dropped in (False, True):
        if dropped:
            dsn = str(one.settings.database_url).replace("+psycopg", "")
            with psycopg.connect(dsn, autocommit=True) as connection:
                for pid in lines(one):
                    connection.execute("select pg_terminate_backend(%s)", (pid,))
            until(lambda: len(lines(one)) == 2)
        asked = waits(minh, hands, cursor)
        made = one["lan"].does("create", set={"title": "Mới"})["record"]
        page = asked.result(20).json()
        while not page["changes"]:  # a line that was just opened wakes everybody once
            page = minh.post("/v1/sync/pull", {"cursor": page["cursor"], "wait_ms": 20_000}).json()
        assert [c["record"]["id"] for c in page["changes"]] == [made["id"]]
        cursor = page["cursor"]
