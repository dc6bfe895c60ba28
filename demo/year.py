"""The year: every unit of the province from registration to the decision, on a virtual calendar, over the wire.

Months pass as fast as the machine allows. Everything that a phone sent or a desk decided is noted on this side; in the
end the service is asked what it holds, and the two are compared: nothing may be lost or overwritten.
"""

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any

import httpx

from demo.report import Report

HANOI = timezone(timedelta(hours=7), "Asia/Ho_Chi_Minh")
PEOPLE = {  # who plays, with the role that each has in every unit
    "van": "unit_editor",
    "thu": "unit_head",
    "tuan": "province_appraiser",
    "mai": "province_coordinator",
    "chutich": "province_decider",
    "noivu": "award_appraiser",
}
Turn = Callable[[datetime], None]  # turns the calendar of the service to a moment
Doc = dict[str, Any]


class YearFailed(Exception):
    """The service did not do what the plan asks of it; the text says what it answered."""


@dataclass(slots=True)
class Year:
    """What is known on this side. `sent`: what a record was made with; `cases`: the case of each unit."""

    http: httpx.Client
    tokens: Callable[[str], dict[str, str]]
    turn: Turn
    report: Report
    year: int
    units: list[Doc]
    cases: dict[str, Doc] = field(default_factory=dict)
    sent: dict[str, Doc] = field(default_factory=dict)
    edits: dict[str, Doc] = field(default_factory=dict)  # what was edited afterwards, by record
    dev_seq: int = 0
    decisions: int = 0
    faults: list[str] = field(default_factory=list)

    def at(self, day: str) -> None:
        """Turns the calendar to `MM-DD` or `MM-DD HH:MM` of the year."""
        text = f"{self.year}-{day}" + ("" if " " in day else " 08:00")
        self.turn(datetime.fromisoformat(text).replace(tzinfo=HANOI))

    def ask(self, who: str, method: str, path: str, **rest: Any) -> Any:
        """The answer as JSON. Raises YearFailed for a refusal."""
        answer = self.http.request(method, path, headers=self.tokens(who), **rest)
        if answer.status_code >= 300:
            raise YearFailed(f"{method} {path}: {answer.status_code} {answer.text[:300]}")
        return answer.json() if answer.content else None

    def refused(self, who: str, method: str, path: str, **rest: Any) -> str:
        """The code of the refusal; `` where there was none."""
        answer = self.http.request(method, path, headers=self.tokens(who), **rest)
        return str(answer.json()["code"]) if answer.status_code >= 300 else ""

    def push(self, ops: list[Doc]) -> list[Doc]:
        """Van's phone sends ops, 100 at a time; what was made is noted."""
        found: list[Doc] = []
        for start in range(0, len(ops), 100):
            batch = []
            for one in ops[start : start + 100]:
                self.dev_seq += 1
                batch.append({"op_id": new_id(), "dev_seq": self.dev_seq, "schema": 1, "base_ver": 0, **one})
            found += self.ask("van", "POST", "/v1/sync/push", json={"ops": batch})["results"]
        for op, result in zip(ops, found, strict=True):
            if result["status"] != "applied":
                raise YearFailed(f"push: {result}")
            book = self.sent if op["action"] == "create" else self.edits
            book.setdefault(op["record_id"], {}).update(op["set"])
        return [result["record"] for result in found]

    def move(self, who: str, case: Doc, action: str, **rest: Any) -> Doc:
        body = {"move_id": new_id(), "action": action, **rest}
        moved: Doc = self.ask(who, "POST", f"/v1/cases/{case['id']}/moves", json=body)
        return moved

    def move_all(self, who: str, units: list[str], action: str, **rest: Any) -> None:
        """The same move for the year of each unit. Raises YearFailed where one was refused."""
        ids = [self.cases[unit]["id"] for unit in units]
        for start in range(0, len(ids), 200):
            body = {"move_id": new_id(), "action": action, "record_ids": ids[start : start + 200], **rest}
            refused = [r for r in self.ask(who, "POST", "/v1/cases/moves", json=body)["results"] if r.get("code")]
            if refused:
                raise YearFailed(f"{action}: {refused[0]}")

    def month(self, day: str, vi: str, en: str) -> None:
        """A line of the calendar."""
        self.at(day)
        self.report.done(f"{day[3:5]}/{day[:2]}  {vi}", en)

    def expect(self, holds: bool, vi: str, en: str) -> None:
        """What does not hold is said and remembered, and the year fails in the end."""
        if not holds:
            self.faults.append(en)
            self.report.failed(vi or "Không như quy định", en)

    def check(self, holds: bool, vi: str, en: str) -> None:
        """The same, and told where it holds."""
        if holds:
            self.report.done(vi, en)
        self.expect(holds, vi, en)


def create(unit: str, year: int, type_name: str, **values: Any) -> Doc:
    """An op that makes a record; the phone gives it its number when it is sent."""
    place = {"action": "create", "type": type_name, "record_id": new_id(), "scope": f"{unit}/{year}"}
    return {**place, "set": values}


def new_id() -> str:
    """A UUID, as an app makes one for what it sends."""
    return str(uuid.uuid4())
