"""Deadlocks, serialization failures and locks that stay: no phone sees one, nothing is lost or doubled (1, 2, 31)."""

import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlmodel import col, select

from auth.principal import Role
from people import DA_MAI, KINH_BAC, YEAR, Person, Province, at_once
from postgres import Postgres
from sync.models import LogEntry, Op

SCOPES = (f"{KINH_BAC}/{YEAR}", f"{DA_MAI}/{YEAR}")
ROUNDS = 10 * int(os.environ.get("SOAK_SECONDS", "1"))
# Every seventh entry of a log fails as a deadlock would, every eleventh as a serialization failure, at the commit.
STORM = """
create sequence storm;
create function storm() returns trigger language plpgsql as $$
declare n bigint := nextval('storm');
begin
  if n % 7 = 0 then raise exception 'deadlock detected' using errcode = '40P01'; end if;
  if n % 11 = 0 then raise exception 'could not serialize access' using errcode = '40001'; end if;
  return null;
end $$;
create constraint trigger storm after insert on change_log deferrable initially deferred
  for each row execute function storm();
"""
# What the title says never gets through.
CURSE = """
create function curse() returns trigger language plpgsql as $$
begin raise exception 'deadlock detected' using errcode = '40P01'; end $$;
create trigger curse before insert on op for each row when (new.body like '%cursed%') execute function curse();
"""


@pytest.fixture
def on_postgres(tmp_path: Path, migrated: Path, postgres: Postgres) -> Any:
    made = Province(tmp_path / "var", migrated, postgres.fresh("migrated"))
    yield made
    made.close()


def execute(province: Province, statements: str) -> None:
    dsn = str(province.settings.database_url).replace("+psycopg", "")
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(statements.encode())


def test_a_storm_of_deadlocks_reaches_no_phone(on_postgres: Province) -> None:
    province = on_postgres
    for name in ("lan", "minh", "ha"):
        for unit in (KINH_BAC, DA_MAI):
            province.grant(name, unit, Role.UNIT_EDITOR)
    people = [Person(province, name, f"install-of-{name}") for name in ("lan", "minh", "ha")]
    execute(province, STORM)
    stop, seen, faults = threading.Event(), [], []  # type: ignore[var-annotated]

    def write(person: Person) -> None:
        for n in range(ROUNDS):
            left = [person.op("create", unit=(KINH_BAC, DA_MAI)[(n + i) % 2], set={"title": f"{n}"}) for i in range(3)]
            while left:
                answer = person.post("/v1/sync/push", {"ops": left})
                if answer.status_code == 503 and answer.headers["Retry-After"]:
                    continue
                if answer.status_code != 200:
                    faults.append(answer.text)
                    return
                again = {r["op_id"] for r in answer.json()["results"] if r["status"] == "retry"}
                left = [op for op in left if op["op_id"] in again]

    def follow(person: Person) -> None:
        cursor, ending = None, False
        while True:
            page = person.post("/v1/sync/pull", {"cursor": cursor, "limit": 5}).json()
            cursor = page["cursor"]
            seen.extend((c["scope"], c["seq"], c["record"]["id"]) for c in page["changes"] if c["scope"] in SCOPES)
            if ending and not page["changes"]:
                return
            ending = stop.is_set()

    watching = threading.Thread(target=follow, args=(Person(province, "tuan", "install-of-the-watcher"),))
    writers = [threading.Thread(target=write, args=(p,)) for p in people]
    for thread in (watching, *writers):
        thread.start()
    for thread in writers:
        thread.join()
    stop.set()
    watching.join()
    assert faults == []
    for scope in SCOPES:
        where = select(LogEntry).where(col(LogEntry.scope) == scope).order_by(col(LogEntry.seq))
        log = province.db.read(lambda s, w=where: s.exec(w).all())
        assert [e.seq for e in log] == list(range(1, len(log) + 1)), "a gap"
        assert [s[1:] for s in seen if s[0] == scope] == [(e.seq, e.record_id) for e in log], "once each, in order"
    made = province.db.read(
        lambda s: s.exec(select(Op).where(col(Op.client_id).in_([p.client_id for p in people]))).all()
    )
    assert len(made) == len({op.record_id for op in made}) == 3 * 3 * ROUNDS


def test_an_op_that_never_gets_through_holds_up_no_other(on_postgres: Province) -> None:
    lan = on_postgres["lan"]
    execute(on_postgres, CURSE)
    ops = [lan.op("create", set={"title": title}) for title in ("một", "cursed", "ba", "\ud800")]
    answer = lan.push(*ops[:3])
    assert [r["status"] for r in answer["results"]] == ["applied", "retry", "applied"]
    assert (answer["acked_through"], answer["missing_dev_seq"]) == (1, [2])
    assert answer["results"][1]["record"] is None
    alone = lan.post("/v1/sync/push", {"ops": ops[1:2]})
    assert (alone.status_code, alone.json()["code"]) == (503, "storage_unavailable")
    execute(on_postgres, "drop trigger curse on op")
    again = lan.push(*ops[:3])
    assert [r["status"] for r in again["results"]] == ["duplicate", "applied", "duplicate"]
    assert again["acked_through"] == 3


def test_sessions_wait_a_bounded_time_and_commits_are_on_disk(on_postgres: Province) -> None:
    names = ("lock_timeout", "statement_timeout", "idle_in_transaction_session_timeout", "synchronous_commit")
    with on_postgres.db.writer.connect() as connection:
        found = {n: connection.exec_driver_sql(f"show {n}").scalar() for n in names}
        found["isolation"] = connection.exec_driver_sql("show transaction_isolation").scalar()
    assert found == {
        "lock_timeout": "5s", "statement_timeout": "1min", "idle_in_transaction_session_timeout": "10s",
        "synchronous_commit": "on", "isolation": "read committed",
    }  # fmt: skip


def test_a_decision_and_an_edit_at_once_give_exactly_one_outcome(province: Province) -> None:
    """Invariant 13: the decision stands on what was seen, or it is refused; never on what nobody saw."""
    for _ in range(6):
        decides_beside_an_edit(province["tuan"], province["lan"])


def decides_beside_an_edit(tuan: Person, lan: Person) -> None:
    made = lan.does("create", set={"title": "Họp", "body": "Nội dung"})["record"]
    edit = lan.op("patch", made["id"], base_ver=1, set={"title": "Họp tổ 3"})
    review, result = at_once(
        lambda: tuan.decides(made, "rejected", reason_code="incomplete", comment="Thiếu"),
        lambda: lan.push(edit)["results"][0],
    )
    now = lan.record(made["id"])
    assert result["status"] in ("applied", "merged")
    if review.status_code == 409:
        assert review.json()["code"] == "content_changed"
        assert "review" not in now
    else:
        assert review.status_code == 200
        assert now["review"]["digest"] == made["content_digest"] != now["content_digest"]
    assert now["ver"] == (2 if review.status_code == 409 else 3)


def test_letting_go_of_a_piece_while_holding_on_to_it_is_no_failure(on_postgres: Province) -> None:
    """One person, two screens: the one is closed just when the other asks for more time."""
    lan, tuan = on_postgres["lan"], on_postgres["tuan"]
    address = f"/v1/reviews/{lan.does('create', set={'title': 'Họp'})['record']['id']}/claim"
    tuan.put(address)
    on_postgres.clock.advance(60_000)
    dsn = str(on_postgres.settings.database_url).replace("+psycopg", "")
    with psycopg.connect(dsn) as holder, ThreadPoolExecutor(2) as screens:
        holder.execute("select 1 from review_claim for update")  # both are under way before either gets any further
        closed = screens.submit(tuan.delete, address)
        until_waiting(dsn, 1)
        renewed = screens.submit(tuan.put, address)
        until_waiting(dsn, 2)
        holder.rollback()
        assert (closed.result().status_code, renewed.result().status_code) == (204, 200)
    assert on_postgres["mai"].put(address).json()["current"]["holder"] == tuan.account_id


def until_waiting(dsn: str, sessions: int) -> None:
    """Returns when so many sessions of the database wait for a lock."""
    query = "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"
    with psycopg.connect(dsn, autocommit=True) as watcher:
        deadline = time.monotonic() + 4  # less than the service lets a session wait
        while watcher.execute(query).fetchone() != (sessions,):
            assert time.monotonic() < deadline
