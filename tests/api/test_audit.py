"""The audit trail: what stands in it, who reads it, and that nobody changes it without being seen."""

import json
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from auth import audit
from auth.audit import Trace
from auth.principal import Role
from people import KINH_BAC, PASSWORD, Province, file_entry
from pictures import jpeg
from service.__main__ import main
from service.duties import DAY_MS, MONTH_MS
from sync.instant import iso


def test_what_an_administrator_does_stands_in_it_and_an_auditor_reads_it(province):
    quan, minh = province["quan"], province["minh"]
    quan.post(f"/v1/accounts/{minh.account_id}/grants", {"unit": KINH_BAC, "role": "unit_editor"})
    quan.post(f"/v1/clients/{minh.client_id}/revoke", {"revoked_as": "retired"})
    province.grant("tuan", "*", Role.AUDITOR)
    assert province["lan"].get("/v1/audit").json()["code"] == "not_permitted"
    assert quan.get("/v1/audit").json()["code"] == "not_permitted", "whoever administers does not audit himself"
    found = province["tuan"].get("/v1/audit").json()
    told = [(e["act"], e["actor"], e["subject"]) for e in found["entries"]]
    assert told == [
        ("grant_given", quan.account_id, minh.account_id),
        ("client_revoked", quan.account_id, minh.client_id),
    ]
    assert found["entries"][0]["facts"] == {"grant": f"unit_editor@{KINH_BAC}"}
    week = province["tuan"].get("/v1/audit/week", until="2026-09-22T00:00:00Z").json()
    assert (week["acts"], week["faults"]) == ({"grant_given": 1, "client_revoked": 1, "trail_read": 1}, [])


def test_a_wrong_password_stands_in_it_without_the_password(province):
    body = {"username": "lan", "password": "sai-mat-khau", "install_id": "somebody-else", "device_name": "Máy lạ"}
    province.http.post("/v1/auth/sign-in", json=body)
    province.http.post("/v1/auth/sign-in", json={**body, "password": PASSWORD})
    entries = province.db.read(audit.entries)
    assert [e.act for e in entries] == ["sign_in_failed", "signed_in"]
    assert all(word not in str(entries) for word in ("sai-mat-khau", PASSWORD, "Máy lạ"))
    assert entries[0].source == "testclient"


@pytest.mark.parametrize("verb", ["update audit_entry set act = 'x'", "delete from audit_entry"])
def test_the_database_refuses_to_change_it(province, verb):
    province.db.write(audit.note, Trace("a"), "signed_out", "x", 1)
    with pytest.raises(DBAPIError, match="append-only"):
        province.db.write(lambda session: session.connection().execute(text(verb)))


def test_a_changed_a_missing_and_a_moved_entry_are_found(province):
    for n in range(5):
        province.db.write(audit.note, Trace("a"), "signed_out", f"x{n}", n, n=n)
    found = province.db.read(audit.entries)
    assert audit.faults(found) == []
    forged = [*found[:2], audit.Entry(**{**_fields(found[2]), "actor": "b"}), *found[3:]]
    assert audit.faults(forged) == ["entry 3 was changed, or does not follow the one before"]
    assert "entry 2 is missing before 3" in audit.faults([found[0], *found[2:]])
    assert audit.faults([found[1], found[0], *found[2:]]) != []
    assert audit.faults(found[2:], before=(found[1].seq, found[1].entry_hash)) == []


def _fields(entry: audit.Entry) -> dict:
    return {name: getattr(entry, name) for name in entry.__slots__}


def acts(province: Province, after: int = 0) -> list[tuple[str, str, str]]:
    return [(e.act, e.actor, e.subject) for e in province.db.read(audit.entries, after=after)]


def test_who_looks_at_what_is_restricted_stands_in_it_whoever_it_is(province):
    """Originals, records of the highest level by every way out, and what administrators and supervisors look up."""
    lan, tuan, quan, ha = (province[name] for name in ("lan", "tuan", "quan", "ha"))
    photo = jpeg()
    sha256 = file_entry(photo)["sha256"]
    lan.upload(photo)
    record = lan.does("create", type="photo", set={"title": "Ảnh", "sensitivity": 4}, media=[file_entry(photo)])[
        "record"
    ]
    plain = lan.does("create", set={"title": "Họp", "note": '"sensitivity":4'})["record"]
    refused = lan.op("patch", plain["id"], set={"title": 7})
    lan.push(refused)
    province.work()
    assert acts(province) == []
    tuan.get(f"/v1/media/{record['id']}/{sha256}")
    tuan.get(f"/v1/media/{record['id']}/{sha256}/pictures/preview")
    tuan.record(record["id"])
    tuan.record(plain["id"])
    tuan.get("/v1/records", scope=record["scope"])
    tuan.pull()
    quan.get("/v1/accounts")
    quan.get(f"/v1/accounts/{lan.account_id}/clients")
    quan.get(f"/v1/clients/{lan.client_id}/holdings")
    ha.get(f"/v1/ops/{refused['op_id']}")
    seen, admin = tuan.account_id, quan.account_id
    taken = acts(province)
    province.grant("mai", "*", Role.AUDITOR)
    province.clock.advance(1)
    month = province["mai"].get("/v1/audit/readers").json()["readers"]
    assert [(one["account_id"], one["act"], one["times"]) for one in month] == [
        (seen, "restricted_read", 3), (seen, "original_read", 1),
    ]  # fmt: skip
    province.clock.advance(31 * DAY_MS)
    assert province["mai"].get("/v1/audit/readers").json()["readers"] == []
    assert taken == [
        ("original_read", seen, record["id"]),
        ("restricted_read", seen, record["id"]),
        ("restricted_read", seen, record["id"]),
        ("restricted_read", seen, record["id"]),
        ("viewed", admin, ""),
        ("viewed", admin, lan.account_id),
        ("viewed", admin, lan.client_id),
        ("viewed", ha.account_id, refused["op_id"]),
    ]


def test_the_week_shows_what_is_unusual_and_somebody_signs_it_off(province):
    quan, minh, tuan = province["quan"], province["minh"], province["tuan"]
    province.grant("tuan", "*", Role.AUDITOR)
    body = {"username": "lan", "password": "sai-mat-khau", "install_id": "somebody-else", "device_name": "Máy lạ"}
    while province.http.post("/v1/auth/sign-in", json=body).status_code == 401:
        pass
    quan.post(f"/v1/accounts/{minh.account_id}/grants", {"unit": KINH_BAC, "role": "unit_editor"})
    province.clock.advance(DAY_MS)
    until = iso(province.clock.now())
    week = tuan.get("/v1/audit/week", until=until).json()
    assert [(one["why"], one["of"], one["count"]) for one in week["unusual"]] == [
        ("grant_given", quan.account_id, 1),
        ("sign_in_failed", "testclient", 10),
    ]
    assert (week["faults"], week["signed_off"]) == ([], [])
    assert tuan.post("/v1/audit/week", {"until": until, "unusual": 1}).json()["code"] == "week_unreviewable"
    later = iso(province.clock.now() + DAY_MS)
    assert tuan.post("/v1/audit/week", {"until": later, "unusual": 2}).json()["code"] == "week_unreviewable"
    assert tuan.post("/v1/audit/week", {"until": until, "unusual": 2}).status_code == 200
    signed = tuan.get("/v1/audit/week", until=until).json()["signed_off"]
    assert [one["by"] for one in signed] == [tuan.account_id]


def test_two_requests_at_the_ends_of_a_week_do_not_look_like_a_gap(ward):
    """Times are those of the requests, numbers those of the commits: the order may differ by a moment."""
    ward.grant("tuan", "*", Role.AUDITOR)
    until = ward.clock.now()
    since = until - 7 * DAY_MS
    for at in (since - 2, since, since - 1, since + 5, until - 1, until, until - 1, until + 1):
        ward.db.write(audit.note, Trace("a"), "signed_out", "x", at)
    week = ward["tuan"].get("/v1/audit/week", until=iso(until)).json()
    assert (week["faults"], week["acts"]) == ([], {"signed_out": 6})
    ago = ward["tuan"].get("/v1/audit/week", until=iso(since - DAY_MS)).json()
    assert (ago["faults"], ago["acts"]) == ([], {})


def test_the_trail_lies_off_this_host_and_is_shortened_only_then(province, tmp_path, monkeypatch, capsys):
    """Exports follow each other; a lost, changed or forged piece is found; what is old and exported may go."""
    place = tmp_path / "other-host"
    monkeypatch.setenv("MINHCHUNG_DATA_DIR", str(province.settings.data_dir))
    if province.settings.database_url:
        monkeypatch.setenv("MINHCHUNG_DATABASE_URL", province.settings.database_url)
    old = province.clock.now() - 25 * MONTH_MS
    for n in range(6):
        province.db.write(audit.note, Trace("a"), "signed_out", f"x{n}", old + n)
    assert main(["audit", "cut"]) == 0
    assert capsys.readouterr().out == "0 entries removed\n", "nothing goes that was not exported"
    assert main(["audit", "export", str(place)]) == 0
    province.db.write(audit.note, Trace("b"), "signed_out", "young", province.clock.now())
    assert main(["audit", "export", str(place)]) == 0
    assert main(["audit", "export", str(place)]) == 0, "with nothing new, nothing is written"
    pieces = sorted(place.rglob("*.jsonl"))
    assert [path.name for path in pieces] == ["000000000001.jsonl", "000000000007.jsonl"]
    keys = tmp_path / "jwks.json"
    keys.write_text(json.dumps(province.app.state.keys.jwks()))
    capsys.readouterr()
    assert main(["audit", "verify", str(place), "--keys", str(keys)]) == 0
    assert capsys.readouterr().out == "8 entries: the trail holds\n"
    assert main(["audit", "cut"]) == 0
    assert capsys.readouterr().out == "6 entries removed\n"
    left = province.db.read(audit.entries)
    assert audit.faults(left, before=province.db.read(audit.beginning)) == [], "the chain goes on over the cut"
    assert [e.seq for e in left][:2] == [7, 8]
    with pytest.raises(DBAPIError, match="append-only"):
        province.db.write(lambda session: session.connection().execute(text("delete from audit_entry where seq = 7")))
    _damage(place, pieces, keys, capsys)


def _damage(place: Path, pieces: list[Path], keys: Path, capsys) -> None:
    """A changed actor, and a piece that stands where another one was, are told."""
    piece, last = pieces
    good = piece.read_bytes()
    piece.write_bytes(good.replace(b'"actor":"a"', b'"actor":"z"', 1))
    assert main(["audit", "verify", str(place), "--keys", str(keys)]) == 1
    assert "not as it was signed" in capsys.readouterr().err
    piece.write_bytes(good)
    last.rename(last.with_name("000000000000.jsonl"))
    assert main(["audit", "verify", str(place), "--keys", str(keys)]) == 1
    assert "a piece is missing or was exchanged" in capsys.readouterr().err
