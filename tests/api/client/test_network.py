"""Sessions, strangers in the middle, and a service that cannot do everything just now."""

import sqlite3
from pathlib import Path

import httpx
import pytest

from auth.accounts import OPERATOR
from auth.clients import revoke_client
from auth.principal import Role
from minhchung_client import NeedsEnrolment, OtherAccount, Unreachable, enrol, uuid7
from minhchung_client.clock import SystemClock
from minhchung_client.replica import Replica
from people import KINH_BAC, Province
from phones import SCOPE, Kit
from pictures import jpeg

DAY = 86_400_000


def code_for(province: Province, kit: Kit) -> str:
    return str(province["quan"].post(f"/v1/accounts/{kit.person.account_id}/enrolments", {}).json()["code"])


def test_a_captive_portal_gets_nothing_and_changes_nothing(phones: dict[str, Kit]) -> None:
    lan = phones["lan"]
    lan.device.sync()
    lan.device.capture("photo", SCOPE, [(jpeg(), "Ảnh.jpg", "image/jpeg")], set={"title": "Ảnh"})
    before = [lan.rows(t) for t in ("outbox", "base", "meta")]
    lan.weather.next = [lan.weather.portal] * 10
    assert "Garbled" in str(lan.device.sync().stopped)
    assert [lan.rows(t) for t in ("outbox", "base", "meta")] == before
    lan.weather.next = []
    report = lan.device.sync()
    assert (report.stopped, report.pushed, report.uploaded) == (None, 1, 1)


def test_a_session_is_stored_before_it_is_used_and_a_lost_one_is_asked_for_again(
    phones: dict[str, Kit], province: Province
) -> None:
    lan = phones["lan"]
    lan.http.enrol(code_for(province, lan), "Máy Lan")
    province.clock.advance(DAY)
    lan.device.capture("minutes", SCOPE, set={"title": "Họp"})
    first = lan.replica.get("refresh_token")
    lan.weather.next = [lan.weather.through, lan.weather.lost_answer]
    with pytest.raises(Unreachable):
        lan.device.push_once()
    assert lan.replica.get("refresh_token") == first
    lan.weather.next = [lan.weather.through, lan.weather.through, lan.weather.no_signal]
    with pytest.raises(Unreachable):
        lan.device.push_once()
    assert lan.replica.get("refresh_token") != first  # the app may die here
    assert lan.device.push_once() == 1


def test_a_phone_whose_owner_has_to_choose_a_password_keeps_everything(
    phones: dict[str, Kit], province: Province
) -> None:
    lan = phones["lan"]
    lan.http.enrol(code_for(province, lan), "Máy Lan")
    lan.device.sync()
    province.grant("lan", KINH_BAC, Role.AUDITOR)
    rules = {"own_passwords": True, "second_factor": False}
    province.app.state.settings = province.settings.model_copy(update=rules)
    province.clock.advance(62 * DAY)
    lan.device.capture("minutes", SCOPE, set={"title": "Họp"})
    report = lan.device.sync()
    assert (report.needs_enrolment, report.stopped) == (True, "NeedsEnrolment: password_due")
    assert lan.replica.pending() == 1


def test_a_phone_that_was_shut_out_keeps_everything(phones: dict[str, Kit], province: Province) -> None:
    lan = phones["lan"]
    lan.device.sync()
    lan.device.capture("photo", SCOPE, [(jpeg(), "Ảnh.jpg", "image/jpeg")], set={"title": "Ảnh"})
    before = lan.changes()
    province.db.write(revoke_client, OPERATOR, lan.person.client_id, "lost", province.clock.now())
    report = lan.device.sync()
    assert (report.needs_enrolment, report.stopped) == (True, "NeedsEnrolment: client_revoked")
    assert lan.changes() == before


def test_a_copied_phone_has_to_enrol_and_then_sends_what_it_kept(phones: dict[str, Kit], province: Province) -> None:
    lan = phones["lan"]
    lan.http.enrol(code_for(province, lan), "Máy Lan")
    lan.device.sync()
    copy = sqlite3.connect(":memory:", isolation_level=None)
    copy.deserialize(lan.connection.serialize())
    lan.device.capture("minutes", SCOPE, set={"title": "Máy thật"})
    lan.device.sync()
    lan.connection.close()
    lan.connection = copy
    lan.replica = Replica(copy, clock=SystemClock(), new_id=uuid7)
    lan.http.replica = lan.device.replica = lan.replica

    made = lan.device.capture("minutes", SCOPE, set={"title": "Máy sao"})
    before = lan.ops()
    report = lan.device.sync()
    assert (report.needs_enrolment, lan.ops()) == (True, before)
    client = lan.replica.get("client_id")
    lan.http.enrol(code_for(province, lan), "Máy Lan, bản sao")
    assert lan.replica.get("client_id") != client
    assert lan.device.sync().stopped is None
    assert {r["data"]["title"] for r in lan.replica.records("minutes")} == {"Máy thật", "Máy sao"}
    assert (lan.replica.record(made) or {})["ver"] == 1


def test_nobody_sends_what_another_wrote(phones: dict[str, Kit], province: Province) -> None:
    lan, minh = phones["lan"], phones["minh"]
    lan.http.enrol(code_for(province, lan), "Máy Lan")
    session = lan.rows("meta")
    with pytest.raises(OtherAccount):
        lan.http.enrol(code_for(province, minh), "Máy chung")
    assert lan.rows("meta") == session


def test_an_enrolment_whose_answer_was_lost_is_the_same_install_the_next_time(
    phones: dict[str, Kit], province: Province, tmp_path: Path
) -> None:
    weather, code = phones["lan"].weather, code_for(province, phones["lan"])
    weather.next = [weather.lost_answer]
    server = province.settings.public_url
    with pytest.raises(Unreachable):
        enrol(tmp_path / "new", server, code, "Máy mới", http=weather.client())
    device = enrol(tmp_path / "new", server, code, "Máy mới", http=weather.client())
    assert device.sync().stopped is None
    device.close()


def test_tokens_and_files_go_to_no_other_host(phones: dict[str, Kit]) -> None:
    lan = phones["lan"]
    lan.device.capture("photo", SCOPE, [(jpeg(), "Ảnh.jpg", "image/jpeg")], set={"title": "Ảnh"})
    thief = {"Location": "http://thief.example/v1/uploads/00000000-0000-4000-8000-000000000000"}
    lan.device.push_once()
    lan.weather.next = [lambda _r: httpx.Response(201, headers=thief)]
    lan.device.upload_once()
    assert {r.url.host for r in lan.weather.seen} == {httpx.URL(lan.http.server).host}
    assert lan.device.sync().uploaded == 1


def test_a_store_that_is_out_of_order_does_not_keep_decisions_from_coming(phones: dict[str, Kit]) -> None:
    lan, minh = phones["lan"], phones["minh"]
    minh.device.capture("minutes", SCOPE, set={"title": "Của Minh"})
    minh.device.sync()
    lan.device.capture("photo", SCOPE, [(jpeg(), "Ảnh.jpg", "image/jpeg")], set={"title": "Ảnh"})
    lan.weather.next = [lan.weather.through, lambda _r: httpx.Response(503)]
    report = lan.device.sync()
    assert (report.stopped, report.pushed, report.uploaded) == ("Busy: 503", 1, 0)
    assert {r["data"]["title"] for r in lan.replica.base(SCOPE)} == {"Ảnh", "Của Minh"}


def test_a_cursor_that_the_service_does_not_know_is_forgotten_and_all_is_read_anew(phones: dict[str, Kit]) -> None:
    lan = phones["lan"]
    lan.device.capture("minutes", SCOPE, set={"title": "Họp"})
    lan.device.sync()
    held = lan.replica.base()
    lan.replica.put("cursor", "of another service")
    lan.device.capture("minutes", SCOPE, set={"title": "Chờ"})
    lan.device.pull_once()
    assert (lan.replica.base(), lan.replica.pending()) == (held, 1)


def test_an_answer_from_another_epoch_is_not_mixed_in(phones: dict[str, Kit]) -> None:
    lan = phones["lan"]
    lan.device.sync()
    lan.device.capture("minutes", SCOPE, set={"title": "Họp"})
    before = lan.changes()
    late = {"epoch": "before the restore", "results": [{"op_id": lan.ops()[0], "status": "applied"}]}
    lan.weather.next = [lambda _r: httpx.Response(200, json=late)]
    assert "Garbled" in str(lan.device.sync().stopped)
    assert lan.changes() == before


def test_a_session_that_ended_is_told_apart_from_no_signal(phones: dict[str, Kit], province: Province) -> None:
    lan = phones["lan"]
    province.clock.advance(DAY)
    lan.device.capture("minutes", SCOPE, set={"title": "Họp"})
    with pytest.raises(NeedsEnrolment):  # there is no refresh token in this folder
        lan.device.push_once()
    assert lan.replica.pending() == 1
