"""Power cuts on SQLite: whatever is left of the write-ahead log, the database is a beginning of what happened (T5)."""

import random
import shutil
import sqlite3
from pathlib import Path

import pytest

from people import KINH_BAC, YEAR, Province
from proof.chain import HEADER
from proof.logs import ChainCheck

SCOPE = f"{KINH_BAC}/{YEAR}"
HEAD, FRAME_HEAD = 32, 24  # bytes, https://www.sqlite.org/fileformat2.html#the_write_ahead_log


@pytest.fixture
def database_url() -> str | None:
    return None


def work(province: Province, wal: Path) -> list[tuple[int, list[str]]]:
    """Pushes; after each answer, how long the log was and which ops had been acknowledged."""
    lan, acked, marks = province["lan"], [], []
    writer = province.db.writer.raw_connection()  # outside a transaction, where a checkpoint may run
    for pragma in ("wal_checkpoint(truncate)", "wal_autocheckpoint = 0"):
        writer.cursor().execute(f"pragma {pragma}")
    writer.close()
    made = lan.op("create", set={"title": "Họp"})
    for n in range(16):
        ops = [made] if n == 0 else [lan.op("patch", made["record_id"], base_ver=n, set={"title": f"Họp {n}"})]
        ops += [lan.op("create", set={"title": f"Biên bản {n}"})] if n % 3 == 0 else []
        lan.push(*ops)
        acked += [op["op_id"] for op in ops]
        marks.append((wal.stat().st_size, list(acked)))
    return marks


def state(path: Path) -> list[str]:
    """Ops of the ward in the order of its log; raises where the database does not hold together."""
    connection = sqlite3.connect(path)
    connection.row_factory = sqlite3.Row
    try:
        assert connection.execute("pragma quick_check").fetchone()[0] == "ok"
        check = ChainCheck()
        log = f"select * from change_log where scope = '{SCOPE}' order by seq"
        entries = connection.execute(log).fetchall()
        for op in connection.execute("select op_id, salt, body from op where client_id <> ''"):
            check.body(op["op_id"], op["salt"], op["body"])
        for entry in entries:
            names = ("scope", "seq", "payload_digest", "entry_hash", *HEADER)
            check.entry({name: entry[name] for name in names})
        heads = connection.execute("select seq, hash from scope_head where scope = ?", (SCOPE,)).fetchall()
        assert check.faults == []
        assert [(SCOPE, head["seq"], head["hash"].hex()) for head in heads] == check.heads()
        here = {row[0] for row in connection.execute("select op_id from op")}
        assert {entry["op_id"] for entry in entries} <= here
        return [entry["op_id"] for entry in entries]
    finally:
        connection.close()


def test_any_beginning_of_the_write_ahead_log_is_a_beginning_of_what_was_acknowledged(
    province: Province, tmp_path: Path
) -> None:
    database = province.settings.data_dir / "minhchung.db"
    wal = database.with_name("minhchung.db-wal")
    marks = work(province, wal)
    whole, main = wal.read_bytes(), tmp_path / "main.db"
    shutil.copyfile(database, main)
    frame = FRAME_HEAD + int.from_bytes(whole[8:12])
    dice = random.Random(20261124)
    cuts = [*range(HEAD, len(whole) + 1, frame), *(dice.randrange(len(whole)) for _ in range(150))]
    assert len(cuts) >= 300
    copy = tmp_path / "cut.db"
    for cut in cuts:
        shutil.copyfile(main, copy)
        copy.with_name("cut.db-shm").unlink(missing_ok=True)
        copy.with_name("cut.db-wal").write_bytes(whole[:cut])
        found = state(copy)
        durable = next((ops for size, ops in reversed(marks) if size <= cut), [])
        possible = [[], *(ops for _, ops in marks)]
        assert found in possible, f"cut at {cut}: half a push"
        assert len(found) >= len(durable), f"cut at {cut}: an acknowledged op is gone"
