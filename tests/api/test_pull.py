"""What a phone can rely on when it pulls (protocol C.5)."""

import base64

import pytest
from sqlmodel import select, update

from auth.principal import Role
from people import DA_MAI, KINH_BAC, YEAR, Person, Province
from sync.models import LogEntry, ScopeHead

SCOPE = f"{KINH_BAC}/{YEAR}"


def evidence(page: dict) -> list[dict]:  # type: ignore[type-arg]
    return [c for c in page["changes"] if c["scope"] == SCOPE]


def test_a_first_pull_brings_the_checklist_and_the_units_own_evidence(province: Province) -> None:
    lan = province["lan"]
    lan.does("create", set={"title": "Một"})
    page = lan.pull()
    by_type = [c["record"]["type"] for c in page["changes"]]
    assert by_type.count("unit") == 131
    assert by_type.count("criterion") == 209
    assert [c["record"]["data"]["title"] for c in evidence(page)] == ["Một"]


def test_a_caught_up_cursor_brings_nothing_and_then_only_what_changed(province: Province) -> None:
    lan, minh = province["lan"], province["minh"]
    cursor = lan.pull()["cursor"]
    assert lan.pull(cursor)["changes"] == []
    made = minh.does("create", set={"title": "Mới"})["record"]
    assert [c["record"]["id"] for c in lan.pull(cursor)["changes"]] == [made["id"]]


@pytest.mark.parametrize("limit", [1, 2, 7])
def test_pages_of_any_size_add_up_to_the_same_whole(province: Province, limit: int) -> None:
    lan = province["lan"]
    start = lan.pull()["cursor"]
    lan.push(*(lan.op("create", set={"title": str(n)}) for n in range(9)))
    whole = lan.pull(start)["changes"]
    assert lan.pull(start, limit)["changes"] == whole
    assert [c["seq"] for c in whole] == list(range(1, 10))


def test_a_record_that_changes_between_two_pages_comes_again_in_its_new_place(province: Province) -> None:
    lan, minh = province["lan"], province["minh"]
    start = minh.pull()["cursor"]
    made = [lan.does("create", set={"title": str(n)})["record"] for n in range(3)]
    first = minh.post("/v1/sync/pull", {"cursor": start, "limit": 1}).json()
    lan.does("patch", made[0]["id"], base_ver=1, set={"title": "sau"})
    rest = minh.pull(first["cursor"])["changes"]
    assert [c["record"]["data"]["title"] for c in first["changes"] + rest] == ["0", "1", "2", "sau"]


def test_a_deleted_record_comes_as_a_tombstone_and_a_cursor_never_expires(province: Province) -> None:
    lan, minh = province["lan"], province["minh"]
    made = lan.does("create", set={"title": "Xoá"})["record"]
    cursor = minh.pull()["cursor"]
    lan.does("delete", made["id"], base_ver=1)
    province.clock.advance(3 * 365 * 86_400_000)
    assert [c["record"]["deleted"] for c in minh.pull(cursor)["changes"]] == [True]


def test_a_page_ends_at_its_byte_limit_but_always_moves_on(province: Province) -> None:
    lan = province["lan"]
    start = lan.pull()["cursor"]
    lan.push(*(lan.op("create", set={"body": "x" * 5000}) for _ in range(4)))
    page = lan.post("/v1/sync/pull", {"cursor": start, "max_bytes": 1}).json()
    assert (len(page["changes"]), page["more"]) == (1, True)


@pytest.mark.parametrize(
    "cursor", ["", "x", "AAAA", "é", "💥", "A" * 5000, base64.urlsafe_b64encode(b"[1]" * 30).decode()]
)
def test_a_made_up_cursor_is_refused(province: Province, cursor: str) -> None:
    answer = province["lan"].post("/v1/sync/pull", {"cursor": cursor})
    assert answer.status_code == 200 if cursor == "" else answer.json()["code"] == "cursor_invalid"


def test_somebody_elses_cursor_gives_nothing_that_is_not_ones_own(province: Province) -> None:
    province["lan"].does("create", set={"title": "Kinh Bắc"})
    cursor = province["lan"].pull()["cursor"]
    page = province["nam"].pull(cursor)
    assert all(not c["scope"].startswith(KINH_BAC) for c in page["changes"])
    assert len([c for c in page["changes"] if c["scope"].startswith("programme/")]) == 340


def test_a_scope_whose_log_was_rewound_is_read_anew_and_the_others_go_on(province: Province) -> None:
    lan = province["lan"]
    for n in range(3):
        lan.does("create", set={"title": str(n)})
    cursor = lan.pull()["cursor"]
    province.db.write(_forget_last)
    page = lan.pull(cursor)
    assert page["reload"] == [SCOPE]
    assert {c["scope"] for c in page["changes"]} == {SCOPE}


def _forget_last(session) -> None:  # type: ignore[no-untyped-def]
    """What a restore from an older copy looks like for one scope."""
    entry = session.scalars(select(LogEntry).where(LogEntry.scope == SCOPE, LogEntry.seq == 2)).one()
    head = {"seq": 2, "hash": entry.entry_hash}
    session.exec(update(ScopeHead).where(ScopeHead.scope == SCOPE).values(**head))


def test_a_new_grant_brings_the_whole_scope_and_a_lost_one_takes_it_away(province: Province) -> None:
    nam, lan = province["nam"], province["lan"]
    made = lan.does("create", set={"title": "Cũ"})["record"]
    cursor = nam.pull()["cursor"]
    province.grant("nam", KINH_BAC, Role.FIELD_OFFICER)
    page = nam.pull(cursor)
    assert [c["record"]["id"] for c in page["changes"]] == [made["id"]]
    province.revoke("nam", KINH_BAC, Role.FIELD_OFFICER)
    assert nam.pull(page["cursor"])["removed"] == [SCOPE]


def test_a_phone_hears_of_losing_a_scope_that_it_only_knows_from_answers(province: Province) -> None:
    page = province["nam"].post("/v1/sync/pull", {"held": [SCOPE, f"{DA_MAI}/{YEAR}"]}).json()
    assert page["removed"] == [SCOPE]


def test_every_way_out_shows_the_same_records(province: Province) -> None:
    """Pull, list, single read, queue and file follow one predicate (trust §2.1 API1)."""
    made = {u: _author(province, u).does("create", unit=u, set={"title": u})["record"] for u in (KINH_BAC, DA_MAI)}
    for name in ("lan", "nam", "ha", "tuan", "mai", "quan"):
        person = province[name]
        pulled = {c["record"]["id"] for c in person.pull()["changes"] if c["record"]["type"] == "minutes"}
        listed = {r["id"] for r in person.get("/v1/records", type="minutes").json()["records"]}
        queued = {r["id"] for r in person.get("/v1/reviews/queue").json()["records"]}
        read = {r["id"] for r in made.values() if person.get(f"/v1/records/{r['id']}").status_code == 200}
        assert pulled == listed == queued == read, name


def _author(province: Province, unit: str) -> Person:
    return province["lan" if unit == KINH_BAC else "nam"]
