"""Personal data: one's own copy, who may ask for what, and what is kept too long."""

import uuid

from desk_of_privacy import BASIS, moved, moves, officer, opens
from people import KINH_BAC, PASSWORD, file_entry
from privacy.erasures import MONTH_MS, TYP
from proof import jws


def test_everybody_gets_a_copy_of_what_is_kept_about_them(province):
    lan, minh, bao = province["lan"], province["minh"], officer(province)
    data = b"%PDF-1.4 bien ban"
    made = lan.does("create", type="document", set={"title": "Của Lan"}, media=[file_entry(data, "biên bản.pdf")])
    other = minh.does("create", set={"title": "Của Minh"})["record"]
    copy = lan.get("/v1/privacy/me").json()
    assert copy["account"]["username"] == "lan"
    assert [role["role"] for role in copy["roles"]] == ["field_officer"]
    assert [device["id"] for device in copy["devices"]] == [lan.client_id]
    assert [record["data"]["title"] for record in copy["records"]] == ["Của Lan"]
    assert copy["files"] == [{"record_id": made["record"]["id"], **file_entry(data, "biên bản.pdf")}]
    assert PASSWORD not in str(copy)
    assert "password_hash" not in str(copy)

    asked = opens(lan, kind="access", account_id=lan.account_id).json()
    assert opens(minh, kind="access", account_id=lan.account_id).json()["code"] == "not_permitted"
    assert opens(minh, kind="access", subject="Bà Hoa").json()["code"] == "not_permitted"
    assert minh.get(f"/v1/privacy/cases/{asked['id']}").json()["code"] == "case_unknown"
    assert lan.get(f"/v1/privacy/cases/{asked['id']}/export").json()["code"] == "not_permitted"
    assert [c["id"] for c in lan.get("/v1/privacy/cases").json()["cases"]] == [asked["id"]]
    given = bao.get(f"/v1/privacy/cases/{asked['id']}/export", record=[other["id"]]).json()
    assert [record["id"] for record in given["records"]] == [made["record"]["id"], other["id"]]


def test_exact_places_go_to_those_who_may_have_originals_and_to_nobody_else(province):
    """Lan and the reviewer see where it was; the office of the province sees about a kilometre, by every way out."""
    lan, tuan, chair = province["lan"], province["tuan"], province["chu_tich"]
    place = {"unit": KINH_BAC, "lat": "21.186123", "lon": "106.076543", "accuracy_m": 8}
    stop = {"name": "Cầu", "at": "2026-09-21T20:00:00+07:00", "lat": "21.190001", "lon": "-0.000001"}
    made = lan.does("create", type="patrol_log", set={"place": place, "checkpoints": [stop]})["record"]
    path = f"/v1/records/{made['id']}"
    for who in (lan, tuan):
        assert who.record(made["id"])["data"]["place"] == place
    ways = [
        chair.record(made["id"]),
        chair.record(made["id"], ver=1),
        chair.get("/v1/records", scope=made["scope"]).json()["records"][0],
        chair.get("/v1/reviews/queue", scope=made["scope"]).json()["records"][0],
        next(c["record"] for c in chair.pull()["changes"] if c["scope"] == made["scope"]),
    ]
    for shown in ways:
        assert shown["data"]["place"] == {"unit": KINH_BAC, "cell": "21.18,106.07"}
        assert shown["data"]["checkpoints"] == [{"name": "Cầu", "at": stop["at"], "cell": "21.19,-0.01"}]
        assert shown["content_digest"] == made["content_digest"]
    log = {who.name: who.get("/v1/proofs", scope=made["scope"], payload=True).json() for who in (tuan, chair)}
    assert "21.186123" in str(log["tuan"])
    assert "21.186123" not in str(log["chu_tich"])
    assert chair.get(path + "/history").status_code == 200


def test_evidence_taken_for_another_purpose_counts_for_no_criterion(province):
    lan, tuan = province["lan"], province["tuan"]
    values = {"criteria": ["PH-A02"], "kind": "minutes", "held_at": "2026-09-01T08:00:00+07:00", "title": "Họp"}
    for purposes in (["publication"], ["publication", "dossier"]):
        tuan.decides(lan.does("create", set={**values, "purposes": purposes})["record"], "verified")
    items = {i["code"]: i for i in lan.get(f"/v1/units/{KINH_BAC}/progress", year=2026).json()["items"]}
    assert next(aside["reason"] for aside in items["PH-A02"]["aside"]) == "other_purpose"
    assert lan.does("create", set={"purposes": ["marketing"]})["code"] == "field_invalid"
    consent = lan.does("create", set={"legal_basis": "consent"})["record"]
    assert {"code": "consent_without_notice", "field": "notice_shown"} in consent["issues"]
    shown = {"version": "ghi-hinh-2026-1", "at": "2026-09-21T20:00:00+07:00", "by": lan.account_id}
    told = lan.does("create", set={"legal_basis": "consent", "notice_shown": shown})["record"]
    assert "consent_without_notice" not in str(told["issues"])
    assert shown["version"] in lan.get("/v1/privacy/register").json()["notices"]


def test_a_request_is_complete_or_told_what_is_missing(province):
    lan, bao = province["lan"], officer(province)
    assert opens(bao, kind="erasure").json()["errors"][0]["pointer"] == "/subject"
    assert opens(bao, kind="forget", subject="Bà Hoa").json()["errors"][0]["pointer"] == "/kind"
    assert opens(bao, "breach", at="2036-01-01T00:00:00Z").json()["errors"][0]["pointer"] == "/at"
    body = {"case_id": str(uuid.uuid4()), "type": "request", "kind": "erasure", "subject": "Bà Hoa", "words": "Xoá"}
    case = bao.post("/v1/privacy/cases", body).json()
    assert bao.post("/v1/privacy/cases", body).json() == case, "the same again is answered again"
    assert bao.post("/v1/privacy/cases", {**body, "words": "Khác"}).json()["code"] == "move_id_reused"
    illegal = moves(bao, case, "carry_out", basis=BASIS).json()
    assert (illegal["code"], illegal["current"]["moves"]) == ("move_illegal", ["accept", "refuse", "withdraw"])
    assert moves(bao, case, "refuse").json()["errors"][0]["pointer"] == "/basis"
    case = moved(bao, case, "accept")
    lacking = moves(bao, case, "carry_out", basis=BASIS, fields={"why": 1}).json()["errors"]
    assert [fault["pointer"] for fault in lacking] == ["/fields/why", "/fields/record_ids"]
    later = moved(bao, case, "extend", basis=BASIS)
    assert (case["act_by"], later["act_by"]) == ("2026-10-11T17:00:00.000Z", "2026-10-26T17:00:00.000Z")
    assert moves(bao, case, "extend", basis=BASIS).json()["code"] == "move_illegal", "once"
    assert lan.get("/v1/privacy/register").json()["requests"]["erasure"]["days"] == 20
    for kind in ("objection", "consent_withdrawal"):
        case = moved(bao, opens(bao, kind=kind, subject="Bà Hoa").json(), "accept")
        assert moves(bao, case, "carry_out", basis=BASIS).json()["errors"][0]["pointer"] == "/fields/record_ids"
        done = moved(bao, case, "carry_out", basis=BASIS, fields={"record_ids": []})
        assert done["steps"][-1]["outcome"] == {"restricted": []}, "somebody has looked, and said that there is nothing"


def test_what_is_kept_too_long_is_shown_and_erased_with_a_certificate(province):
    """Rejected evidence a year after the decision, drafts a year after the last change, the rest with its dossier."""
    lan, tuan, bao = province["lan"], province["tuan"], officer(province)
    rejected, verified = (lan.does("create", set={"title": t})["record"] for t in ("Bị trả", "Đạt"))
    draft = lan.does("create", set={"title": "Nháp", "draft": True})["record"]
    tuan.decides(rejected, "rejected", reason_code="incomplete", comment="Thiếu chữ ký")
    tuan.decides(verified, "verified")
    province.clock.advance(6 * MONTH_MS)
    young = lan.does("create", set={"title": "Mới", "draft": True})["record"]
    assert bao.get("/v1/privacy/retention").json()["items"] == []
    province.clock.advance(7 * MONTH_MS)
    found = bao.get("/v1/privacy/retention").json()["items"]
    assert {(one["record_id"], one["retention"]) for one in found} == {
        (rejected["id"], "rejected"), (draft["id"], "draft"),
    }  # fmt: skip
    body = {"erasure_id": str(uuid.uuid4()), "record_ids": [rejected["id"], young["id"], verified["id"]]}
    refused = bao.post("/v1/privacy/retention", body).json()
    assert refused["code"] == "retention_not_due"
    assert [e["pointer"] for e in refused["errors"]] == [f"/record_ids/{r['id']}" for r in (young, verified)]
    body["record_ids"] = [rejected["id"], draft["id"]]
    done = bao.post("/v1/privacy/retention", body).json()
    assert bao.post("/v1/privacy/retention", body).json()["certificate"] == done["certificate"]
    signed = bao.get(f"/v1/privacy/certificates/{done['certificate']}").json()["jws"]
    said = jws.verify(signed, province.app.state.keys.jwks()["keys"], TYP)
    assert (said["reason"], said["by"]) == ("retention", bao.account_id)
    assert {one["record_id"] for one in said["erased"]} == {rejected["id"], draft["id"]}
    assert "Bị trả" not in str(said)
    assert (lan.record(draft["id"])["data"], lan.record(draft["id"])["state"]) == ({}, "deleted")
    assert bao.get("/v1/privacy/retention").json()["items"] == []
    assert lan.get(f"/v1/privacy/certificates/{done['certificate']}").json()["code"] == "not_permitted"
    assert lan.record(young["id"])["scope"].startswith(KINH_BAC)
