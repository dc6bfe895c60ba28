"""Wrong passwords and codes, counted in the database: what one process has seen, every other one knows (ASVS 6.3.1).

A limit never stands on an account alone: whoever guesses at Lan's name from afar does not shut her phone out. Keys are
stored as digests under the server secret, for addresses are data about people.
"""

import hmac
from collections.abc import Sequence

from sqlmodel import Session, col, delete

from auth.buckets import MINUTE_MS, Policy, filled, room
from auth.models import GuessBucket

GUESSES = Policy("guesses", 10, 15 * MINUTE_MS)  # wrong passwords and codes for one name, from one address
ADDRESS = Policy("address", 100, 15 * MINUTE_MS)  # wrong passwords and codes from one address, whatever the name
TRIPS = Policy("trips", 300, 15 * MINUTE_MS)  # browsers sent to the outside provider for one address

Count = tuple[Policy, str]  # a limit, and whose


def ask(session: Session, secret: bytes, counts: Sequence[Count], now: int) -> None:
    """Whether there is room in each. Raises TooManyRequests."""
    for policy, key in counts:
        row = session.get(GuessBucket, _digest(secret, policy, key))
        if row is not None:
            room(policy, filled(policy, row.level, row.at, now), 0)


def spend(session: Session, secret: bytes, counts: Sequence[Count], now: int) -> None:
    """Takes one out of each, in the order of their digests, so that no two wait for each other.

    Raises TooManyRequests, and then takes nothing.
    """
    buckets = {_digest(secret, policy, key): policy for policy, key in counts}
    for key_hash, policy in sorted(buckets.items()):
        _take(session, key_hash, policy, now)


def sweep(session: Session, now: int) -> None:
    """Forgets buckets that are full again."""
    longest = max(policy.window for policy in (GUESSES, ADDRESS, TRIPS))
    session.exec(delete(GuessBucket).where(col(GuessBucket.at) <= now - longest))


def _take(session: Session, key_hash: str, policy: Policy, now: int) -> None:
    row = session.get(GuessBucket, key_hash, with_for_update=True)
    if row is None:
        row = GuessBucket(key_hash=key_hash, level=policy.burst, at=now)
        session.add(row)
    level = filled(policy, row.level, row.at, now)
    room(policy, level, 1)
    row.level, row.at = level - 1, now
    session.flush()


def _digest(secret: bytes, policy: Policy, key: str) -> str:
    return hmac.digest(secret, f"guess {policy.name}:{key}".encode(), "sha256").hex()
