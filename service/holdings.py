"""What phones hold: of a lost one, what its account could read; of those of a unit, what they have not sent."""

from dataclasses import asdict, dataclass, field
from typing import Any

from sqlmodel import Session

from auth import clients
from auth.principal import Permission, Principal
from auth.sessions import as_of
from sync import census
from sync.census import Tally
from sync.waiting import Outstanding, outstanding, owing


@dataclass(frozen=True, slots=True)
class Holdings:
    """At most what the account could read; what the device said when it last pushed."""

    client_id: str
    scopes: list[Tally]
    last_seen_at: int | None = None
    pending: int | None = None
    last_dev_seq: int | None = None
    missing_dev_seq: list[int] = field(default_factory=list)


def holdings_of(session: Session, by: Principal, client_id: str, now: int) -> Holdings:
    """Raises ClientUnknown, NotPermitted."""
    client = clients.reached(session, by, client_id, now)
    holder = as_of(session, client.account_id, client_id, client.revoked_at or now)
    readable = census.readable_by(session, holder)
    return Holdings(client_id, readable, **_said(outstanding(session, [client_id]).get(client_id)))


def phones_of(session: Session, by: Principal, unit: str, year: int, now: int) -> list[dict[str, Any]]:
    """Phones of those who serve a unit, and others that wrote there and owe something. Raises NotPermitted."""
    by.require(Permission.SUPERVISE, f"{unit}/{year}")
    carried = clients.in_unit(session, unit, year, now)
    sent = outstanding(session, [phone.client_id for phone in carried])
    owe = {phone.client_id for phone in owing(session, f"{unit}/{year}")}
    return [
        {**asdict(phone), **_said(sent.get(phone.client_id))}
        for phone in carried
        if phone.client_id in owe or (phone.serves and phone.revoked_as is None)
    ]


def _said(sent: Outstanding | None) -> dict[str, Any]:
    if sent is None:
        return {}
    return {
        "last_seen_at": sent.seen_at,
        "pending": sent.pending,
        "last_dev_seq": sent.last_dev_seq,
        "missing_dev_seq": sent.missing,
    }
