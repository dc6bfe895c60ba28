"""The scaled recipe under load: replaced process by process, then with any part of it killed. Nothing is lost.

SCALED_ROUNDS=20 pytest tests/e2e/test_scaled.py goes on for longer (`make soak`).
"""

import base64
import hashlib
import os
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from minhchung_client import Device, HttpTransport, open_device
from minhchung_client.http import store_session
from people import KINH_BAC, PASSWORD, YEAR
from pictures import jpeg
from postgres import Postgres
from scaled import Scaled, wait_for
from swift import Swift

ROUNDS = int(os.environ.get("SCALED_ROUNDS", "0"))  # beyond the short form
SCOPE = f"{KINH_BAC}/{YEAR}"
TUS = {"Tus-Resumable": "1.0.0"}


class Officer(threading.Thread):
    """Captures and syncs without pause, by the reference client; `failed` are the syncs that did not get through."""

    def __init__(self, device: Device, stop: threading.Event, seed: int) -> None:
        super().__init__()
        self.device, self.stopping, self.seed = device, stop, seed
        self.captured: set[str] = set()
        self.photos: set[str] = set()
        self.syncs = 0
        self.failed: list[str] = []

    def run(self) -> None:
        while not self.stopping.is_set():
            for _ in range(3):
                self.captured.add(self.device.capture("minutes", SCOPE, set={"title": f"Họp {self.syncs}"}))
            if self.syncs % 4 == 0:
                photo = jpeg(self.seed + self.syncs), "Ảnh.jpg", "image/jpeg"
                self.photos.add(self.device.capture("photo", SCOPE, [photo]))
            report = self.device.sync()
            self.syncs += 1
            if report.stopped:
                self.failed.append(report.stopped)
            self.stopping.wait(0.2)  # phones are not what the processor is for


@pytest.fixture(scope="module")
def scaled(tmp_path_factory: pytest.TempPathFactory, postgres: Postgres, swift: Swift) -> Iterator[Scaled]:
    limits = {"MINHCHUNG_CLIENT_REQUESTS_PER_MINUTE": "1000000", "MINHCHUNG_DRAIN_SECONDS": "0.5"}
    found = Scaled(tmp_path_factory.mktemp("scaled"), postgres, swift, **limits)
    found.prepare()
    found.start("proxy", "api-1", "worker-1")
    found.ready("proxy", "api-1", "worker-1")
    yield found
    found.close()


@pytest.fixture
def officers(scaled: Scaled, tmp_path: Path) -> Iterator[list[Officer]]:
    stop = threading.Event()
    made = []
    for seed, name in enumerate(("lan", "minh")):
        device = open_device(tmp_path / name, scaled.url)
        store_session(device.replica, sign_in(scaled, name))
        made.append(Officer(device, stop, seed * 1_000_000))
    for officer in made:
        officer.start()
    yield made
    stop.set()
    for officer in made:
        officer.join()
        officer.device.close()


def sign_in(scaled: Scaled, name: str) -> dict[str, str]:
    body = {"username": name, "password": PASSWORD, "install_id": f"phone-of-{name}", "device_name": name}
    session: dict[str, str] = (
        httpx.post(f"{scaled.url}/v1/auth/sign-in", json=body, timeout=30).raise_for_status().json()
    )
    return session


def moves_on(officers: list[Officer]) -> None:
    """Waits until each has begun and ended a sync from now on."""
    for officer in officers:
        before, failed = officer.syncs, len(officer.failed)

        def got_through(officer: Officer = officer, before: int = before, failed: int = failed) -> bool:
            return officer.syncs - before - (len(officer.failed) - failed) >= 2

        wait_for(got_through, 60, lambda officer=officer: str(officer.failed[-3:]))


@pytest.mark.slow
def test_replaced_one_by_one_and_then_killed_part_by_part(scaled: Scaled, officers: list[Officer]) -> None:
    rolling_upgrade(scaled, officers)
    wrong_guesses_count_together(scaled)
    long_bodies_get_through(scaled)
    every_part_dies(scaled, officers, "api-2")
    for _ in range(ROUNDS):
        scaled.start("api-2")
        scaled.ready("api-1", "api-2", "worker-1")
        replaced(scaled, officers, "api-2")
        every_part_dies(scaled, officers, "api-1")
        scaled.start("api-1")
        scaled.ready("api-1")
        every_part_dies(scaled, officers, "api-2")
    nothing_is_lost(scaled, officers)
    no_log_holds_a_word(scaled, officers)
    assert scaled.tell("worker-1").wait(30) == 0, "a worker that is told to stop ends its job and goes"


def rolling_upgrade(scaled: Scaled, officers: list[Officer]) -> None:
    """Old and new processes side by side, one replaced when the other is ready. No sync fails, not even once."""
    scaled.start("api-2")
    scaled.ready("api-2")
    replaced(scaled, officers, "api-1")
    assert [officer.failed for officer in officers] == [[], []]


def wrong_guesses_count_together(scaled: Scaled) -> None:
    """By two processes, of which neither has seen ten."""
    device = {"install_id": "somebody-else", "device_name": "Máy lạ"}
    body = {"username": "nobody", "password": "sai", **device}
    with httpx.Client(timeout=30, trust_env=False) as http:
        tried = [http.post(f"{scaled.at(f'api-{1 + n % 2}')}/v1/auth/sign-in", json=body) for n in range(12)]
    assert [answer.status_code for answer in tried] == [401] * 10 + [429] * 2
    assert all(int(answer.headers["Retry-After"]) > 0 for answer in tried[10:])


def long_bodies_get_through(scaled: Scaled) -> None:
    """As long as the service takes them; a longer one is refused by the proxy, in the words of the service."""
    bearer = {"Authorization": f"Bearer {sign_in(scaled, 'nam')['access_token']}", "Content-Type": "application/json"}
    for length, status, code in ((3 * 2**20, 422, "malformed"), (5 * 2**20, 413, "too_large")):
        body = b'{"ops": "' + b"x" * length + b'"}'
        answer = httpx.post(f"{scaled.url}/v1/sync/push", content=body, headers=bearer, timeout=30, trust_env=False)
        assert (answer.status_code, answer.json()["code"]) == (status, code)


def replaced(scaled: Scaled, officers: list[Officer], name: str) -> None:
    """One API process makes room for another, and whoever waits on it gets an answer."""
    failed = sum(len(officer.failed) for officer in officers)
    with ThreadPoolExecutor(3) as lasting, httpx.Client(timeout=60) as http:
        http.headers["Authorization"] = f"Bearer {sign_in(scaled, 'nam')['access_token']}"
        told = threading.Event()
        waiting = [lasting.submit(ask, http, scaled.at(name), told) for ask in LASTING]
        wait_for(lambda: scaled.metric(name, "minhchung_waiting") >= 2, 30)
        leaving = scaled.tell(name)
        wait_for(lambda: scaled.answer(name, "/v1/ready") in (503, 0), 10)
        told.set()
        assert [ended.result(30) for ended in waiting] == [200, 200, 204]
        assert leaving.wait(30) == 0
    scaled.start(name)
    scaled.ready(name)
    moves_on(officers)
    assert sum(len(officer.failed) for officer in officers) == failed, [officer.failed for officer in officers]


def pull_that_waits(http: httpx.Client, url: str, _told: threading.Event) -> int:
    """By somebody of another unit, so that only the end of the process can end it."""
    page = {"cursor": None, "more": True}
    while page["more"]:
        page = http.post(f"{url}/v1/sync/pull", json={"cursor": page["cursor"]}).json()
    return http.post(f"{url}/v1/sync/pull", json={"cursor": page["cursor"], "wait_ms": 30_000}).status_code


def events(http: httpx.Client, url: str, _told: threading.Event) -> int:
    with http.stream("GET", f"{url}/v1/sync/events") as stream:
        assert list(stream.iter_lines())[:1]
        return stream.status_code


def slow_upload(http: httpx.Client, url: str, told: threading.Event) -> int:
    """The second half is sent after the process was told to stop."""
    data = os.urandom(200_000)
    digest = base64.b64encode(hashlib.sha256(data).hexdigest().encode()).decode()
    headers = {**TUS, "Upload-Length": str(len(data)), "Upload-Metadata": f"sha256 {digest}"}
    place = http.post(f"{url}/v1/uploads", headers=headers).headers["Location"]

    def body() -> Iterator[bytes]:
        yield data[:100_000]
        told.wait(30)
        yield data[100_000:]

    headers = {**TUS, "Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"}
    return http.patch(httpx.URL(url).copy_with(path=httpx.URL(place).path), headers=headers, content=body()).status_code


LASTING = (pull_that_waits, events, slow_upload)


def every_part_dies(scaled: Scaled, officers: list[Officer], name: str) -> None:
    """`kill -9`, and what was killed comes back. What fails meanwhile, a phone sends again."""
    scaled.kill(name)
    scaled.kill("worker-1")
    scaled.start("worker-1")
    moves_on(officers)
    scaled.kill("proxy")
    scaled.start("proxy")
    scaled.swift.kill("proxy")
    scaled.swift.start()
    moves_on(officers)
    scaled.postgres.kill()
    scaled.postgres.start()
    moves_on(officers)


def nothing_is_lost(scaled: Scaled, officers: list[Officer]) -> None:
    officers[0].stopping.set()
    for officer in officers:
        officer.join()
        assert officer.device.sync().stopped is None
        assert officer.device.replica.pending() == 0
    transport = officers[0].device.transport
    assert isinstance(transport, HttpTransport)
    held: dict[str, dict[str, object]] = {}
    cursor, more = None, True
    while more:
        page = transport.pull({"cursor": cursor, "limit": 1000})
        cursor, more = page["cursor"], page["more"]
        held |= {c["record"]["id"]: c["record"] for c in page["changes"] if c["scope"] == SCOPE}
    captured = set().union(*(officer.captured | officer.photos for officer in officers))
    assert captured == held.keys()
    assert {held[record]["ver"] for officer in officers for record in officer.captured} == {1}, "applied twice"
    assert {held[photo]["media_state"] for officer in officers for photo in officer.photos} == {"complete"}


def no_log_holds_a_word(scaled: Scaled, officers: list[Officer]) -> None:
    """Neither of the service nor of the proxy, which has met every failure that there was."""
    said = "".join(path.read_text(encoding="utf-8", errors="replace") for path in scaled.folder.glob("*.log"))
    assert "Minh Chứng" in said
    ids = {record for officer in officers for record in officer.captured | officer.photos}
    words = {PASSWORD, "Họp", "Ảnh", "phone-of-lan", "client: ", "request: ", *ids}
    assert [
        word for word in sorted(words) if word in said or word.encode("ascii", "backslashreplace").decode() in said
    ] == []
