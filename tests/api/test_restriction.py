"""Restricting what is done with somebody's data, forgetting an account, and using evidence for its purposes only."""

from sqlmodel import SQLModel

from auth import audit
from auth.principal import Role
from desk_of_privacy import BASIS, moved, moves, officer, opens
from people import KINH_BAC, PASSWORD, YEAR, Province, file_entry
from proof import jws
from proof.logs import check_log

SCOPE = f"{KINH_BAC}/{YEAR}"
DATA = b"%PDF-1.4 danh sach"
WORDS = "Danh sách có tên bà Hoa"


def test_what_is_restricted_is_used_by_nobody_until_that_is_lifted(province: Province) -> None:
    """Bà Hoa objects; until it is settled her paper is kept, and only whoever protects her data reads it."""
    lan, tuan, mai, bao = province["lan"], province["tuan"], province["mai"], officer(province)
    assert lan.upload(DATA, "danh sách.pdf", "application/pdf").status_code == 201
    values = {"title": WORDS, "criteria": ["PH-A02"], "kind": "attendance_list", "purposes": ["dossier", "publication"]}
    named = [file_entry(DATA, "danh sách.pdf", "application/pdf")]
    record = lan.does("create", type="document", set=values, media=named)["record"]
    verified = tuan.decides(record, "verified").json()
    path, seen = f"/v1/records/{record['id']}", {"ver": verified["ver"], "content_digest": verified["content_digest"]}
    assert mai.put(f"/v1/press/items/{record['id']}", seen).status_code == 204
    cursor = lan.pull()["cursor"]
    case = moved(bao, opens(bao, kind="restriction", subject="Bà Hoa").json(), "accept")
    lacking = moves(bao, case, "carry_out", basis=BASIS).json()["errors"]
    assert [fault["pointer"] for fault in lacking] == ["/fields/record_ids"]
    done = moved(bao, case, "carry_out", basis=BASIS, fields={"record_ids": [record["id"]]})
    assert done["steps"][-1]["outcome"] == {"restricted": [record["id"]]}

    gone = [
        change for change in lan.pull(cursor)["changes"] if change.get("record_id", change.get("id")) == record["id"]
    ]
    assert [change["kind"] for change in gone] == ["left"], "her phone lets it go"
    for who in (lan, tuan, mai, province["ha"], province["chu_tich"]):
        assert who.get(path).json()["code"] == "record_unknown"
        assert who.get(path, ver=1).json()["code"] == "record_unknown"
        assert who.get(f"/v1/media/{record['id']}/{named[0]['sha256']}").status_code == 404
        for listing in ("/v1/records", "/v1/reviews/queue", "/v1/press/items"):
            assert record["id"] not in who.get(listing).text
        assert WORDS not in who.get("/v1/proofs", scope=SCOPE, payload=True).text
    assert tuan.decides(verified, "rejected", comment="Sai").json()["code"] == "record_unknown"
    items = {i["code"]: i for i in lan.get(f"/v1/units/{KINH_BAC}/progress", year=YEAR).json()["items"]}
    assert record["id"] not in str(items["PH-A02"])
    late = lan.does("patch", record["id"], type="document", base_ver=1, set={"note": "Sửa ngoại tuyến"})
    assert late["status"] in ("held", "rejected"), "kept with its body, and not applied"
    assert bao.record(record["id"])["data"]["title"] == WORDS
    log = province["tuan"].get("/v1/proofs", scope=SCOPE, payload=True, limit=1000).json()
    assert check_log([log]) == [], "the log proves itself without the words"

    again = moved(bao, opens(bao, kind="restriction", subject="Bà Hoa").json(), "accept")
    lifted = moved(bao, again, "carry_out", basis=BASIS, fields={"record_ids": [record["id"]], "lift": True})
    assert lifted["steps"][-1]["outcome"] == {"lifted": [record["id"]]}
    assert lan.record(record["id"])["data"]["title"] == WORDS
    assert lan.record(record["id"], **{"as": "verified"})["content_digest"] == verified["content_digest"]
    assert record["id"] in province["mai"].get("/v1/press/items").text


def test_who_a_person_was_is_forgotten_and_every_log_stays_whole(province: Province) -> None:
    """Lan has left the service and asks to be forgotten: her name goes everywhere, her work stays under an id."""
    lan, bao = province["lan"], officer(province)
    session = province.http.post("/v1/auth/sign-in", json={
        "username": "lan", "password": PASSWORD, "install_id": "phone-of-lan", "device_name": "Máy của Nguyễn Thị Lan",
    }).json()  # fmt: skip
    made = lan.does("create", set={"title": "Họp tổ"})["record"]
    waiting = lan.op("create", set={"title": "Viết khi chưa có mạng"})
    outsider = moved(bao, opens(bao, kind="erasure", subject="Bà Hoa").json(), "accept")
    wrong = moves(bao, outsider, "carry_out", basis=BASIS, fields={"account": True}).json()["errors"]
    assert [fault["pointer"] for fault in wrong] == ["/fields/account"]
    case = moved(bao, opens(bao, kind="erasure", account_id=lan.account_id).json(), "accept")
    done = moved(bao, case, "carry_out", basis=BASIS, fields={"account": True})
    signed = bao.get(f"/v1/privacy/certificates/{done['steps'][-1]['outcome']['certificate']}").json()["jws"]
    assert jws.verify(signed, province.app.state.keys.jwks()["keys"], "mc-erasure+jws")["account"] == lan.account_id

    [tombstone] = [a for a in province["quan"].get("/v1/accounts").json()["items"] if a["id"] == lan.account_id]
    assert (tombstone["name"], tombstone["active"], tombstone["off_because"]) == ("", False, "erased")
    assert (tombstone["username"], tombstone["grants"]) == (f"erased-{lan.account_id}", [])
    stored = ""
    for table in SQLModel.metadata.sorted_tables:
        rows = province.db.read(lambda session, t=table: session.connection().execute(t.select()).all())
        stored += str(rows)
    assert "Nguyễn Thị Lan" not in stored
    assert "'lan'" not in stored
    refreshed = province.http.post("/v1/auth/refresh", json={"refresh_token": session["refresh_token"]})
    assert refreshed.status_code in (401, 403)
    signs_in = {"username": "lan", "password": PASSWORD, "install_id": "phone-of-lan", "device_name": "Máy"}
    assert province.http.post("/v1/auth/sign-in", json=signs_in).json()["code"] == "credentials_invalid"
    late = lan.post("/v1/sync/push", {"ops": [waiting]})
    assert late.json()["code"] == "account_inactive", "as with every account that is off: her phone keeps it"
    assert province["ha"].record(made["id"])["authors"] == [lan.account_id]
    log = province["tuan"].get("/v1/proofs", scope=SCOPE, payload=True, limit=1000).json()
    assert check_log([log]) == []
    entries = province.db.read(audit.entries)
    assert audit.faults(entries) == []
    assert ("subject_request", True) in {(e.act, bool(e.facts.get("account"))) for e in entries}


def test_only_what_was_taken_for_publication_is_cleared_and_a_refusal_is_noted(ward: Province) -> None:
    lan, tuan, mai, press = ward["lan"], ward["tuan"], ward["mai"], ward["minh"]
    ward.grant("minh", "*", Role.PRESS_EDITOR)
    record = lan.does("create", type="document", set={"title": "Mô hình camera"})["record"]
    address = f"/v1/press/items/{record['id']}"

    def cleared() -> str:
        now = tuan.decides(mai.record(record["id"]), "verified").json()
        answer = mai.put(address, {"ver": now["ver"], "content_digest": now["content_digest"]})
        return answer.json()["code"] if answer.content else "cleared"

    assert cleared() == "purpose_refused"
    lan.does("patch", record["id"], type="document", base_ver=9, add={"purposes": ["dossier", "publication"]})
    assert cleared() == "cleared"
    assert record["id"] in press.get("/v1/press/items").text
    taken = [(e.act, e.actor, e.subject) for e in ward.db.read(audit.entries) if e.act.startswith(("purpose", "press"))]
    who = (mai.account_id, record["id"])
    assert taken == [("purpose_refused", *who), ("press_cleared", *who)]
    lan.does("patch", record["id"], type="document", base_ver=9, remove={"purposes": ["publication"]})
    assert record["id"] not in press.get("/v1/press/items").text, "taken back, it is gone at once"


def test_what_shows_people_says_whether_they_were_told_and_is_restricted_unless_said(ward: Province) -> None:
    lan = ward["lan"]
    silent = lan.does("create", type="photo", set={"title": "Ra quân"})["record"]
    assert {"code": "people_not_told", "field": "people_told"} in silent["issues"]
    for told in ({"people_told": True}, {"people_told_reason": "Không có người trong ảnh"}):
        photo = lan.does("create", type="photo", set={"title": "Ra quân", **told})["record"]
        assert "people_not_told" not in str(photo["issues"])
    levels = {kind: lan.does("create", type=kind, set={"title": "x"})["record"]["level"] for kind in (
        "document", "photo", "minutes", "patrol_log",
    )}  # fmt: skip
    assert levels == lan.get("/v1/privacy/register").json()["default_levels"]
    assert (levels["photo"], levels["minutes"]) == (3, 3)
    stated = lan.does("create", type="photo", set={"title": "Cổng chào", "sensitivity": 1})["record"]
    assert stated["level"] == 1
