"""How often somebody may knock: token buckets in memory, told on every answer (`RateLimit`, `Retry-After`).

Of several processes each keeps its own, so that the true limit is a multiple; what they protect is checked elsewhere.
A limit never stands on an account alone: whoever guesses at Lan's name from afar does not shut her phone out.
"""

from collections import OrderedDict
from dataclasses import dataclass
from threading import Lock

from auth.errors import TooManyRequests

MINUTE_MS = 60_000
MOST_KEYS = 50_000


@dataclass(frozen=True, slots=True)
class Policy:
    """`burst` at once, and as many again in `window` ms."""

    name: str
    burst: int
    window: int


@dataclass(frozen=True, slots=True)
class Room:
    """What is left of a policy; `reset` is seconds until the bucket is full."""

    policy: Policy
    left: int
    reset: int

    def headers(self) -> dict[str, str]:
        """Structured fields of the draft on RateLimit headers."""
        policy = self.policy
        return {
            "RateLimit-Policy": f'"{policy.name}";q={policy.burst};w={policy.window // 1000}',
            "RateLimit": f'"{policy.name}";r={self.left};t={self.reset}',
        }


GUESSES = Policy("guesses", 10, 15 * MINUTE_MS)  # wrong passwords and codes for one name, from one address
ADDRESS = Policy("address", 100, 15 * MINUTE_MS)  # wrong passwords and codes from one address, whatever the name
TRIPS = Policy("trips", 300, 15 * MINUTE_MS)  # browsers sent to the outside provider for one address


class Limits:
    """Buckets by policy and key, the least used forgotten first."""

    def __init__(self) -> None:
        self._buckets: OrderedDict[tuple[str, str], tuple[float, int]] = OrderedDict()
        self._lock = Lock()

    def spend(self, policy: Policy, key: str, now: int, cost: int = 1) -> Room:
        """Takes `cost` out of a bucket; 0 only asks whether there is room. Raises TooManyRequests, taking nothing."""
        place = (policy.name, key)
        with self._lock:
            level, then = self._buckets.pop(place, (float(policy.burst), now))
            level = min(policy.burst, level + policy.burst * max(0, now - then) / policy.window)
            taken = level >= max(cost, 1)
            self._buckets[place] = (level - cost if taken else level, now)
            if len(self._buckets) > MOST_KEYS:
                self._buckets.popitem(last=False)
        if not taken:
            seconds = max(1, round((1 - level) * policy.window / policy.burst / 1000))
            headers = Room(policy, 0, seconds).headers()
            raise TooManyRequests(seconds=seconds, headers={"Retry-After": str(seconds), **headers})
        left = level - cost
        return Room(policy, int(left), round((policy.burst - left) * policy.window / policy.burst / 1000))


def requests_of_client(per_minute: int) -> Policy:
    """What one signed-in device may ask in a minute."""
    return Policy("client", per_minute, MINUTE_MS)
