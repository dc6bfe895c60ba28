"""One phone of a model-level schedule: the reference client over a network that loses, repeats and delays."""

from dataclasses import dataclass, field
from typing import Any, cast

from minhchung_client import Device, Unreachable
from minhchung_client.transport import Transport
from simulator.disk import Crash
from simulator.handset import Handset
from simulator.server import ModelServer


@dataclass(slots=True)
class Faults:
    """How often things go wrong in this schedule; each seed draws its own mix."""

    drop: float
    lose: float
    repeat: float
    crash: float
    delay: float


@dataclass(kw_only=True)
class Phone(Handset):
    """An account with one install. It is its own `Transport`, and fails as one."""

    server: ModelServer
    faults: Faults
    late: list[tuple[str, Any]] = field(default_factory=list)
    leaks: list[str] = field(default_factory=list)
    pages: tuple[int, ...] = (1, 2, 5, 500)

    def start(self) -> None:
        super().start()
        self.device = Device(self.replica, cast("Transport", self))  # no files, and no ids that two phones share

    def push(self, body: dict[str, Any]) -> Any:
        return self._call("push", body)

    def pull(self, body: dict[str, Any]) -> Any:
        return self._call("pull", {**body, "limit": self.rng.choice(self.pages)})

    def _call(self, what: str, body: dict[str, Any]) -> Any:
        faults, rng = self.faults, self.rng
        if rng.random() < faults.drop:
            raise Unreachable("request lost")
        answer = self._reach(what, body)
        if what == "pull":
            self._look_for_leaks(answer)
        if rng.random() < faults.repeat:
            self.late.append((what, body))
        if rng.random() < faults.delay:
            self.late.append((f"answer to {what}", answer))
        if rng.random() < faults.lose:
            raise Unreachable("answer lost")
        return answer

    def _look_for_leaks(self, page: Any) -> None:
        """Whatever a page shows, its reader may read at that moment."""
        reach = self.server.reach(self.account)
        self.leaks += [
            f"leaked: {self.account} was shown {change['record']['id']} of {change['scope']}"
            for change in page["changes"]
            if change["kind"] == "put" and change["scope"] not in reach
        ]

    def _reach(self, what: str, body: dict[str, Any]) -> Any:
        return getattr(self.server, what)(self.account, f"client-{self.account}", body)

    def step(self, what: str) -> None:
        """One sync step, in which the process may die at any statement."""
        if self.rng.random() < self.faults.crash:
            self.disk.left = self.rng.randrange(12)
        try:
            getattr(self.device, what)()
        except Unreachable:
            pass
        except Crash:
            self.start()
        self.disk.left = -1

    def something_late(self) -> None:
        """A request that a proxy sends again, or an answer that comes after all."""
        if not self.late:
            return
        what, body = self.late.pop(self.rng.randrange(len(self.late)))
        if what == "answer to push":
            self.replica.apply_results(body)
        elif what in ("push", "pull"):
            self._reach(what, body)
