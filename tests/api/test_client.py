"""The reference client against the real service: what a phone must keep, whatever the network says."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from jose import jwt

from auth import accounts
from auth.accounts import OPERATOR
from minhchung_client import Garbled, NeedsEnrolment, Refused, Unreachable
from people import STAFF, Province
from phones import SCOPE, Kit, kits
from pictures import jpeg
from sync.epoch import open_epoch


@pytest.fixture
def phones(province: Province, tmp_path: Path) -> Iterator[dict[str, Kit]]:
    with kits(province, tmp_path) as made:
        yield made


def test_what_was_captured_without_signal_arrives_when_it_returns(phones: dict[str, Kit]) -> None:
    lan = phones["lan"]
    lan.weather.next = [lan.weather.no_signal] * 3
    made = lan.device.capture("minutes", SCOPE, set={"title": "Họp"})
    assert lan.device.sync().stopped
    assert lan.replica.record(made) == {**(lan.replica.record(made) or {}), "pending": 1, "data": {"title": "Họp"}}
    lan.weather.next = []
    assert lan.device.sync().stopped is None
    assert lan.replica.pending() == 0
    assert (lan.replica.record(made) or {})["ver"] == 1


@pytest.mark.parametrize("weather", ["lost_answer", "no_signal", "portal"])
def test_no_weather_takes_anything_from_the_outbox(phones: dict[str, Kit], weather: str) -> None:
    lan = phones["lan"]
    lan.device.capture("minutes", SCOPE, set={"title": "Họp"})
    before = lan.ops()
    lan.weather.next = [getattr(lan.weather, weather)]
    with pytest.raises((Unreachable, Garbled)):
        lan.device.push_once()
    assert lan.ops() == before
    assert lan.device.push_once() == 1


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 410, 413, 422, 429, 500, 502, 503])
def test_no_refusal_takes_anything_from_the_outbox(phones: dict[str, Kit], status: int) -> None:
    lan = phones["lan"]
    lan.device.capture("minutes", SCOPE, set={"title": "Họp"})
    before, cursor = lan.ops(), lan.replica.get("cursor")
    lan.weather.next = [lambda _r: httpx.Response(status, json={"code": "x"})] * 2
    with pytest.raises((Unreachable, Garbled, Refused, NeedsEnrolment)):
        lan.device.push_once()
    assert (lan.ops(), lan.replica.get("cursor")) == (before, cursor)


def test_two_phones_edit_one_record_and_both_see_the_conflict_and_its_end(phones: dict[str, Kit]) -> None:
    lan, minh = phones["lan"], phones["minh"]
    made = lan.device.capture("minutes", SCOPE, set={"title": "Họp"})
    lan.device.sync()
    minh.device.sync()
    lan.replica.edit("patch", "minutes", SCOPE, made, set={"title": "Họp khu 1"})
    minh.replica.edit("patch", "minutes", SCOPE, made, set={"title": "Họp khu 2"})
    lan.device.sync()
    minh.device.sync()
    lan.device.sync()
    for kit in (lan, minh):
        clash = next(i for i in kit.replica.inbox() if i["kind"] == "conflict")
        assert (clash["current"]["v"], clash["others"][0]["v"]) == ("Họp khu 1", "Họp khu 2")
    minh.replica.edit("resolve", "minutes", SCOPE, made, set={"title": "Họp hai khu"})
    minh.device.sync()
    lan.device.sync()
    assert lan.replica.inbox() == minh.replica.inbox() == []
    assert (lan.replica.record(made) or {})["data"]["title"] == "Họp hai khu"


def test_an_edit_over_a_waiting_edit_hides_nobodys_value(phones: dict[str, Kit]) -> None:
    lan, minh = phones["lan"], phones["minh"]
    made = lan.device.capture("minutes", SCOPE, set={"title": "Họp"})
    lan.device.sync()
    minh.device.sync()
    lan.replica.edit("patch", "minutes", SCOPE, made, set={"title": "Lan một"})
    minh.replica.edit("patch", "minutes", SCOPE, made, set={"title": "Minh"})
    minh.device.sync()
    lan.device.pull_once()  # Minh's title lies under her own, which she still has to send
    lan.replica.edit("patch", "minutes", SCOPE, made, set={"title": "Lan hai"})
    lan.device.sync()
    shown = lan.replica.record(made) or {}
    assert (shown["data"]["title"], shown["conflicts"][0]["others"][0]["v"]) == ("Minh", "Lan hai")


def test_a_rejected_op_stays_readable_with_its_reason_until_the_officer_has_seen_it(phones: dict[str, Kit]) -> None:
    lan = phones["lan"]
    lan.replica.edit("create", "minutes", "07228/2026", set={"title": "Phường khác"})
    lan.device.sync()
    told = lan.replica.inbox()
    assert [(i["kind"], i["code"], i["action"]) for i in told] == [("rejected", "not_permitted", "contact_supervisor")]
    lan.replica.dismiss(told[0]["op_id"])
    assert lan.replica.inbox() == []


def test_an_upload_goes_on_where_the_service_says_after_the_app_was_killed(phones: dict[str, Kit]) -> None:
    lan = phones["lan"]
    photo = jpeg(size=1900)
    made = lan.device.capture("photo", SCOPE, [(photo, "Ảnh.jpg", "image/jpeg")], set={"title": "Ảnh"})
    while lan.device.push_once():
        pass
    lan.weather.next = [lan.weather.through, lan.weather.through, lan.weather.lost_answer]
    with pytest.raises(Unreachable):
        lan.device.upload_once()
    lan.close()
    lan.open()
    assert lan.device.upload_once()
    sent = sum(len(r.content) for r in lan.weather.seen if r.method == "PATCH")
    assert sent <= len(photo) + 2**20
    lan.device.sync()
    files = (lan.replica.record(made) or {})["files"]
    assert [f["state"] for f in files.values()] == ["verified"]


def test_a_dead_access_token_is_refreshed_and_the_push_goes_on(phones: dict[str, Kit], province: Province) -> None:
    lan = phones["lan"]
    code = province["quan"].post(f"/v1/accounts/{lan.person.account_id}/enrolments", {}).json()["code"]
    body = {"code": code, "install_id": "install-of-lan", "device_name": "Máy Lan"}
    session = province.http.post("/v1/auth/enrol", json=body).json()
    for name in ("access_token", "refresh_token", "client_id"):
        lan.replica.put(name, session[name])
    province.clock.advance(80 * 86_400_000)
    lan.device.capture("minutes", SCOPE, set={"title": "Sau nhiều ngày"})
    assert lan.device.push_once() == 1


def test_after_a_restore_everything_is_sent_again_and_nothing_is_doubled(
    phones: dict[str, Kit], province: Province
) -> None:

    lan = phones["lan"]
    made = lan.device.capture("minutes", SCOPE, set={"title": "Một"})
    lan.device.sync()
    province.db.write(open_epoch, "restore drill", province.clock.now())
    assert (lan.device.sync().stopped, lan.replica.pending()) == (None, 0)
    assert (lan.replica.record(made) or {})["ver"] == 1


def test_a_lost_grant_empties_the_scope_and_leaves_the_outbox(phones: dict[str, Kit], province: Province) -> None:

    lan = phones["lan"]
    lan.device.capture("minutes", SCOPE, set={"title": "Một"})
    lan.device.sync()
    lan.device.capture("minutes", SCOPE, set={"title": "Hai"})
    province.db.write(accounts.revoke_grant, OPERATOR, lan.person.account_id, STAFF["lan"], province.clock.now())
    lan.device.pull_once()
    assert lan.replica.base(SCOPE) == []
    assert lan.replica.pending() == 1


def test_a_garbled_page_changes_nothing(phones: dict[str, Kit]) -> None:
    lan = phones["lan"]
    lan.device.sync()
    cursor = lan.replica.get("cursor")
    garbage: list[Any] = [None, [], {"cursor": "x"}, {"results": 3}, "<html>"]
    for page in garbage:
        with pytest.raises(Garbled):
            lan.replica.apply_page(page)
        with pytest.raises(Garbled):
            lan.replica.apply_results(page)
    assert lan.replica.get("cursor") == cursor


def test_a_phone_keeps_the_signed_receipt_of_what_it_sent(phones: dict[str, Kit]) -> None:
    lan = phones["lan"]
    lan.device.capture("minutes", SCOPE, set={"title": "Họp"})
    sent = lan.ops()
    lan.device.sync()
    payload = jwt.get_unverified_claims(lan.replica.receipts()[0])
    assert [row[0] for row in payload["ops"]] == sent
