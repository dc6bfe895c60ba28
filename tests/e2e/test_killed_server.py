"""`kill -9` of the service at any moment of a busy day: what was acknowledged is there, once, and the chain holds."""

import os
import random
import threading
import uuid
from collections import Counter
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from people import KINH_BAC, PASSWORD, YEAR
from proof import jws
from proof.logs import check_log, check_receipt
from served import Served
from sync.receipt import TYP

KILLS = int(os.environ.get("KILLS", "4"))  # the long run: KILLS=200
SCOPE = f"{KINH_BAC}/{YEAR}"


class Phone(threading.Thread):
    """Pushes without pause; keeps a batch until it is answered, and notes what was."""

    def __init__(self, served: Served, name: str, install: str, stop: threading.Event) -> None:
        super().__init__(name=install)
        self.served, self.stop, self.dev_seq = served, stop, 0
        self.person = (name, PASSWORD, install)
        self.acknowledged: dict[str, str] = {}
        self.receipts: list[str] = []
        self.http = served.sign_in(*self.person)

    def batch(self) -> list[dict[str, object]]:
        ops = []
        for _ in range(random.Random(self.dev_seq).randint(1, 20)):
            self.dev_seq += 1
            ops.append(
                {"op_id": str(uuid.uuid4()), "dev_seq": self.dev_seq, "action": "create", "type": "minutes",
                 "record_id": str(uuid.uuid4()), "scope": SCOPE, "base_ver": 0,
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
                if answer.status_code == 401:  # a long run outlasts the token
                    again = self.served.sign_in(*self.person)
                    self.http.close()
                    self.http = again
                    continue
            except httpx.TransportError:
                self.served.up.wait(60)  # three phones that knock without pause would keep it from starting
                continue
            assert answer.status_code == 200, answer.text
            self.receipts.append(answer.json()["receipt"])
            for result in answer.json()["results"]:
                assert result["status"] in ("applied", "duplicate"), result
                self.acknowledged[result["op_id"]] = result["record"]["id"]
            ops = self.batch()


@pytest.mark.slow
def test_a_killed_server_loses_nothing_that_it_acknowledged(served_on_both: Served) -> None:
    served, stop = served_on_both, threading.Event()
    phones = [Phone(served, name, f"install-{i}", stop) for i, name in enumerate(("lan", "minh", "ha"))]
    for phone in phones:
        phone.start()
    killed(served, phones, stop)
    for phone in phones:
        phone.join()
        phone.http.close()
    acknowledged = {op_id: record_id for p in phones for op_id, record_id in p.acknowledged.items()}
    with served.sign_in("tuan", PASSWORD, "install-reviewer") as tuan:
        versions, pages = dict(feed(tuan, served.url)), list(log(tuan, served.url))
        keys = tuan.get(f"{served.url}/.well-known/jwks.json").json()["keys"]
    logged = Counter(entry["op_id"] for page in pages for entry in page["entries"])
    receipts = [jws.verify(text, keys, TYP) for p in phones for text in p.receipts]
    receipted = {"columns": receipts[0]["columns"], "ops": [row for receipt in receipts for row in receipt["ops"]]}

    assert len(acknowledged) > KILLS
    assert set(acknowledged.values()) <= versions.keys(), "acknowledged, and not in the feed"
    assert acknowledged.keys() <= logged.keys(), "acknowledged, and not in the log"
    assert {versions[record_id] for record_id in acknowledged.values()} == {1}, "applied twice"
    assert set(logged.values()) == {1}, "an op stands twice in the log"
    assert len(receipted["ops"]) >= len(acknowledged)
    assert check_log(pages) == check_receipt(receipted, pages) == []
    print(f"{KILLS} kills, {len(acknowledged)} ops acknowledged in {len(receipts)} answers: 0 lost, 0 applied twice")


def killed(served: Served, phones: list[Phone], stop: threading.Event) -> None:
    """The service dies at random moments, and is started again at once."""
    rng = random.Random(11)
    for _ in range(KILLS):
        wanted = sum(len(p.receipts) for p in phones) + rng.randint(3, 25)
        while sum(len(p.receipts) for p in phones) < wanted and not stop.is_set():
            stop.wait(rng.random() * 0.02)
        served.kill()
        served.start()
    assert not stop.is_set(), "a phone gave up"
    stop.set()


def feed(reader: httpx.Client, url: str) -> Iterator[tuple[str, int]]:
    """Every record with its version."""
    cursor, more = None, True
    while more:
        page = reader.post(f"{url}/v1/sync/pull", json={"cursor": cursor, "limit": 1000}).raise_for_status().json()
        cursor, more = page["cursor"], page["more"]
        yield from ((change["record"]["id"], change["record"]["ver"]) for change in page["changes"])


def log(reader: httpx.Client, url: str) -> Iterator[dict[str, Any]]:
    """Every page of the unit's log."""
    after, head = 0, 1
    while after < head:
        asked: dict[str, Any] = {"scope": SCOPE, "after": after, "limit": 1000}
        page = reader.get(f"{url}/v1/proofs", params=asked).raise_for_status().json()
        yield page
        after, head = after + len(page["entries"]), page["head"]["seq"]
