"""Receipts and the log: what anyone can check without trusting the service (protocol C.9, invariant 23)."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from jose import jws

from people import KINH_BAC, YEAR, Province
from proof.logs import check_log, check_receipt
from service.__main__ import main

SCOPE = f"{KINH_BAC}/{YEAR}"


def log_of(province: Province, limit: int = 2) -> list[dict[str, Any]]:
    pages: list[dict[str, Any]] = []
    after = 0
    while True:
        page = province["tuan"].get("/v1/proofs", scope=SCOPE, after=after, limit=limit, payload=True).json()
        pages.append(page)
        if not page["entries"] or page["entries"][-1]["seq"] == page["head"]["seq"]:
            return pages
        after = page["entries"][-1]["seq"]


def busy(province: Province) -> dict[str, Any]:
    lan, minh = province["lan"], province["minh"]
    made = lan.does("create", set={"title": "Một"})["record"]
    minh.does("patch", made["id"], base_ver=1, set={"title": "Hai"})
    return lan.push(lan.op("patch", made["id"], base_ver=1, set={"title": "Ba"}), lan.op("create", type="lạ"))


def read(province: Province, receipt: str) -> dict[str, Any]:
    keys = province.http.get("/.well-known/jwks.json").json()["keys"]
    named = jws.get_unverified_header(receipt)["kid"]
    return dict(json.loads(jws.verify(receipt, next(key for key in keys if key["kid"] == named), ["ES256"])))


def test_a_receipt_names_each_op_and_what_became_of_it(province: Province) -> None:
    answer = busy(province)
    receipt = read(province, answer["receipt"])
    rows = [dict(zip(receipt["columns"], row, strict=True)) for row in receipt["ops"]]
    assert [r["status"] for r in rows] == ["conflict", "rejected"]
    assert (rows[0]["scope"], rows[0]["seq"]) == (SCOPE, answer["results"][0]["seq"]["seq"])
    assert rows[1]["scope"] is None
    assert receipt["actor"] == province["lan"].account_id
    assert check_receipt(receipt, log_of(province)) == []


def test_the_log_of_a_scope_holds_from_its_start_to_its_head(province: Province) -> None:
    busy(province)
    assert check_log(log_of(province)) == []


@pytest.mark.parametrize(
    "name",
    ["kind", "record_id", "ver", "op_id", "actor", "at", "payload_digest", "entry_hash", "payload", "salt", "seq"],
)
def test_a_changed_entry_is_found(province: Province, name: str) -> None:
    busy(province)
    pages = copy.deepcopy(log_of(province))
    line = pages[0]["entries"][1]
    line[name] = line[name] + 1 if isinstance(line[name], int) else _other(line[name])
    assert check_log(pages) != []


def _other(text: str) -> str:
    return ("1" if text[0] != "1" else "2") + text[1:]


def test_a_missing_entry_and_a_cut_log_are_found(province: Province) -> None:
    busy(province)
    pages = log_of(province)
    cut = copy.deepcopy(pages)
    cut[-1]["entries"].pop()
    assert check_log(cut) != []
    holed = copy.deepcopy(pages)
    holed[0]["entries"].pop(0)
    assert check_log(holed) != []


def test_a_redacted_body_is_not_a_fault(province: Province) -> None:
    busy(province)
    pages = log_of(province)
    pages[0]["entries"][0] |= {"payload": None, "salt": None}
    assert check_log(pages) == []


def test_the_log_is_closed_to_those_who_do_not_read_the_scope(province: Province) -> None:
    busy(province)
    assert province["nam"].get("/v1/proofs", scope=SCOPE).json()["code"] == "record_unknown"
    own = f"user:{province['lan'].account_id}"
    assert province["tuan"].get("/v1/proofs", scope=own).json()["code"] == "record_unknown"


def test_the_command_tells_a_whole_log_from_a_changed_one(
    province: Province, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    busy(province)
    pages = log_of(province)
    saved = tmp_path / "log.jsonl"
    saved.write_text("\n".join(json.dumps(p) for p in pages), encoding="utf-8")
    assert main(["verify", str(saved)]) == 0
    assert "the log holds" in capsys.readouterr().out
    pages[0]["entries"][0]["actor"] = "ai đó"
    saved.write_text("\n".join(json.dumps(p) for p in pages), encoding="utf-8")
    assert main(["verify", str(saved)]) == 1
