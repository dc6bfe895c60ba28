"""Token buckets: how often somebody may knock, and what is told of it (`RateLimit`, `Retry-After`). Pure."""

from dataclasses import dataclass

from auth.errors import TooManyRequests

MINUTE_MS = 60_000


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


def filled(policy: Policy, level: float, then: int, now: int) -> float:
    """What is in a bucket at `now` (ms) that held `level` at `then`."""
    return min(policy.burst, level + policy.burst * max(0, now - then) / policy.window)


def room(policy: Policy, level: float, cost: int) -> Room:
    """What is left after `cost`; 0 only asks whether there is room. Raises TooManyRequests where there is none."""
    if level < max(cost, 1):
        seconds = max(1, round((1 - level) * policy.window / policy.burst / 1000))
        headers = Room(policy, 0, seconds).headers()
        raise TooManyRequests(seconds=seconds, headers={"Retry-After": str(seconds), **headers})
    left = level - cost
    return Room(policy, int(left), round((policy.burst - left) * policy.window / policy.burst / 1000))
