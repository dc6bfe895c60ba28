"""The reviewers of a whole-stack schedule: they decide on what was on their screens, and ask again if unsure."""

from dataclasses import dataclass, field
from random import Random
from typing import Any

import httpx

from minhchung_client.ids import uuid7
from simulator.stack.network import Network, Weather, client
from simulator.stack.site import Site

Doc = dict[str, Any]
UNDECIDED = frozenset(
    {
        "content_changed", "media_incomplete", "conflict_open", "not_reviewable", "record_unknown", "token_expired",
        "claimed_by_another", "decided_meanwhile",
    }
)  # fmt: skip
DECISIONS = ("verified", "verified", "verified", "needs_info", "rejected")


@dataclass
class Docket:
    """What the reviewers saw and decided. `shown`: every version that was on a screen.

    `asked`: review -> version and digest that were on the screen. `verified`: what the service said was, with its
    digest; a later word on the same content takes it out.
    """

    shown: dict[tuple[str, int], Doc] = field(default_factory=dict)
    asked: dict[str, tuple[int, str]] = field(default_factory=dict)
    verified: dict[tuple[str, int], str] = field(default_factory=dict)


class Desk:
    """One reviewer's."""

    def __init__(self, name: str, docket: Docket, site: Site, rng: Random, weather: Weather) -> None:
        self.name, self.docket, self.site, self.rng = name, docket, site, rng
        self.network = Network(site, rng, weather)
        self.http = client(self.network)
        self.screen: Doc | None = None
        self.unsure: list[dict[str, Any]] = []
        self.odd: list[str] = []
        self.token, self.since = "", -1  # signed in again whenever time has passed

    def work(self) -> str:
        """Looks, or decides, or asks again what became of a decision."""
        try:
            if self.unsure and self.rng.random() < 0.5:
                return self._send(self.unsure.pop(0))
            if self.screen is None:
                return self._look()
            return self._claim(self.screen) if self.rng.random() < 0.15 else self._decide(self.screen)
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
        self.docket.shown[screen["id"], screen["ver"]] = screen
        return f"opens {screen['id'][-4:]} at {screen['ver']}"

    def _claim(self, screen: Doc) -> str:
        """Takes it in hand, or gives it up."""
        method = self.rng.choice(("PUT", "PUT", "DELETE"))
        answer = self._ask(method, f"/v1/reviews/{screen['id']}/claim")
        return f"{method} claim of {screen['id'][-4:]}: {answer.status_code}"

    def _decide(self, screen: Doc) -> str:
        on = {"ver": screen["ver"], "content_digest": screen["content_digest"]}
        decision = self.rng.choice(DECISIONS)
        review_id = uuid7(self.site.clock.now(), self.rng.randbytes)
        self.screen = None
        self.docket.asked[review_id] = screen["ver"], screen["content_digest"]
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
            self._note(decision, answer.json().get("review") or {})
            return f"{decision['decision']} {where}"
        if code not in UNDECIDED:
            self.odd.append(f"a decision on {where} was refused as {code}")
        return f"is told {code} of {where}"

    def _note(self, decision: dict[str, Any], review: Doc) -> None:
        """To a decision that is asked about again, the answer shows the record as it is now."""
        record_id, digest = decision["record_id"], decision["on"]["content_digest"]
        if decision["decision"] != "verified":
            gone = [key for key, seen in self.docket.verified.items() if (key[0], seen) == (record_id, digest)]
            for key in gone:
                del self.docket.verified[key]
        elif decision["review_id"] == review.get("review_id") or digest == review.get("verified_digest"):
            self.docket.verified[record_id, decision["on"]["ver"]] = digest

    def leave(self) -> None:
        """The service is another one from here on: nothing of before is on the screen or asked about."""
        self.screen, self.unsure, self.since = None, [], -1

    def settle(self) -> None:
        """Asks what became of each decision, where no answer came; nothing fails by itself any more."""
        for _ in range(len(self.unsure)):
            self._send(self.unsure.pop(0))
        self.odd += [f"nobody can say what became of {decision}" for decision in self.unsure]

    def _ask(self, method: str, path: str, **content: Any) -> httpx.Response:
        if self.since != self.site.clock.now():
            self.since = self.site.clock.now()
            self.token = self.site.sign_in(self.name, f"desk-of-{self.name}", "Bàn")["access_token"]
        headers = {"Authorization": f"Bearer {self.token}"}
        return self.http.request(method, path, headers=headers, **content)
