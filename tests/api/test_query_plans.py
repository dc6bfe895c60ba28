"""What a pull asks the database costs what it brings, not what there is: the plans at 20,000 records (protocol P8)."""

import re
from typing import Any

from sqlalchemy import event, insert, text
from sqlmodel import Session

from auth.principal import Grant, Principal, Role
from people import KINH_BAC, Province
from phones import SCOPE
from plans import COSTLY, plan
from programme.evidence import EVIDENCE_NAMES
from programme.models import DeskItem
from programme.queue import Place, Wanted, places_query
from programme.standing import COUNTED
from service.outset import question
from sync import desk
from sync.feed import HASH, feed
from sync.models import LeftRecord, Op, Record, ScopeHead
from sync.records import held_query
from sync.waiting import AHEAD

MANY = 20_000
LARGE = r"(Seq Scan on|SCAN) (op|record|scope_head|change_log|desk_item)\b"


def fill(session: Session) -> None:
    """Very many records in one scope, and very many scopes."""
    row = {
        "type": "minutes",
        "scope": SCOPE,
        "ver": 1,
        "deleted": False,
        "state": "pending",
        "content_digest": "0" * 64,
    }
    row |= {"doc": "{}", "meta": "{}"}
    records = [{**row, "id": f"{n:036}", "seq": n, "state": f"state {n % 50}"} for n in range(1, MANY + 1)]
    session.execute(insert(Record), records)
    shown = {"scope": SCOPE, "year": 2026, "type": "minutes", "kind": "minutes"}
    for criterion in ("", "PH-A01"):
        items = [
            {**shown, "record_id": r["id"], "criterion": criterion, "since": r["seq"],
             "state": ("pending", "verified")[r["seq"] % 20 > 0]}
            for r in records
        ]  # fmt: skip
        session.execute(insert(DeskItem), items)
    session.execute(insert(ScopeHead), [{"scope": f"x{n}/2026", "seq": 1, "hash": b"h"} for n in range(MANY)])
    session.execute(insert(ScopeHead), {"scope": SCOPE, "seq": 2 * MANY, "hash": b"h", "n": MANY, "counted": 2 * MANY})
    op = {"client_id": "phone", "actor": "lan", "scope": SCOPE, "received_at": 1, "digest": b"", "result": "{}"}
    ops = [{**op, "op_id": f"{n:036}", "status": "applied" if n % 4 else "held"} for n in range(MANY)]
    session.execute(insert(Op), ops)
    lefts = [{"scope": SCOPE, "seq": n, "record_id": f"{n:036}", "ver": 1} for n in range(MANY + 1, MANY + 5001)]
    session.execute(insert(LeftRecord), lefts)


def reads_of_a_push(province: Province) -> dict[str, str]:
    """Every query that a push of new records asks -> how the database finds the answer."""
    found: dict[str, str] = {}
    word = "explain query plan" if province.db.is_sqlite else "explain"

    def heard(connection: Any, _cursor: Any, statement: str, asked: Any, *_rest: Any) -> None:
        if statement.startswith("SELECT"):
            lines = connection.connection.cursor().execute(f"{word} {statement}", asked)
            found[statement] = "\n".join(str(tuple(line)) for line in lines)

    event.listen(province.db.writer, "before_cursor_execute", heard)
    lan = province["lan"]
    lan.push(*(lan.op("create", set={"title": "Họp tổ", "criteria": ["PH-A02"]}) for _ in range(3)))
    event.remove(province.db.writer, "before_cursor_execute", heard)
    return found


def test_pages_and_heads_are_read_by_index_without_sorting_or_scanning(province: Province) -> None:
    province.db.write(fill)
    with province.db.writer.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("analyze"))
    lan = Principal("lan", "phone", (Grant(KINH_BAC, Role.FIELD_OFFICER),))
    for after in (0, MANY - 100):
        page = "\n".join(plan(province.db, query.params(scope=SCOPE, after=after, n=501)) for query in feed())
        assert "record_feed" in page, page
        assert not COSTLY.search(page), page
    filtered = Wanted(2026, criterion="PH-A01", sort="newest")
    for scopes, wanted, after in (
        (None, Wanted(2026), None),
        (None, filtered, Place(MANY // 2, "x")),
        ([SCOPE], filtered, Place(MANY // 2, "x")),
    ):
        queue = plan(province.db, places_query(scopes, wanted, after, 101))
        assert ("desk_item_scope" if scopes else "desk_item_year") in queue, queue
        assert not re.search(r"Seq Scan on desk_item|SCAN desk_item", queue), queue
    mai = Principal("mai", "", (Grant("*", Role.PROVINCE_COORDINATOR),))
    listed = plan(province.db, desk.in_order(mai).limit(101).params(status="held"))
    assert "op_desk" in listed, listed
    assert not COSTLY.search(listed), listed
    asked = {"client_id": "phone", "account_id": lan.account_id, "own": lan.own_scope, "now": 1, "copies": 1}
    outset = plan(province.db, question(lan).params(**asked))
    assert not re.search(LARGE, outset), outset
    for query in (HASH.params(scope=SCOPE, seq=MANY // 2), AHEAD.params(client_id="phone", acked=MANY // 2)):
        assert not COSTLY.search(place := plan(province.db, query)), place
    for asked, found in reads_of_a_push(province).items():
        assert not re.search(LARGE, found), f"{asked}\n{found}"
    progress = plan(province.db, held_query("x7/2026", sorted(EVIDENCE_NAMES), COUNTED))
    assert "record_" in progress, progress
    assert not re.search(r"Seq Scan|SCAN record", progress), progress
