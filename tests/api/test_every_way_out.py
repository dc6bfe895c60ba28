"""Every way out of the service shows the same: what the one predicate says of each record (trust §2.1 API1, DHIS2).

A world of units, years, record types, files, moves and deletions; principals with grants drawn at random. For each, the
records that may be read are worked out one by one with `Principal.may`, and each way out is compared with them.
"""

import os
from collections import Counter
from contextlib import suppress
from random import Random
from typing import Any

import pytest
from sqlmodel import Session, col, select

from auth.principal import Grant, Permission, Principal, Role
from casework import FORM, opens
from papers.orders import _reads
from people import DA_MAI, KINH_BAC, Province, file_entry
from programme import case_list, overview, signals
from programme.errors import ProgrammeError
from programme.moves import find, sees
from programme.progress import progress_of
from programme.reading import chosen
from programme.transitions import CASES, MACHINES
from service import outset
from service.routes.events import Eyes
from sync import backups, census, desk, files, media, proof, uses
from sync.errors import SyncError
from sync.models import Attachment, Op, Record
from sync.pull import Wanted, pull
from sync.records import history, listed, readable
from sync.served import original, pictured

UNITS, YEARS = (KINH_BAC, DA_MAI, "07210"), (2025, 2026)
REFERENCE = "programme/2026"
SEEDS = int(os.environ.get("WAY_SEEDS", "6"))
PHOTO = b"\xff\xd8\xff\xe0\x00\x10JFIF" + bytes(300)
SHA = file_entry(PHOTO)["sha256"]
GONE = (SyncError, ProgrammeError)


@pytest.fixture
def busy(province: Province) -> Province:
    """Lan writes everywhere; some records are deleted, moved, refused; a unit's year is open in each place."""
    lan, quan = province["lan"], province["quan"]
    for unit in UNITS:
        for role in (Role.UNIT_EDITOR, Role.UNIT_HEAD):
            province.grant("lan", unit, role)
    lan.upload(PHOTO)
    ops, made = [], []
    for number, (unit, year) in enumerate((u, y) for u in UNITS for y in YEARS for _ in range(3)):
        place = {"scope": f"{unit}/{year}", "type": "photo" if number % 2 else "minutes"}
        with_file = {"media": [file_entry(PHOTO)]} if number % 2 else {}
        ops.append(lan.op("create", **place, set={"title": f"Số {number}"}, **with_file))
        made.append((ops[-1]["record_id"], place))
    for record_id, place in made[::5]:
        ops.append(lan.op("delete", record_id, **place, base_ver=1))
    record_id, place = made[1]
    ops.append(lan.op("move", record_id, **{**place, "scope": f"{UNITS[-1]}/2025"}, base_ver=1))
    for _, place in made[::4]:
        ops.append(lan.op("create", **place, set={"title": ["no text"]}))
    lan.push(*ops)
    for unit in UNITS:
        for year in YEARS:
            assert opens(lan, "unit_year", unit, year, **FORM).status_code < 300
    now = province.clock.now()
    heads = dict.fromkeys(province.db.read(lambda s: set(s.exec(select(Record.scope)))), 1)
    province.db.write(backups.record, backups.Taken("b", now, "e", "/b", heads), now)
    assert quan.get("/v1/accounts").status_code == 200
    return province


def somebody(rng: Random, account_id: str) -> Principal:
    """Grants of any role, in a unit or in all, in a year or in all."""
    grants = [
        Grant(rng.choice((*UNITS, "*")), rng.choice(list(Role)), rng.choice((None, None, *YEARS)))
        for _ in range(rng.randint(0, 3))
    ]
    return Principal(account_id, "client", tuple(grants))


def test_every_way_out_shows_what_the_predicate_says(busy: Province) -> None:
    rng, lan = Random(20261124), busy["lan"].account_id
    wrong = []
    for number in range(SEEDS):
        who = somebody(rng, lan if number % 5 == 0 else f"account-{number}")
        wrong += [f"{who.grants}: {fault}" for fault in busy.db.read(differences, who, busy)]
    assert wrong == []


def differences(session: Session, who: Principal, province: Province) -> list[str]:
    """What each way out shows too much or too little, to `who`."""
    everything_here = session.exec(select(Record)).all()
    records = [r for r in everything_here if not r.scope.startswith("programme/")]
    reference = {r.id for r in everything_here} - {r.id for r in records}  # for everybody, too many to ask one by one
    may = {r.id for r in records if who.may(Permission.READ, r.scope)}
    attached = [(a.record_id, a.sha256) for a in session.exec(select(Attachment)).all()]
    shown: dict[str, tuple[set[Any], set[Any]]] = {
        "pull": (pulled(session, who), may | reference),
        "list": ({shown.id for _, shown in listing(session, who)}, may | reference),
        "read": ({r.id for r in records if reads(readable, session, who, r.id)}, may),
        "read as it was": ({r.id for r in records if reads(at_first, session, who, r.id)}, may),
        "history": ({r.id for r in records if reads(lines, session, who, r.id)}, may),
        "heads": (set(outset.of(session, who).heads) - {REFERENCE}, scopes(records, may)),
        "backups": (set(backups.safe_to_delete(session, who, 1)) - {REFERENCE}, scopes(records, may)),
        "proof": ({s for s in scopes(records) if reads(log, session, who, s)}, scopes(records, may)),
        "wakes": ({s for s in scopes(records) if Eyes(who)(s)}, scopes(records, may)),
        "count": (set(counts(session, who)), set(counted(records, may))),
        "file states": (known(session, who, attached), {pair for pair in attached if pair[0] in may}),
        "originals": (
            {pair for pair in attached if reads(bytes_of, session, who, *pair)},
            {(i, s) for i, s in attached if i in may and who.may(Permission.ORIGINAL, of(records, i))
             and reads(bytes_of, session, everything(), i, s)},
        ),
        "pictures": (
            {pair for pair in attached if reads(picture_of, session, who, *pair)},
            {(i, s) for i, s in attached if i in may and reads(picture_of, session, everything(), i, s)},
        ),
        "uses": (used(session, who), {i for i in used(session, everything()) if i in may}),
        "signals": (
            {r.id for r in records if reads(signals.signals_of, session, who, r.id)},
            {r.id for r in records if r.id in may and who.may(Permission.REVIEW, r.scope)},
        ),
        "progress": (
            {(u, y) for u in UNITS for y in YEARS if reads(progress_of, session, who, u, y, province.clock.now())},
            {(u, y) for u in UNITS for y in YEARS if who.may(Permission.READ, f"{u}/{y}")},
        ),
        "papers": (
            {(u, y) for u in UNITS for y in YEARS if _reads(who, u, y)},
            {(u, y) for u in UNITS for y in YEARS if who.may(Permission.READ, f"{u}/{y}")},
        ),
        "cases": (cases(session, who), seen_cases(records, who)),
        "one case": ({r.id for r in records if reads(find, session, who, r.id)}, seen_cases(records, who)),
        "overview": (set(totals(session, who, province)), set(total_of(records, who))),
        "ops": (stored_ops(session, who), ops_supervised(session, who)),
    }  # fmt: skip
    return [f"{way}: {sorted(got ^ want)[:3]}" for way, (got, want) in shown.items() if got != want]


def everything() -> Principal:
    return Principal("nobody", "client", (Grant("*", Role.AUDITOR), Grant("*", Role.PROVINCE_APPRAISER)))


def reads(way: Any, session: Session, who: Principal, *about: Any) -> bool:
    with suppress(*GONE):
        way(session, who, *about)
        return True
    return False


def pulled(session: Session, who: Principal) -> set[str]:
    found: set[str] = set()
    cursor, more = None, True
    while more:
        page = pull(session, outset.of(session, who), b"s" * 32, Wanted(cursor=cursor, limit=1000))
        found |= {change.record_id for change in page.changes if change.doc is not None}
        cursor, more = page.cursor, page.more
    return found


def listing(session: Session, who: Principal) -> list[Any]:
    return listed(session, who, scopes=None, types=None, states=None, after=None, limit=10_000)


def at_first(session: Session, who: Principal, record_id: str) -> Any:
    return chosen(session, who, record_id, verified=False, ver=1)


def lines(session: Session, who: Principal, record_id: str) -> Any:
    return history(session, readable(session, who, record_id))


def log(session: Session, who: Principal, scope: str) -> Any:
    return proof.log_page(session, who, scope, after=0, limit=1, payload=False)


def bytes_of(session: Session, who: Principal, record_id: str, sha256: str) -> Any:
    return original(session, who, readable(session, who, record_id), sha256)


def picture_of(session: Session, who: Principal, record_id: str, sha256: str) -> Any:
    with suppress(SyncError):  # whether there is a picture is another matter
        pictured(session, readable(session, who, record_id), sha256)
    return media.find(session, readable(session, who, record_id), sha256)


def scopes(records: Any, may: set[str] | None = None) -> set[str]:
    return {r.scope for r in records if may is None or r.id in may}


def of(records: Any, record_id: str) -> str:
    return next(r.scope for r in records if r.id == record_id)


def counts(session: Session, who: Principal) -> dict[Any, int]:
    return {(tally.scope, tally.records): 1 for tally in census.readable_by(session, who)}


def counted(records: Any, may: set[str]) -> dict[Any, int]:
    found = Counter(r.scope for r in records if r.id in may and not r.scope.startswith("programme/"))
    return dict.fromkeys(found.items(), 1)


def known(session: Session, who: Principal, attached: list[tuple[str, str]]) -> set[tuple[str, str]]:
    """Without what the account itself has sent, which it may know of."""
    stranger = Principal("stranger", "client", who.grants)
    states = files.standings(session, stranger, attached)
    return {pair for pair, state in zip(attached, states, strict=True) if state["state"] != files.UNKNOWN}


def used(session: Session, who: Principal) -> set[str]:
    found = uses.elsewhere(session, who, [("", SHA)])
    return {use.record_id for uses_ in found.values() for use in uses_}


def cases(session: Session, who: Principal) -> set[str]:
    return {
        shown.id for name in CASES for _, shown in case_list.cases(session, who, case_list.CaseFilter(name), None, 500)
    }


def seen_cases(records: Any, who: Principal) -> set[str]:
    return {r.id for r in records if r.type in CASES and sees(who, MACHINES[r.type], r.scope)}


def totals(session: Session, who: Principal, province: Province) -> dict[Any, int]:
    found: Counter[Any] = Counter()
    for year in YEARS:
        for row in overview.overview(session, who, year, province.clock.now())["cases"]:
            found[year, row["type"], row["state"]] += row["count"]
    return dict.fromkeys(found.items(), 1)


def total_of(records: Any, who: Principal) -> dict[Any, int]:
    seen = [r for r in records if r.id in seen_cases(records, who)]
    return dict.fromkeys(Counter((int(r.scope.partition("/")[2]), r.type, r.state) for r in seen).items(), 1)


def stored_ops(session: Session, who: Principal) -> set[str]:
    return {row["op_id"] for row in desk.listed(session, who, statuses=["held", "rejected"], scopes=None, after=None,
                                                limit=1000)}  # fmt: skip


def ops_supervised(session: Session, who: Principal) -> set[str]:
    ops = session.exec(select(Op).where(col(Op.status).in_(["held", "rejected"]))).all()
    return {
        op.op_id for op in ops if op.actor == who.account_id or (op.scope and who.may(Permission.SUPERVISE, op.scope))
    }
