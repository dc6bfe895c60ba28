"""What tests of the desk for personal data share: the officer who works on it, opening a case, moving it."""

import uuid
from typing import Any

from httpx import Response

from auth import accounts
from auth.accounts import OPERATOR
from auth.principal import Grant, Role
from people import Person, Province

BASIS = "Luật 91/2025/QH15, Điều 14"


def officer(province: Province) -> Person:
    """Bảo, who protects personal data for the province."""
    grant = Grant("*", Role.DATA_PROTECTION_OFFICER)
    province.db.write(accounts.create_account, OPERATOR, "bao", "Bảo", province.clock.now(), grants=(grant,))
    return Person(province, "bao")


def opens(who: Person, type_: str = "request", **more: Any) -> Response:
    return who.post("/v1/privacy/cases", {"case_id": str(uuid.uuid4()), "type": type_, "words": "Yêu cầu", **more})


def moves(who: Person, case: dict[str, Any], action: str, **more: Any) -> Response:
    body = {"move_id": str(uuid.uuid4()), "action": action, "note": "Đã làm", **more}
    return who.post(f"/v1/privacy/cases/{case['id']}/moves", body)


def moved(who: Person, case: dict[str, Any], action: str, **more: Any) -> dict[str, Any]:
    answer = moves(who, case, action, **more)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())
