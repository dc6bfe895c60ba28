"""What happens to phones and to the service in a whole-stack schedule. Returned is what became of it, in words."""

import shutil
from copy import deepcopy
from dataclasses import dataclass
from typing import TYPE_CHECKING

from service.signed_list import Manifest
from simulator.stack.phone import FieldPhone
from simulator.stack.workshop import MOST_PHONES

if TYPE_CHECKING:
    from simulator.stack.day import Day

HOUR = 3_600_000


@dataclass(frozen=True, slots=True)
class Saved:
    """A backup of the service, and what held when it was taken: units by account, decisions."""

    manifest: Manifest
    held: dict[str, set[str]]
    verified: dict[tuple[str, int], str]


def backup(day: "Day", phone: FieldPhone) -> str:
    """The phone is copied, restored from its copy, or a second one is set up from that."""
    mine = [copy for owner, copy in day.backups if owner is phone]
    if phone.working or phone.disk.real.in_transaction:
        return "is at it"
    if not mine:
        day.backups.append((phone, phone.disk.copy()))
        return "is kept"
    if day.rng.random() < 0.4 and len(day.phones) < MOST_PHONES:
        return _copied(day, phone, mine[-1])
    before, unsent = phone.held_ops(), phone.held_ops() - phone.answered_ops()
    phone.disk.put_back(mine[-1])
    phone.went_back = True
    phone.start()
    left = before - day.on_phones()
    day.only_there |= left
    for op_id in left & unsent:
        day.ledger[op_id].gone = True
    return f"goes back in time, {len(unsent)} ops were still unsent"


def _copied(day: "Day", phone: FieldPhone, copy: bytes) -> str:
    twin = day.phone(phone.account)
    shutil.copytree(phone.folder, twin.folder, dirs_exist_ok=True)
    twin.disk.put_back(copy)
    twin.seen = {record_id: set(seen) for record_id, seen in phone.seen.items()}
    twin.went_back = True
    twin.start()
    return "has a twin"


def work(day: "Day", _phone: FieldPhone) -> str:
    """A worker does what waits."""
    return f"{day.site.work()} jobs"


def kill(day: "Day", _phone: FieldPhone) -> str:
    """A process dies between two requests, or in the middle of one that waits."""
    number = day.rng.randrange(2)
    day.site.kill(number)
    return f"process {number}"


def blackout(day: "Day", _phone: FieldPhone) -> str:
    """The power goes and comes back."""
    day.site.lose_power()
    return "of both processes and of what was not synced"


def save(day: "Day", _phone: FieldPhone) -> str:
    """The service is backed up, and tells phones what they may forget."""
    day.saved = Saved(day.site.back_up(), deepcopy(day.held), dict(day.docket.verified))
    return "into a backup"


def restore(day: "Day", _phone: FieldPhone) -> str:
    """The service is lost and comes back as its backup has it; an operator opens a new epoch.

    What is on any phone comes back. What only the service had is lost, and so are decisions and grants made since.
    """
    if day.saved is None or day.depth:
        return "is not called for"
    there = day.site.bring_back(day.saved.manifest)
    day.held, day.docket.verified = deepcopy(day.saved.held), dict(day.saved.verified)
    for desk in day.desks:
        desk.leave()
    for phone in day.phones:
        phone.went_back = True
    lost = day.only_there - there - day.on_phones()
    for op_id in lost:
        day.ledger[op_id].gone = True
    return f"from a backup; {len(lost)} ops are on no phone any more"


def time(day: "Day", _phone: FieldPhone) -> str:
    """It passes: tokens expire, and sometimes uploads do."""
    hours = day.rng.choice((0.3, 2, 30, 200))
    day.site.pass_time(int(hours * HOUR))
    day.site.attend()
    return f"{hours} hours"
