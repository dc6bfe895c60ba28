"""How the table of accesses asks for the moves of cases, and how it reads a refusal."""

import uuid
from typing import Any

from people import Person

HIDDEN = (401, 403, 404)


def verdict(answer: Any) -> str:
    """The code of a refusal; `ok` for whatever comes after being let through, be it a complaint about the body."""
    if answer.status_code not in HIDDEN:
        return "ok"
    return answer.json()["code"] if answer.content else str(answer.status_code)


def decide_many(who: Person, place: Any) -> str:
    on = {"ver": 1, "content_digest": "0" * 64}
    one = {"review_id": str(uuid.uuid4()), "record_id": place.record["id"], "on": on, "decision": "rejected"}
    code = who.post("/v1/reviews/batch", {"decisions": [one]}).json()["results"][0]["code"]
    return str(code) if code in ("review_not_permitted", "record_unknown") else "ok"


def open_case(who: Person, place: Any) -> str:
    body = {"move_id": str(uuid.uuid4()), "type": "unit_year", "unit": place.unit, "year": 2026}
    return verdict(who.post("/v1/cases", body))


def move(who: Person, place: Any) -> str:
    """A unit withdraws; without a reason nothing comes of it."""
    return verdict(who.post(f"/v1/cases/{place.case}/moves", {"move_id": str(uuid.uuid4()), "action": "withdraw"}))


def move_list(who: Person, place: Any) -> str:
    body = {"move_id": str(uuid.uuid4()), "action": "withdraw", "record_ids": [place.case]}
    code = who.post("/v1/cases/moves", body).json()["results"][0]["code"]
    return str(code) if code in ("not_permitted", "case_unknown") else "ok"


def redact(who: Person, place: Any) -> str:
    """A field that the record does not have: it stays as it is for whoever asks next."""
    body = {"redaction_id": str(uuid.uuid4()), "fields": ["tags"], "reason": "not_needed", "basis": "Luật 91/2025/QH15"}
    return verdict(who.post(f"/v1/records/{place.record['id']}/redactions", body))


def ask_for_paper(who: Person, place: Any) -> str:
    return verdict(who.post("/v1/papers", {"kind": "registration", "unit": place.unit, "year": 2026}))


def destroy_op(who: Person, place: Any) -> str:
    """An op that is not sealed: to be told so is to be let through."""
    return verdict(who.post(f"/v1/ops/{place.refused}/destroy", {"officer": "Thiếu tá Hoà"}))


NOBODY = str(uuid.UUID(int=0))
STRANGER = {"case_id": NOBODY, "type": "request", "kind": "access", "subject": "Bà Hoa", "words": "Xem dữ liệu"}
PRIVACY = {
    "openPrivacyCase": lambda who, _at: verdict(who.post("/v1/privacy/cases", {**STRANGER, "kind": "none"})),
    "readPrivacyCase": lambda who, _at: verdict(who.get(f"/v1/privacy/cases/{NOBODY}")),
    "movePrivacyCase": lambda who, _at: verdict(
        who.post(f"/v1/privacy/cases/{NOBODY}/moves", {"move_id": NOBODY, "action": "accept"})
    ),
    "breachNotice": lambda who, _at: verdict(who.get(f"/v1/privacy/cases/{NOBODY}/notice")),
    "breachReach": lambda who, _at: verdict(who.get(f"/v1/privacy/cases/{NOBODY}/reach")),
    "exportSubject": lambda who, _at: verdict(who.get(f"/v1/privacy/cases/{NOBODY}/export")),
    "dueForErasure": lambda who, _at: verdict(who.get("/v1/privacy/retention")),
    "eraseDue": lambda who, _at: verdict(
        who.post("/v1/privacy/retention", {"erasure_id": NOBODY, "record_ids": [NOBODY]})
    ),
    "erasureCertificate": lambda who, _at: verdict(who.get(f"/v1/privacy/certificates/{NOBODY}")),
}

PART = {"offset": 0, "size": 1}
DIRECT = {
    "linkMedia": lambda who, at: verdict(who.get(f"/v1/media/{at.record['id']}/{next(iter(at.record['files']))}/link")),
    "createUploadPart": lambda who, at: verdict(who.post(f"{at.upload}/parts", {**PART, "sha256": "0" * 64})),
    "confirmUploadPart": lambda who, at: verdict(who.post(f"{at.upload}/parts/{NOBODY}", PART)),
}


def shut_out_app(who: Person, _place: Any) -> str:
    """There is none by this name: to be told so is to be let through."""
    answer = verdict(who.province.http.delete(f"/v1/apps/{uuid.uuid4()}", headers=who.headers))
    return "ok" if answer == "app_unknown" else answer


def import_table(who: Person, _place: Any) -> str:
    headers = {**who.headers, "Content-Type": "application/octet-stream"}
    return verdict(who.province.http.post("/v1/imports/units", content=b"x", headers=headers))
