"""The network between a phone and the service, and the machine's luck while it answers."""

from dataclasses import dataclass
from random import Random
from typing import Any

import httpx

from simulator.failpoints import blackout, busy, killed, mishap
from simulator.stack.site import Site

PORTAL = "<html>Đăng nhập Wi-Fi</html>"


@dataclass(slots=True)
class Weather:
    """How often each thing goes wrong in this schedule; each seed draws its own mix."""

    drop: float = 0  # the request never arrives
    cut: float = 0  # it arrives in part
    portal: float = 0  # somebody else answers
    repeat: float = 0  # it arrives a second time, later
    lose: float = 0  # the answer never comes
    delay: float = 0  # the answer to a push comes once more, later
    crash: float = 0  # the phone dies in the middle of what it does
    mishap: float = 0  # the service meets an error that nobody expected, at any point
    kill: float = 0  # the process that answers dies at any point
    dark: float = 0  # the power goes at any point
    busy: float = 0  # the database asks for another try, at any statement
    hold: float = 0  # others go on while a request waits

    @classmethod
    def drawn(cls, rng: Random) -> "Weather":
        """A mix: each fault is off, rare or frequent."""
        highs = (0.25, 0.25, 0.1, 0.3, 0.3, 0.3, 0.25, 0.15, 0.15, 0.05, 0.15, 0.15)
        return cls(*(rng.choice((0.0, high / 3, high)) for high in highs))


class Network(httpx.BaseTransport):
    """One caller's way to the service. `late`: what is still somewhere on the way."""

    def __init__(self, site: Site, rng: Random, weather: Weather) -> None:
        self.site, self.rng, self.weather = site, rng, weather
        self.late: list[httpx.Request] = []
        self.sent = self.interrupted = 0  # bytes of files; exchanges that did not come to their end

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        request.read()
        if request.method == "PATCH":
            self.sent += len(request.content)
        try:
            answer = self._exchange(request)
        except httpx.TransportError:
            self.interrupted += 1
            raise
        self.interrupted += answer.status_code >= 400
        return answer

    def _exchange(self, request: httpx.Request) -> httpx.Response:
        weather, luck = self.weather, self.rng.random
        if luck() < weather.drop:
            raise httpx.ConnectError("no signal", request=request)
        if luck() < weather.portal:
            self.interrupted += 1
            return httpx.Response(200, headers={"Content-Type": "text/html"}, text=PORTAL, request=request)
        if request.content and luck() < weather.cut:
            self._deliver(request, self.rng.randrange(len(request.content)))
            raise httpx.WriteError("cut", request=request)
        answer = self._deliver(request)
        if luck() < weather.repeat:
            self.late.append(request)
        if luck() < weather.lose:
            lost: type[httpx.TransportError] = self.rng.choice((httpx.ReadTimeout, httpx.RemoteProtocolError))
            raise lost("answer lost", request=request)
        return answer

    def _deliver(self, request: httpx.Request, upto: int | None = None) -> httpx.Response:
        content, whole = request.content[:upto], upto is None
        middle = self.rng.randrange(len(content) + 1)
        body = [part for part in (content[:middle], content[middle:]) if part]
        with_fault = self._trouble()
        try:
            return self.site.carry(request, body, whole=whole)
        finally:
            if with_fault:
                self.site.points.disarm()

    def _trouble(self) -> bool:
        weather, luck = self.weather, self.rng.random
        troubles = ((weather.mishap, mishap), (weather.kill, killed), (weather.dark, blackout), (weather.busy, busy))
        for chance, fault in troubles:
            if luck() < chance:
                self.site.points.arm(self.rng.randrange(50), fault)
                return True
        return False

    def something_late(self) -> str | None:
        """A request that somebody on the way sends again; how it was answered, which nobody hears."""
        if not self.late:
            return None
        request = self.late.pop(self.rng.randrange(len(self.late)))
        try:
            answer = self._deliver(request)
        except httpx.ReadError:
            return f"{request.method} once more, and the service died"
        return f"{request.method} {request.url.path.rpartition('/')[2][:8]} once more: {answer.status_code}"


def client(network: Network, **options: Any) -> httpx.Client:
    """An HTTP client on a network."""
    return httpx.Client(transport=network, base_url="http://127.0.0.1:8000", **options)
