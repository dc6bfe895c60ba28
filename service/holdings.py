"""What a lost phone may hold: the reach of its account on the day that it was shut out, counted by scope."""

from dataclasses import dataclass

from sqlmodel import Session

from auth import clients
from auth.principal import Principal
from auth.sessions import as_of
from sync import census
from sync.census import Tally


@dataclass(frozen=True, slots=True)
class Holdings:
    """At most what the account could read; what the device said when it last pushed."""

    client_id: str
    last_seen_at: int | None
    pending: int | None
    last_dev_seq: int | None
    scopes: list[Tally]


def holdings_of(session: Session, by: Principal, client_id: str, now: int) -> Holdings:
    """Raises ClientUnknown, NotPermitted."""
    client = clients.reached(session, by, client_id, now)
    replica = census.replica(session, client_id)
    holder = as_of(session, client.account_id, client_id, client.revoked_at or now)
    return Holdings(
        client_id,
        replica.seen_at if replica else None,
        replica.pending if replica else None,
        replica.last_dev_seq if replica else None,
        census.readable_by(session, holder),
    )
