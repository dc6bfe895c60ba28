"""`kill -9` of the service at any moment of a busy day: what was acknowledged is there, once (invariant 7)."""

import os
import random
import threading
import uuid

import httpx
import pytest

from people import KINH_BAC, PASSWORD, YEAR

KILLS = int(os.environ.get("KILLS", "4"))


class Phone(threading.Thread):
    """Pushes without pause; keeps a batch until it is answered, and notes what was."""

    def __init__(self, served, name: str, install: str, stop: threading.Event) -> None:  # type: ignore[no-untyped-def]
        super().__init__(name=install)
        self.served, self.stop, self.dev_seq = served, stop, 0
        self.acknowledged: dict[str, str] = {}
        self.answers = 0
        self.http = served.sign_in(name, PASSWORD, install)

    def batch(self) -> list[dict[str, object]]:
        ops = []
        for _ in range(random.Random(self.dev_seq).randint(1, 20)):
            self.dev_seq += 1
            ops.append(
                {"op_id": str(uuid.uuid4()), "dev_seq": self.dev_seq, "action": "create", "type": "minutes",
                 "record_id": str(uuid.uuid4()), "scope": f"{KINH_BAC}/{YEAR}", "base_ver": 0,
                 "set": {"title": f"Biên bản {self.dev_seq}"}}
            )  # fmt: skip
        return ops

    def run(self) -> None:
        try:
            self.work()
        finally:
            self.stop.set()

    def work(self) -> None:
        ops = self.batch()
        while not self.stop.is_set():
            try:
                answer = self.http.post(f"{self.served.url}/v1/sync/push", json={"ops": ops})
            except httpx.TransportError:
                continue
            assert answer.status_code == 200, answer.text
            self.answers += 1
            for result in answer.json()["results"]:
                assert result["status"] in ("applied", "duplicate"), result
                self.acknowledged[result["op_id"]] = result["record"]["id"]
            ops = self.batch()


@pytest.mark.slow
def test_a_killed_server_loses_nothing_that_it_acknowledged(served) -> None:  # type: ignore[no-untyped-def]
    stop = threading.Event()
    phones = [Phone(served, name, f"install-{i}", stop) for i, name in enumerate(("lan", "minh", "ha"))]
    for phone in phones:
        phone.start()
    rng = random.Random(11)
    for _ in range(KILLS):
        before = sum(p.answers for p in phones)
        wanted = before + rng.randint(3, 25)
        while sum(p.answers for p in phones) < wanted and not stop.is_set():
            stop.wait(rng.random() * 0.02)
        served.kill()
        served.start()
    assert not stop.is_set(), "a phone gave up"
    stop.set()
    for phone in phones:
        phone.join()

    tuan = served.sign_in("tuan", PASSWORD, "install-reviewer")
    found: dict[str, int] = {}
    cursor, more = None, True
    while more:
        page = tuan.post(f"{served.url}/v1/sync/pull", json={"cursor": cursor, "limit": 1000}).json()
        cursor, more = page["cursor"], page["more"]
        for change in page["changes"]:
            found[change["record"]["id"]] = change["record"]["ver"]
    acknowledged = {r for p in phones for r in p.acknowledged.values()}
    assert len(acknowledged) > KILLS
    assert acknowledged <= set(found), "acknowledged, and not there"
    assert all(found[r] == 1 for r in acknowledged), "applied twice"
    for client in (tuan, *(p.http for p in phones)):
        client.close()
