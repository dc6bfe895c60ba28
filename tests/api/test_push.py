"""What a phone can rely on when it pushes (protocol C.4)."""

from sqlalchemy import event
from sqlalchemy.exc import OperationalError
from sqlmodel import Session, col, select

from auth.principal import Role
from people import DA_MAI, Person, Province
from sync.models import LogEntry, Op, Record, ScopeHead


def test_a_retry_after_a_lost_answer_is_a_duplicate_with_the_same_place_in_the_log(province: Province) -> None:
    lan = province["lan"]
    op = lan.op("create", set={"title": "Một"})
    first, again = lan.push(op)["results"][0], lan.push(op)["results"][0]
    assert (first["status"], again["status"], again["original"]) == ("applied", "duplicate", "applied")
    assert (first["seq"], first["entry_hash"]) == (again["seq"], again["entry_hash"])
    assert again["record"]["ver"] == 1


def test_the_same_op_id_with_other_words_is_refused_and_both_are_kept(province: Province) -> None:
    lan = province["lan"]
    op = lan.op("create", set={"title": "Một"})
    lan.push(op)
    reused = lan.push({**op, "set": {"title": "Hai"}})["results"][0]
    assert (reused["status"], reused["code"]) == ("rejected", "op_id_reuse")
    assert reused["record"]["data"]["title"] == "Một"
    bodies = province.db.read(lambda s: s.scalars(select(Op.body)).all())
    assert sum('"title":"Hai"' in (body or "") for body in bodies) == 1


def test_one_bad_op_does_not_block_the_others(province: Province) -> None:
    lan = province["lan"]
    ops = [
        lan.op("create", set={"title": "Trước"}),
        lan.op("create", type="khong_co"),
        lan.op("create", set={"title": "Sau"}),
    ]
    answer = lan.push(*ops)
    assert [r["status"] for r in answer["results"]] == ["applied", "rejected", "applied"]
    assert answer["results"][1]["code"] == "type_unknown"
    assert answer["acked_through"] == 3


def test_a_rejected_op_says_why_in_the_callers_language_and_what_to_do(province: Province) -> None:
    lan = province["lan"]
    lan.language = "en"
    result = lan.does("create", set={"title": 7})
    assert (result["status"], result["code"], result["action"]) == ("rejected", "field_invalid", "edit")
    assert result["message"].startswith("A field has a value of the wrong form")
    assert result["fields"] == [{"path": "/title", "reason": "field_invalid"}]
    lan.language = "vi"
    assert lan.does("create", set={"title": 7})["message"].startswith("Giá trị của một trường không đúng dạng")


def test_missing_ops_are_named_so_that_nothing_is_believed_sent(province: Province) -> None:
    lan = province["lan"]
    first, lost, third = (lan.op("create", set={"title": t}) for t in "abc")
    answer = lan.push(first, third)
    assert (answer["acked_through"], answer["missing_dev_seq"]) == (1, [2])
    assert lan.push(lost)["acked_through"] == 3


def test_two_installs_with_one_client_id_are_noticed_at_the_first_collision(province: Province) -> None:
    lan = province["lan"]
    lan.does("create", set={"title": "Máy thật"})
    clone = Person(province, "lan")
    clone.dev_seq = 0
    refused = clone.post("/v1/sync/push", {"ops": [clone.op("create", set={"title": "Bản sao"})]})
    assert (refused.status_code, refused.json()["code"]) == (409, "replica_forked")


def test_a_fact_is_written_once_and_the_rest_of_the_op_still_applies(province: Province) -> None:
    lan = province["lan"]
    made = lan.does("create", type="photo", set={"title": "Ảnh", "captured_at": "2026-03-02T08:15:00+07:00"})["record"]
    result = lan.does(
        "patch",
        made["id"],
        type="photo",
        base_ver=1,
        set={"title": "Ảnh mới", "captured_at": "2026-03-03T08:15:00+07:00"},
    )
    assert (result["status"], result["code"]) == ("applied", "field_fixed")
    assert result["record"]["data"] == {"title": "Ảnh mới", "captured_at": "2026-03-02T08:15:00+07:00"}


def test_fields_that_the_service_owns_cannot_be_written(province: Province) -> None:
    lan = province["lan"]
    made = lan.op("create", set={"title": "Tự duyệt", "review": {"state": "verified"}, "state": "verified"})
    result = lan.push(made)["results"][0]
    assert (result["status"], result["code"]) == ("applied", "field_server_owned")
    assert {f["path"] for f in result["fields"]} == {"/review", "/state"}
    made = result["record"]
    assert (made["state"], made["data"]) == ("pending", {"title": "Tự duyệt"})
    assert "review" not in made


def test_unknown_fields_of_a_newer_app_come_back_as_they_were(province: Province) -> None:
    made = province["lan"].does("create", set={"title": "Mới", "weather": {"sky": "nắng", "wind": 3}})["record"]
    assert made["data"]["weather"] == {"sky": "nắng", "wind": 3}


def test_deleting_what_somebody_edited_meanwhile_keeps_the_record_and_asks(province: Province) -> None:
    lan, minh = province["lan"], province["minh"]
    made = lan.does("create", set={"title": "Giữ"})["record"]
    minh.does("patch", made["id"], base_ver=1, set={"title": "Giữ lại"})
    refused = lan.does("delete", made["id"], base_ver=1)
    assert (refused["status"], refused["code"], refused["record"]["deleted"]) == ("conflict", "delete_vs_edit", False)
    gone = lan.does("delete", made["id"], base_ver=refused["record"]["ver"])
    assert (gone["status"], gone["record"]["deleted"], gone["record"]["conflicts"]) == ("applied", True, [])


def test_words_that_come_after_a_delete_are_kept_and_return_with_a_restore(province: Province) -> None:
    lan, minh = province["lan"], province["minh"]
    made = lan.does("create", set={"title": "Biên bản", "body": "Một"})["record"]
    lan.does("delete", made["id"], base_ver=1)
    late = minh.does("patch", made["id"], base_ver=1, set={"body": "Một\nHai"})
    assert (late["status"], late["code"], late["record"]["deleted"]) == ("conflict", "record_deleted", True)
    back = lan.does("restore", made["id"], base_ver=late["record"]["ver"])["record"]
    assert (back["deleted"], back["data"]["body"]) == (False, "Một\nHai")


def test_two_people_writing_the_same_minutes_apart_lose_no_word(province: Province) -> None:
    lan, minh = province["lan"], province["minh"]
    body = "Khai mạc lúc 8 giờ.\nThảo luận.\nBế mạc."
    made = lan.does("create", set={"body": body})["record"]
    lan.does("patch", made["id"], base_ver=1, set={"body": body.replace("Thảo luận.", "Thảo luận kế hoạch tuần tra.")})
    both = minh.does("patch", made["id"], base_ver=1, set={"body": body.replace("8 giờ", "8 giờ 15")})
    assert both["status"] == "merged"
    assert both["record"]["data"]["body"] == "Khai mạc lúc 8 giờ 15.\nThảo luận kế hoạch tuần tra.\nBế mạc."


def test_a_record_that_moves_leaves_one_ward_and_arrives_in_the_other(province: Province) -> None:
    ha, nam, lan = province["ha"], province["nam"], province["lan"]
    made = lan.does("create", set={"title": "Chuyển"})["record"]
    cursor = lan.pull()["cursor"]
    refused = lan.does("move", made["id"], base_ver=1, unit=DA_MAI)
    assert refused["code"] == "not_permitted"  # she captures here, not there
    province.grant("ha", DA_MAI, Role.UNIT_HEAD)
    moved = ha.does("move", made["id"], base_ver=1, unit=DA_MAI)
    assert moved["record"]["scope"].startswith(DA_MAI)
    left = lan.pull(cursor)["changes"]
    assert [(c["kind"], c.get("id")) for c in left] == [("left", made["id"])]
    assert made["id"] in {c["record"]["id"] for c in nam.pull()["changes"]}


def test_every_scope_is_numbered_without_a_gap_and_its_hashes_form_a_chain(province: Province) -> None:
    lan, minh = province["lan"], province["minh"]
    made = lan.does("create", set={"title": "a"})["record"]
    for n in range(3):
        minh.does("patch", made["id"], base_ver=1, set={"title": f"b{n}"})
    log = province.db.read(lambda s: s.scalars(select(LogEntry).order_by(LogEntry.scope, LogEntry.seq)).all())
    heads = province.db.read(lambda s: {h.scope: h for h in s.scalars(select(ScopeHead))})
    for scope, head in heads.items():
        entries = [e for e in log if e.scope == scope]
        assert [e.seq for e in entries] == list(range(1, head.seq + 1))
        assert entries[-1].entry_hash == head.hash
    seqs = province.db.read(lambda s: s.scalars(select(Record.seq).where(col(Record.id) == made["id"])).all())
    assert seqs == [4]


def test_a_commit_that_fails_is_never_answered_with_success(province: Province) -> None:
    def refuse(_session: object) -> None:
        raise OperationalError("commit", {}, Exception("disk full"))

    lan = province["lan"]
    event.listen(Session, "before_commit", refuse)
    answer = lan.post("/v1/sync/push", {"ops": [lan.op("create", set={"title": "Mất?"})]})
    event.remove(Session, "before_commit", refuse)
    assert (answer.status_code, answer.json()["code"]) == (503, "storage_unavailable")
    assert answer.headers["Retry-After"]
    assert province.db.read(lambda s: s.scalars(select(Op).where(col(Op.actor) == lan.account_id)).all()) == []


def test_a_dry_run_answers_as_a_push_would_and_leaves_no_trace(province: Province) -> None:
    lan, minh = province["lan"], province["minh"]
    made = lan.does("create", set={"title": "Một"})["record"]
    minh.does("patch", made["id"], base_ver=1, set={"title": "Hai"})
    ops = [lan.op("patch", made["id"], base_ver=1, set={"title": "Ba"}), lan.op("create", type="lạ")]
    before = province.db.read(_everything)
    rehearsed = lan.post("/v1/sync/push?dry_run=true", {"ops": ops}).json()
    assert province.db.read(_everything) == before
    assert rehearsed.pop("receipt") is None
    real = lan.push(*ops)
    real.pop("receipt")
    for answer in (rehearsed, real):
        for result in answer["results"]:
            result.pop("entry_hash", None)  # salted, so that an erased body cannot be guessed
    assert rehearsed == real


def _everything(session) -> list[object]:  # type: ignore[no-untyped-def]
    """Every row of the engine's tables."""
    return [session.execute(t.__table__.select()).all() for t in (Op, Record, LogEntry, ScopeHead)]


def test_a_client_that_knows_only_what_it_saw_names_it_by_its_digest(province: Province) -> None:
    lan, minh = province["lan"], province["minh"]
    made = lan.does("create", set={"title": "Một"})["record"]
    second = minh.does("patch", made["id"], base_hash=made["content_digest"], set={"title": "Hai"})
    assert (second["status"], second["record"]["conflicts"]) == ("applied", [])
    stale = lan.does("patch", made["id"], base_hash=made["content_digest"], set={"title": "Ba"})
    assert stale["status"] == "conflict"  # what Lan saw was her own; Minh's came after
    assert [o["v"] for o in stale["record"]["conflicts"][0]["others"]] == ["Ba"]


def test_a_digest_that_nobody_knows_has_seen_nothing(province: Province) -> None:
    lan, minh = province["lan"], province["minh"]
    made = lan.does("create", set={"title": "Một"})["record"]
    odd = minh.does("patch", made["id"], base_hash="0" * 64, set={"title": "Hai"})
    assert (odd["status"], odd["record"]["data"]["title"]) == ("conflict", "Một")


def test_a_number_from_far_ahead_names_the_next_missing_ones_and_no_more(province: Province) -> None:
    lan = province["lan"]
    lan.does("create", set={"title": "Một"})
    lan.dev_seq = 2**53 - 2
    answer = lan.push(lan.op("create", set={"title": "Xa"}))
    assert (answer["acked_through"], answer["missing_dev_seq"]) == (1, list(range(2, 102)))
