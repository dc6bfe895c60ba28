"""What tests of the programme share: moving cases, papers, evidence for a whole checklist. No fixtures here."""

import io
import uuid
from collections.abc import Iterable
from datetime import datetime
from typing import Any

import docx
from httpx import Response

from auth import accounts
from auth.accounts import OPERATOR
from auth.principal import Grant, Role
from people import KINH_BAC, YEAR, Person, Province, file_entry
from pictures import jpeg

SCAN = b"%PDF-1.4 ban quet"
PAPER = {"number": "12/TB-CAT", "date": "2026-05-04", "signer": "Nguyễn Văn Bình"}
DECISION = {
    **PAPER,
    "body": "UBND tỉnh Bắc Ninh",
    "file": {**file_entry(SCAN, "quyet-dinh.pdf"), "mime": "application/pdf"},
}
MINUTES = {
    "number": "01/BB-CAT",
    "date": "2026-12-14",
    "chair": "Trần Quốc Tuấn",
    "members": ["Lê Thị Hoa"],
    "conclusion": "Đạt",
}
FORM: dict[str, Any] = {
    "safety_result": {"number": "88/QĐ-UBND", "date": "2025-11-19", "issuer": "UBND tỉnh", "conclusion": "met"},
    "movement_class": {"number": "90/QĐ-CAT", "date": "2025-11-28", "issuer": "Công an tỉnh", "grade": "Xuất sắc"},
    "responsible_head": {"name": "Trần Thu Hà", "position": "Chủ tịch UBND phường"},
    "funding_need": 120_000_000,
    "applies": {"has_party_org": True},
}


def at(province: Province, moment: str) -> None:
    """Sets the clock to a moment in Việt Nam: `2026-12-11 23:59`."""
    moment_ms = int(datetime.fromisoformat(f"{moment}+07:00").timestamp() * 1000)
    province.clock.advance(moment_ms - province.clock.now())


def opens(person: Person, type_name: str, unit: str = KINH_BAC, year: int = YEAR, **fields: Any) -> Response:
    body = {"move_id": str(uuid.uuid4()), "type": type_name, "unit": unit, "year": year, "fields": fields}
    return person.post("/v1/cases", body)


def moves(person: Person, case: dict[str, Any], action: str, **rest: Any) -> Response:
    return person.post(f"/v1/cases/{case['id']}/moves", {"move_id": str(uuid.uuid4()), "action": action, **rest})


def moved(person: Person, case: dict[str, Any], action: str, **rest: Any) -> dict[str, Any]:
    """The case after a move that the service made."""
    answer = moves(person, case, action, **rest)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def colleague(province: Province, name: str, install: str = "") -> Person:
    """Somebody more who reviews for the province."""
    grants = (Grant("*", Role.PROVINCE_APPRAISER),)
    province.db.write(accounts.create_account, OPERATOR, name, name.title(), province.clock.now(), grants=grants)
    return Person(province, name, install or f"install-{name}")


def seen(record: dict[str, Any]) -> dict[str, Any]:
    """What is on the screen of whoever looks at `record`."""
    return {"ver": record["ver"], "content_digest": record["content_digest"]}


def approved(province: Province, on: str = DECISION["date"]) -> dict[str, Any]:
    """Kinh Bắc registers, is proposed, and approved on a list of that day."""
    case = opens(province["lan"], "unit_year", **FORM).json()
    moved(province["ha"], case, "register")
    moved(province["mai"], case, "propose")
    province["chu_tich"].upload(SCAN, mime="application/pdf")
    return moved(province["chu_tich"], case, "approve", paper={**DECISION, "date": on})


FROM_ABOVE = {"recognition", "classification_result", "emulation_result"}


def proofs(person: Person, unit: str, year: int) -> list[dict[str, Any]]:
    """One op for each item of the checklist that evidence has to meet."""
    items = person.get(f"/v1/units/{unit}/progress", year=year).json()["items"]
    ops = []
    for item in (i for i in items if i["source"] == "evidence" and not i["met"] and not i["code"].endswith("P03")):
        kind = item["kinds"][0]
        values: dict[str, Any] = {"title": f"Minh chứng {item['code']}", "kind": kind, "criteria": [item["code"]]}
        if kind in FROM_ABOVE:
            values["issuer"] = "Công an tỉnh"
        if kind in ("police_confirmation", "discipline_confirmation"):
            values["index"] = {
                "number": "15/XN", "date": f"{year}-11-16", "issuer": "Công an tỉnh", "conclusion": "Không xảy ra",
            }  # fmt: skip
        ops += [
            person.op("create", type="document", scope=f"{unit}/{year}", set={**values, "issued_on": f"{year}-11-1{n}"})
            for n in range(item["wanted"])
        ]
    return ops


def verifies(reviewer: Person, records: list[dict[str, Any]], decision: str = "verified") -> list[dict[str, Any]]:
    """Answers to a list of decisions."""
    decisions = [
        {"review_id": str(uuid.uuid4()), "record_id": r["id"], "on": seen(r), "decision": decision} for r in records
    ]
    answer = reviewer.post("/v1/reviews/batch", {"decisions": decisions})
    assert answer.status_code == 200, answer.text
    return list(answer.json()["results"])


def reports(writer: Person, signer: Person, unit: str, month: str, year: int, **values: Any) -> dict[str, Any]:
    """A monthly report drafted on a phone, and sent by the head."""
    place = {"type": "monthly_report", "scope": f"{unit}/{year}"}
    draft = writer.does("create", **place, set={"month": month, "results": "Ổn định.", **values})["record"]
    return moved(signer, draft, "submit", on=seen(draft))


def sent_dossier(province: Province, photos: Iterable[bytes] = ()) -> None:
    """Kinh Bắc sends its dossier on 11 December; its first piece has these photos, or one small one."""
    lan, ha, tuan = province["lan"], province["ha"], province["tuan"]
    case = approved(province)
    moved(ha, case, "start_building", paper=PAPER)
    at(province, f"{YEAR}-12-05 08:00")
    for month in range(5, 12):
        reports(lan, ha, KINH_BAC, f"{YEAR}-{month:02d}", YEAR)
    ops = proofs(lan, KINH_BAC, YEAR)
    ops[0]["media"] = []
    for photo in photos or (jpeg(),):
        assert lan.upload(photo).status_code == 201
        ops[0]["media"].append(file_entry(photo))
    province.work()
    made = [r["record"] for r in lan.push(*ops)["results"]]
    assert {r["status"] for r in verifies(tuan, made)} == {"done"}
    moved(lan, case, "open_dossier")
    at(province, f"{YEAR}-12-11 16:00")
    moved(ha, case, "submit_dossier", paper=PAPER)


def words_of(person: Person, paper_id: str) -> str:
    """All that a paper says, its tables as well."""
    made = docx.Document(io.BytesIO(person.get(f"/v1/papers/{paper_id}/docx").content))
    cells = [cell for table in made.tables for row in table.rows for cell in row.cells]
    return " ".join(line.text for part in (made, *cells) for line in part.paragraphs)


def zip_of(person: Person) -> tuple[dict[str, Any], bytes]:
    body = {"kind": "dossier_archive", "unit": KINH_BAC, "year": YEAR}
    asked = person.post("/v1/papers", body).json()
    person.province.work()
    paper = person.get(f"/v1/papers/{asked['paper_id']}").json()
    answer = person.get(f"/v1/papers/{asked['paper_id']}/zip")
    assert answer.status_code == 200, answer.text
    assert len(answer.content) == paper["files"][0]["size"] == int(answer.headers["content-length"])
    return paper, answer.content
