"""A push as nobody should send it: the bytes go out just as they are."""

import json
from typing import Any

from httpx import Response
from sqlmodel import col, select

from people import Person, Province
from sync.models import Op

JSON = "application/json"


def send(person: Person, body: Any, content_type: str | None = JSON, **headers: str) -> Response:
    """Pushes a body just as it is; what is not bytes becomes JSON with all that JSON cannot really hold."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    sent = {**person.headers, **headers, **({"Content-Type": content_type} if content_type else {})}
    return person.province.http.post("/v1/sync/push", content=content, headers=sent)


def results(person: Person, *ops: Any) -> list[dict[str, Any]]:
    answer = send(person, {"ops": ops})
    assert answer.status_code == 200, answer.text
    return list(answer.json()["results"])


def stored(province: Province, op_id: str) -> Op:
    return province.db.read(lambda session: session.exec(select(Op).where(col(Op.op_id) == op_id)).one())
