"""Many phones at once: the feed skips nothing, numbers have no gaps, no phone sees a deadlock (invariants 1, 2, 31)."""

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from httpx import Response
from sqlalchemy import event
from sqlmodel import select

from auth.principal import Role
from people import DA_MAI, KINH_BAC, YEAR, Person, Province, at_once
from sync.models import LogEntry

SCOPES = (KINH_BAC, DA_MAI)


def writer(person: Person, shared: list[str], faults: list[Any]) -> None:
    """Creates in both wards, edits what others edit too, and retries half of it."""
    for n in range(12):
        ops = [person.op("create", unit=SCOPES[n % 2], set={"title": f"{person.client_id} {n}"})]
        ops += [
            person.op("patch", r, unit=KINH_BAC, base_ver=1, set={"title": f"{person.client_id} {n}"}) for r in shared
        ]
        for _ in range(1 + n % 2):
            answer = person.post("/v1/sync/push", {"ops": ops})
            if answer.status_code != 200 or not all(r["status"] != "rejected" for r in answer.json()["results"]):
                faults.append(answer.text)


def poller(person: Person, stop: threading.Event, seen: list[tuple[str, int]], last: dict[str, dict[str, int]]) -> None:
    """Follows the feed page by page until everybody has stopped and nothing comes any more."""
    cursor, ending = None, False
    while True:
        page = person.post("/v1/sync/pull", {"cursor": cursor, "limit": 7}).json()
        cursor = page["cursor"]
        for change in page["changes"]:
            seen.append((change["scope"], change["seq"]))
            last.setdefault(change["scope"], {})[change["record"]["id"]] = change["record"]["ver"]
        if ending and not page["changes"]:
            return
        ending = stop.is_set()


def test_an_op_that_comes_four_times_at_once_counts_once(province: Province) -> None:
    """A proxy that sends again, and a phone that is impatient."""
    lan = province["lan"]
    body = {"ops": [lan.op("create", set={"title": "Họp"})]}
    answers = [answer.json()["results"][0] for answer in at_once(*[lambda: lan.post("/v1/sync/push", body)] * 4)]
    assert sorted(answer["status"] for answer in answers) == ["applied", "duplicate", "duplicate", "duplicate"]
    assert {(a["record"]["ver"], a["seq"]["seq"], a["entry_hash"]) for a in answers} == {
        (1, 1, answers[0]["entry_hash"])
    }


def test_a_poller_beside_many_writers_misses_nothing(province: Province) -> None:
    for name in ("lan", "minh", "ha", "nam"):
        for unit in SCOPES:
            province.grant(name, unit, Role.UNIT_EDITOR)
    shared = [province["lan"].does("create", set={"title": "chung"})["record"]["id"] for _ in range(3)]
    people = [Person(province, name, f"install-of-{name}") for name in ("lan", "minh", "ha", "nam")]
    watcher = Person(province, "tuan", "install-of-the-watcher")
    stop, seen, last, faults = threading.Event(), [], {}, []  # type: ignore[var-annotated]
    watching = threading.Thread(target=poller, args=(watcher, stop, seen, last))
    writers = [threading.Thread(target=writer, args=(p, shared, faults)) for p in people]
    for thread in (watching, *writers):
        thread.start()
    for thread in writers:
        thread.join()
    stop.set()
    watching.join()

    assert faults == []
    for unit in SCOPES:
        scope = f"{unit}/{YEAR}"
        log = province.db.read(
            lambda s, sc=scope: s.scalars(select(LogEntry).where(LogEntry.scope == sc).order_by(LogEntry.seq)).all()
        )
        assert [e.seq for e in log] == list(range(1, len(log) + 1)), "a gap"
        places = [seq for found, seq in seen if found == scope]
        assert places == sorted(places), "the feed went back"
        want = {e.record_id: e.ver for e in log}
        assert last[scope] == want, "the poller missed a change"


def behind(province: Province, first: Person, others: Sequence[tuple[Person, dict[str, Any]]]) -> tuple[list[Any], int]:
    """What others are answered who push while the transaction of a first one is open, and how often was committed."""
    begun, go_on, commits = threading.Event(), threading.Event(), list[object]()

    def slow(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if "INTO op " in statement and not begun.is_set():
            begun.set()
            go_on.wait(5)

    def push(person: Person, body: dict[str, Any]) -> Response:
        return person.post("/v1/sync/push", body)

    engine, together = province.db.writer, province.app.state.pushes._together
    event.listen(engine, "before_cursor_execute", slow)
    heard = commits.append
    event.listen(engine, "commit", heard)
    with ThreadPoolExecutor(len(others) + 1) as phones:
        leads = phones.submit(push, first, {"ops": [first.op("create", set={"title": "Họp"})]})
        begun.wait(5)
        sent = []
        for n, (person, body) in enumerate(others, 1):
            sent.append(phones.submit(push, person, body))
            while len(together._queue) < n:  # one after the other
                pass
        go_on.set()
        assert leads.result().status_code == 200
        answers = [one.result() for one in sent]
    event.remove(engine, "before_cursor_execute", slow)
    event.remove(engine, "commit", heard)
    return answers, len(commits)


def test_pushes_that_wait_are_one_transaction_and_each_gets_its_own_answer(province: Province) -> None:
    lan, minh, ha = (province[name] for name in ("lan", "minh", "ha"))
    late = minh.op("patch", (made := minh.op("create", set={"title": "Tuần tra"}))["record_id"], base_ver=1)
    titles = {"ops": [made, {**late, "set": {"title": "Tuần tra đêm"}}]}
    answers, commits = behind(province, lan, [
        (minh, titles), (ha, {"ops": [], "epoch": "of another lineage"}), (minh, titles),
        (ha, {"ops": [ha.op("create", set={"title": "Họp tổ", "criteria": ["PH-A02"]})], "pending": 2}),
    ])  # fmt: skip
    first, refused, again, other = answers
    assert refused.status_code == 409
    assert refused.json()["code"] == "epoch_changed"
    assert [r["status"] for r in first.json()["results"]] == ["applied", "applied"]
    assert [r["status"] for r in again.json()["results"]] == ["duplicate", "duplicate"]
    assert [r["entry_hash"] for r in again.json()["results"]] == [r["entry_hash"] for r in first.json()["results"]]
    assert first.json()["acked_through"] == again.json()["acked_through"] == 2
    assert other.json()["results"][0]["record"]["data"]["title"] == "Họp tổ"
    assert commits == 2  # that of the first, and one for all who waited


def test_a_push_that_cannot_be_taken_costs_its_neighbours_nothing_but_time(province: Province) -> None:
    lan, minh, ha = (province[name] for name in ("lan", "minh", "ha"))
    minh.does("create", set={"title": "Họp"})
    forked = {**minh.op("create", set={"title": "Bản sao"}), "dev_seq": 1}
    good = {"ops": [ha.op("create", set={"title": "Họp tổ"})]}
    answers, _ = behind(province, lan, [(minh, {"ops": [forked]}), (ha, good)])
    assert answers[0].json()["code"] == "replica_forked"
    assert [r["status"] for r in answers[1].json()["results"]] == ["applied"]
