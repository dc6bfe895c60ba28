"""What the steps of the day share: the service, the phones, the desks, the ledger, and what has gone wrong so far."""

from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from pathlib import Path

from demo.desk import Desk
from demo.ledger import Ledger
from demo.people import CAST, Officer
from demo.photos import Photo
from demo.report import Report
from demo.server import Server

HANOI = timezone(timedelta(hours=7), "Asia/Ho_Chi_Minh")


@dataclass(slots=True)
class Day:
    """One field day. `photos`: given ones, else they are drawn. `closing` ends whatever was opened."""

    folder: Path
    server: Server
    report: Report
    photos: list[Photo]
    closing: ExitStack
    date: datetime = field(default_factory=lambda: datetime.now(HANOI))
    ledger: Ledger = field(default_factory=Ledger)
    passwords: dict[str, str] = field(default_factory=dict)
    account_ids: dict[str, str] = field(default_factory=dict)
    officers: dict[str, Officer] = field(default_factory=dict)
    desks: dict[str, Desk] = field(default_factory=dict)
    minutes: str = ""  # the record that two people edit apart
    unclear: str = ""  # the photo that is not good enough
    faults: list[str] = field(default_factory=list)

    def at(self, clock: str) -> datetime:
        """A time of this day, such as 08:15, in Bắc Ninh."""
        hour, minute = map(int, clock.split(":"))
        return self.date.replace(hour=hour, minute=minute, second=0, microsecond=0)

    def name_of(self, account_id: str) -> str:
        """Who that is, for people."""
        usernames = {account: username for username, account in self.account_ids.items()}
        return next((p.name for p in CAST if p.username == usernames.get(account_id)), account_id)

    def expect(self, holds: bool, vi: str, en: str) -> None:
        """Says what went as it should; what did not is remembered, and the day fails in the end."""
        if holds:
            self.report.done(vi, en)
        else:
            self.faults.append(en)
            self.report.failed(vi, en)
