"""A service whose database went back: nobody is told that anything is durable until an operator has looked (P14)."""

import uuid
from typing import Any

from fastapi.testclient import TestClient

from auth.principal import Grant, Principal, Role
from people import KINH_BAC, YEAR, Province
from service.checkpoints import look_back, open_epoch, write_checkpoint
from sync import backups, epoch
from sync.backups import Taken

SCOPE = f"{KINH_BAC}/{YEAR}"


def witness(province: Province) -> int:
    state = province.app.state
    return write_checkpoint(province.db, state.store, state.keys, state.settings.public_url, province.clock.now())


def operator_opens(province: Province) -> str:
    state = province.app.state
    parts = (province.db, state.store, state.keys, state.settings.public_url)
    return open_epoch(*parts, reason="drill", now=province.clock.now())


def refusal(province: Province, **body: Any) -> dict[str, Any]:
    answer = province["lan"].post("/v1/sync/pull", body)
    assert answer.status_code in (409, 503)
    return dict(answer.json(), retry_after=answer.headers.get("Retry-After"))


def test_a_checkpoint_names_what_moved_since_the_last_one(province: Province) -> None:
    lan = province["lan"]
    lan.does("create", set={"title": "Một"})
    assert witness(province) > 1  # reference data too
    assert witness(province) == 0
    lan.does("create", set={"title": "Hai"})
    province.clock.advance(1)
    assert witness(province) == 1
    look_back(province.db, province.app.state.store)
    assert province.http.get("/v1/ready").json() == {"status": "ok"}


def test_a_log_behind_its_checkpoint_stops_sync_until_an_epoch_is_opened(province: Province) -> None:
    lan = province["lan"]
    lan.does("create", set={"title": "Một"})
    witness(province)
    with province.db.writer.begin() as connection:  # a copy of yesterday was put in place
        connection.exec_driver_sql("delete from desk_item")
        for table in ("change_log", "record", "scope_head"):
            connection.exec_driver_sql(f"delete from {table} where scope = '{SCOPE}'")
    with TestClient(province.app) as http:
        assert http.get("/v1/ready").json() == {"status": "restored"}
    answer = lan.post("/v1/sync/push", {"ops": [lan.op("create")]})
    assert (answer.status_code, answer.json()["code"], answer.json()["action"]) == (503, "restored", "wait")
    assert refusal(province)["retry_after"] == "60"
    operator_opens(province)
    look_back(province.db, province.app.state.store)
    assert lan.does("create", set={"title": "Hai"})["status"] == "applied"


def test_who_knows_another_epoch_hears_what_to_send_again(province: Province) -> None:
    lan = province["lan"]
    made = lan.push(lan.op("create", set={"title": "Một"}))
    before, cursor = made["epoch"], lan.pull()["cursor"]
    operator_opens(province)
    told = refusal(province, epoch=before)
    assert told["code"] == "epoch_changed"
    assert told["current"]["recover"]["acked_through"] == 1
    assert told["current"]["recover"]["from"][SCOPE] == 1
    assert refusal(province, epoch=str(uuid.uuid4()))["current"]["recover"] == {"from": {}, "acked_through": 1}
    assert refusal(province, cursor=cursor)["current"] == told["current"]
    page = lan.post("/v1/sync/pull", {"epoch": told["current"]["epoch"], "cursor": cursor}).json()
    assert (page["reload"], page["changes"]) == ([], [])


def test_two_restores_are_told_as_one(province: Province) -> None:
    lan = province["lan"]
    first = lan.push(lan.op("create", set={"title": "Một"}))["epoch"]
    operator_opens(province)
    lan.does("create", set={"title": "Hai"})
    province.clock.advance(1)
    operator_opens(province)
    assert refusal(province, epoch=first)["current"]["recover"]["from"][SCOPE] == 1


def test_an_old_base_has_seen_nothing_of_what_was_written_after_the_restore(province: Province) -> None:
    lan, minh = province["lan"], province["minh"]
    made = lan.does("create", set={"title": "Một"})["record"]["id"]
    before = lan.push()["epoch"]
    waiting = lan.op("patch", made, base_ver=2, epoch=before, set={"title": "Của Lan"})  # over a version 2 that is lost
    operator_opens(province)
    now = minh.push()["epoch"]
    minh.does("patch", made, base_ver=1, epoch=now, set={"title": "Của Minh"})
    assert lan.push(waiting)["results"][0]["status"] == "conflict"
    shown = lan.record(made)
    assert (shown["data"]["title"], shown["conflicts"][0]["others"][0]["v"]) == ("Của Minh", "Của Lan")


def test_a_base_of_the_new_epoch_or_of_the_shared_part_counts(province: Province) -> None:
    lan, minh = province["lan"], province["minh"]
    made = lan.does("create", set={"title": "Một"})["record"]["id"]
    before = lan.push()["epoch"]
    operator_opens(province)
    now = minh.push()["epoch"]
    old = minh.does("patch", made, base_ver=1, epoch=before, set={"title": "Hai"})
    new = lan.does("patch", made, base_ver=2, epoch=now, set={"title": "Ba"})
    bare = minh.does("patch", made, base_ver=3, set={"title": "Bốn"})  # in which lineage? Nobody said.
    assert [r["status"] for r in (old, new, bare)] == ["applied", "applied", "conflict"]


def test_nothing_is_safe_to_delete_without_a_backup_and_then_what_it_holds(province: Province) -> None:
    lan, tuan = province["lan"], province["tuan"]
    lan.does("create", set={"title": "Một"})
    assert lan.push()["safe_to_delete"] == {}
    taken = Taken("b1", province.clock.now(), "e", "/mnt", {SCOPE: 1, "07228/2026": 4})
    province.db.write(backups.record, taken, province.clock.now())
    lan.does("create", set={"title": "Hai"})
    assert lan.push()["safe_to_delete"] == {SCOPE: 1}
    assert tuan.pull()["safe_to_delete"] == {SCOPE: 1, "07228/2026": 4}
    assert province.db.read(backups.safe_to_delete, lan_principal(province), 2) == {}
    assert province.db.read(backups.safe_to_delete, lan_principal(province), 0) == {}


def lan_principal(province: Province) -> Any:
    lan = province["lan"]
    return Principal(lan.account_id, lan.client_id, (Grant(KINH_BAC, Role.FIELD_OFFICER),))


def test_a_worker_leaves_a_restored_service_alone(province: Province) -> None:
    lan = province["lan"]
    lan.upload(b"\xff\xd8\xff anh")
    province.db.write(epoch.close_epoch)
    worker = province.app.state.worker
    worker.attend()
    assert worker.drain() == 0
    operator_opens(province)
    assert worker.drain() == 1
