"""When the service itself fails: the caller gets a problem and a name to quote, the log gets no word of theirs."""

import base64
import re
import shutil
from pathlib import Path

import pytest

from people import Province

SECRET = "Bà Hoa ở ngõ 12"


def test_a_fault_of_the_service_is_told_and_noted_under_one_name(
    province: Province, caplog: pytest.LogCaptureFixture
) -> None:
    lan = province["lan"]
    province.app.state.pushes = None  # a service that was put together wrongly
    answer = lan.post(f"/v1/sync/push?q={SECRET}", {"ops": [lan.op("create", set={"title": SECRET})]})
    told = answer.json()
    assert (answer.status_code, told["code"], told["action"]) == (500, "internal", "contact_supervisor")
    assert answer.headers["content-type"] == "application/problem+json"
    assert f"{told['instance']}: AttributeError at POST /v1/sync/push" in caplog.text
    words = (SECRET, "Hoa", lan.account_id, lan.client_id, lan.headers["Authorization"].split(".")[1])
    assert [word for word in words if word in caplog.text + answer.text] == []


@pytest.mark.parametrize("database_url", [None], ids=["sqlite"])
def test_a_database_that_cannot_be_read_asks_for_patience(province: Province, caplog: pytest.LogCaptureFixture) -> None:
    lan = province["lan"]
    op = lan.op("create", set={"title": SECRET})
    province.db.close()
    folder = province.settings.data_dir
    kept = folder / "kept"
    shutil.move(folder / "minhchung.db", kept)
    (folder / "minhchung.db").write_bytes(b"no database" * 1000)
    answer = lan.post("/v1/sync/push", {"ops": [op]})
    told = answer.json()
    assert (answer.status_code, told["code"], told["action"]) == (503, "storage_unavailable", "wait")
    assert 2 <= int(answer.headers["retry-after"]) <= 8  # not the same second for every phone
    assert told["instance"] in caplog.text
    assert SECRET not in caplog.text

    province.db.close()
    shutil.move(kept, folder / "minhchung.db")
    assert lan.push(op)["results"][0]["status"] == "applied"


def test_what_does_not_fit_is_pointed_at(province: Province) -> None:
    told = province["quan"].post("/v1/accounts", {"username": "x/y", "name": "x", "a/b~c": 2}).json()
    assert [error["pointer"] for error in told["errors"]] == ["/username", "/a~1b~0c"]


def test_a_problem_speaks_the_callers_language(province: Province) -> None:
    told = {tag: province.http.get("/v1/nothing", headers={"Accept-Language": tag}) for tag in ("vi", "en-GB", "fr")}
    assert told["en-GB"].json()["title"] == "There is nothing at this address."
    assert told["vi"].json()["title"] == told["fr"].json()["title"] == "Không có địa chỉ này."
    assert told["en-GB"].headers["content-language"] == "en"


@pytest.mark.parametrize("place", ["-1 x", f"-{'9' * 99} x", f"{'9' * 99} x", "0 x\0", "x", "1", "\ud800"])
def test_a_place_in_a_list_that_nobody_gave_out_leads_nowhere(province: Province, place: str) -> None:
    cursor = base64.urlsafe_b64encode(place.encode(errors="surrogatepass")).decode()
    answer = province["lan"].get("/v1/records", cursor=cursor)
    assert answer.status_code in {200, 422}
    assert answer.json().get("code", "cursor_invalid") == "cursor_invalid"


def test_a_filter_that_no_word_could_be_is_refused(province: Province) -> None:
    answer = province["lan"].get("/v1/records", scope=["09190/2026", "a\0b"])
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/scope/1")


@pytest.mark.parametrize("database_url", [None], ids=["sqlite"])
def test_every_code_has_both_texts_an_action_and_a_place_in_the_documents(province: Province) -> None:
    """And so that none is missing, every code that the engine writes down has a row (house lints hold that)."""
    told = province.http.get("/v1/problems").json()
    page = (Path(__file__).parents[2] / "docs/problems.md").read_text(encoding="utf-8")
    assert set(told) == set(re.findall(r"^## (\w+)$", page, re.MULTILINE))
    assert [code for code, row in told.items() if not (row["vi"] and row["en"] and row["action"])] == []
    assert [code for code, row in told.items() if row["vi"] == row["en"]] == []
