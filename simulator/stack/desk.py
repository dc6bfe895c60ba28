"""The reviewer of a whole-stack schedule: decides on what was on the screen, and asks again if unsure."""

from random import Random
from typing import Any

import httpx

from minhchung_client.ids import uuid7
from simulator.stack.network import Network, Weather, client
from simulator.stack.site import Site
from simulator.stack.workshop import REVIEWER

Doc = dict[str, Any]
UNDECIDED = frozenset(
    {"content_changed", "media_incomplete", "conflict_open", "not_reviewable", "record_unknown", "token_expired"}
)


class Desk:
    """`shown`: every version that was on the screen. `decided`: what the service said was verified."""

    def __init__(self, site: Site, rng: Random, weather: Weather) -> None:
        self.site, self.rng = site, rng
        self.network = Network(site, rng, weather)
        self.http = client(self.network)
        self.screen: Doc | None = None
        self.unsure: list[dict[str, Any]] = []
        self.shown: dict[tuple[str, int], Doc] = {}
        self.decided: list[tuple[str, int]] = []
        self.odd: list[str] = []
        self.token, self.since = "", -1  # signed in again whenever time has passed

    def work(self) -> str:
        """Looks, or decides, or asks again what became of a decision."""
        try:
            if self.unsure and self.rng.random() < 0.5:
                return self._send(self.unsure.pop(0))
            if self.screen is None:
                return self._look()
            return self._decide(self.screen)
        except httpx.TransportError as error:
            return f"{type(error).__name__}"

    def _look(self) -> str:
        answer = self._ask("GET", "/v1/reviews/queue")
        if answer.status_code != 200 or "json" not in answer.headers["content-type"]:
            return f"cannot see the queue: {answer.status_code}"
        waiting = answer.json()["records"]
        if not waiting:
            return "nothing waits"
        self.screen = screen = self.rng.choice(waiting)
        self.shown[screen["id"], screen["ver"]] = screen
        return f"opens {screen['id'][-4:]} at {screen['ver']}"

    def _decide(self, screen: Doc) -> str:
        on = {"ver": screen["ver"], "content_digest": screen["content_digest"]}
        decision = self.rng.choice(("verified", "verified", "verified", "needs_info"))
        review_id = uuid7(self.site.clock.now(), self.rng.randbytes)
        self.screen = None
        return self._send({"review_id": review_id, "record_id": screen["id"], "on": on, "decision": decision,
                           "reason_code": None if decision == "verified" else "incomplete"})  # fmt: skip

    def _send(self, decision: dict[str, Any]) -> str:
        try:
            answer = self._ask("POST", "/v1/reviews", json=decision)
        except httpx.TransportError:
            self.unsure.append(decision)
            raise
        if answer.status_code >= 500 or "json" not in answer.headers["content-type"]:
            self.unsure.append(decision)
            return f"is unsure of a decision: {answer.status_code}"
        code = answer.json().get("code")
        where = f"{decision['record_id'][-4:]} at {decision['on']['ver']}"
        if answer.status_code == 200:
            if decision["decision"] == "verified":
                self.decided.append((decision["record_id"], decision["on"]["ver"]))
            else:  # of what was verified before, the reviewer has thought again
                self.decided = [(i, ver) for i, ver in self.decided if i != decision["record_id"]]
            return f"{decision['decision']} {where}"
        if code not in UNDECIDED:
            self.odd.append(f"a decision on {where} was refused as {code}")
        return f"is told {code} of {where}"

    def settle(self) -> None:
        """Asks what became of each decision, where no answer came; nothing fails by itself any more."""
        for _ in range(len(self.unsure)):
            self._send(self.unsure.pop(0))
        self.odd += [f"nobody can say what became of {decision}" for decision in self.unsure]

    def _ask(self, method: str, path: str, **content: Any) -> httpx.Response:
        if self.since != self.site.clock.now():
            self.since = self.site.clock.now()
            self.token = self.site.sign_in(REVIEWER, "desk-00000001", "Bàn")["access_token"]
        headers = {"Authorization": f"Bearer {self.token}"}
        return self.http.request(method, path, headers=headers, **content)
