"""What happens in the year of `demo/year.py`, from registration to the dossiers, and the order of the whole."""

from base64 import b64encode
from collections import Counter

from demo.year import Doc, Year, YearFailed, create, new_id
from demo.year_end import decide, keep_up
from demo.year_months import work
from demo.year_papers import DECISION, FILE, FORM, PAPER, SCAN, SHA256
from demo.year_totals import close

FROM_ABOVE = ("recognition", "classification_result", "emulation_result")
POLICE = ("police_confirmation", "discipline_confirmation")


def play(year: Year) -> int:
    """The whole year; 0 when nothing was lost or overwritten and every unit ended where the rules say."""
    groups = _sorted_out(year)
    _register(year, groups)
    work(year, groups["approved"])
    _prove(year, groups)
    _send(year, groups)
    decide(year, groups)
    keep_up(year, groups)
    return close(year, groups)


def _sorted_out(year: Year) -> dict[str, list[str]]:
    """Who does what: every third unit is chosen; of those a few are late, lax or lose what they had."""
    codes = [unit["code"] for unit in year.units]
    approved = codes[::3]
    groups = {"all": codes, "not_approved": [c for c in codes if c not in approved], "approved": approved}
    groups["lax"] = approved[1::9]  # never sends a dossier
    ready = [c for c in approved if c not in groups["lax"]]
    groups["late"] = ready[1::7]
    groups["refused"] = ready[2::8]  # appraised, and not recognised
    groups["recognised"] = [c for c in ready if c not in groups["refused"]]
    groups["dropped"] = groups["recognised"][1::9]  # recognised, and not kept up a year later
    return groups


def _register(year: Year, groups: dict[str, list[str]]) -> None:
    year.month("01-10", f"{len(groups['all'])} đơn vị đăng ký", f"{len(groups['all'])} units register")
    for unit in groups["all"]:
        body = {"move_id": new_id(), "type": "unit_year", "unit": unit, "year": year.year, "fields": FORM}
        year.cases[unit] = year.ask("van", "POST", "/v1/cases", json=body)
    year.move_all("thu", groups["all"], "register")
    year.month("03-20", "Công an tỉnh rà soát, lập danh sách", "the provincial police reviews and makes the list")
    year.move_all("mai", groups["all"], "propose")
    _upload(year)
    count = len(groups["approved"])
    year.month("05-04", f"UBND tỉnh phê duyệt {count} đơn vị", f"the People's Committee approves {count} units")
    year.move_all("chutich", groups["approved"], "approve", paper={**DECISION, "date": f"{year.year}-05-04"})
    year.move_all("chutich", groups["not_approved"], "not_approve", note="Chưa trong chỉ tiêu")
    year.move_all("thu", groups["approved"], "start_building", paper=PAPER)


def _upload(year: Year) -> None:
    """The scan of the decision."""
    parts = {"filename": FILE["name"], "filetype": FILE["mime"], "sha256": SHA256}
    metadata = ",".join(f"{k} {b64encode(str(v).encode()).decode()}" for k, v in parts.items())
    headers = {"Tus-Resumable": "1.0.0", "Upload-Length": str(len(SCAN)), "Upload-Metadata": metadata}
    headers |= {"Content-Type": "application/offset+octet-stream", **year.tokens("chutich")}
    answer = year.http.post("/v1/uploads", content=SCAN, headers=headers)
    if answer.status_code != 201:
        raise YearFailed(f"upload: {answer.status_code} {answer.text[:200]}")


def _prove(year: Year, groups: dict[str, list[str]]) -> None:
    """Evidence for every open item; some is edited after it was verified, and looked at again."""
    building = [unit for unit in groups["approved"] if unit not in groups["lax"]]
    made: list[Doc] = []
    for unit in building:
        items = year.ask("van", "GET", f"/v1/units/{unit}/progress", params={"year": year.year})["items"]
        made += year.push([op for item in items for op in _proof(unit, year.year, item)])
    year.month("11-30", f"{len(made)} minh chứng được gửi", f"{len(made)} pieces of evidence are sent")
    _verify(year, made)
    edited = year.push([
        {"action": "patch", "type": r["type"], "record_id": r["id"], "scope": r["scope"], "base_ver": r["ver"] + 1,
         "set": {"title": f"{r['data']['title']} (bổ sung)"}}
        for r in made[::17]
    ])  # fmt: skip
    states = Counter(record["state"] for record in edited)
    year.expect(set(states) <= {"changed"}, "Sửa sau khi xác nhận phải xem lại", f"late edits: {dict(states)}")
    _verify(year, edited)
    year.report.done(
        f"30/11  {year.decisions} kết luận; {len(edited)} minh chứng sửa sau khi xác nhận được xem lại",
        f"{year.decisions} decisions; {len(edited)} pieces edited after they were verified are looked at again",
    )


def _proof(unit: str, year: int, item: Doc) -> list[Doc]:
    if item["source"] != "evidence" or item["met"] or item["code"].endswith("P03"):
        return []
    kind = item["kinds"][0]
    values: Doc = {"title": f"Minh chứng {item['code']}", "kind": kind, "criteria": [item["code"]]}
    if kind in FROM_ABOVE:
        values["issuer"] = "Công an tỉnh"
    if kind in POLICE:
        index = {"number": "15/XN", "date": f"{year}-11-16", "issuer": "Công an tỉnh", "conclusion": "Không xảy ra"}
        values["index"] = index
    return [create(unit, year, "document", **values, issued_on=f"{year}-11-1{n}") for n in range(item["wanted"])]


def _verify(year: Year, records: list[Doc]) -> None:
    for start in range(0, len(records), 200):
        decisions = [
            {"review_id": new_id(), "record_id": r["id"], "decision": "verified",
             "on": {"ver": r["ver"], "content_digest": r["content_digest"]}}
            for r in records[start : start + 200]
        ]  # fmt: skip
        results = year.ask("tuan", "POST", "/v1/reviews/batch", json={"decisions": decisions})["results"]
        refused = [r for r in results if r.get("code")]
        if refused:
            raise YearFailed(f"decision: {refused[0]}")
        year.decisions += len(results)


def _send(year: Year, groups: dict[str, list[str]]) -> None:
    """Dossiers in time, and a few a minute too late."""
    ready = [unit for unit in groups["approved"] if unit not in groups["lax"]]
    year.move_all("van", [*ready, *groups["lax"]], "open_dossier")
    for unit in groups["lax"]:
        path = f"/v1/cases/{year.cases[unit]['id']}/moves"
        code = year.refused("thu", "POST", path, json={"move_id": new_id(), "action": "submit_dossier", "paper": PAPER})
        year.expect(code == "move_blocked", "Hồ sơ thiếu không gửi được", f"a bare dossier: {code or 'was taken'}")
    in_time = [unit for unit in ready if unit not in groups["late"]]
    back = in_time[: min(3, len(in_time) - 1)]
    year.month(
        "12-08", f"{len(back)} hồ sơ bị trả lại, gửi lại thành bản 2", f"{len(back)} returned, sent as version 2"
    )
    year.move_all("thu", back, "submit_dossier", paper=PAPER)
    year.move_all("mai", back, "take_in")
    year.move_all("mai", back, "return_dossier", note="Bổ sung chữ ký")
    year.move_all("thu", back, "submit_dossier", paper=PAPER)
    year.month("12-11 23:59", f"{len(in_time)} hồ sơ kịp hạn", f"{len(in_time)} dossiers in time")
    year.move_all("thu", in_time[len(back) :], "submit_dossier", paper=PAPER)
    count = len(groups["late"])
    year.month("12-12 00:00", f"{count} hồ sơ muộn, vẫn được giữ", f"{count} dossiers are late, and kept")
    year.move_all("thu", groups["late"], "submit_dossier", paper=PAPER)
    year.move_all("mai", ready, "take_in")
    for unit in back:
        state = year.ask("mai", "GET", f"/v1/units/{unit}/dossier", params={"year": year.year})
        year.expect(state["versions"] == 2, "", f"{unit} should have two versions of its dossier")
