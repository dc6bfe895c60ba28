"""What people do in a whole-stack schedule, each with a phone. Returned is what became of it, in words."""

from typing import TYPE_CHECKING

from auth.principal import Grant, Role
from simulator.stack.phone import FieldPhone
from simulator.stack.workshop import MOST_PHONES, UNITS, YEAR

if TYPE_CHECKING:
    from simulator.stack.day import Day


def edit(day: "Day", phone: FieldPhone) -> str:
    """Somebody captures something, with or without signal."""
    with phone.disk.safe():
        known = [record_id for record_id in phone.known() if record_id in day.made]
        if not known or day.rng.random() < 0.35:
            return _make(day, phone)
        record_id = day.rng.choice(known)
        shown = phone.look(record_id)
        return f"{record_id[-4:]}: {day.pen.change(phone, shown, day.held[phone.account])}" if shown else "sees nothing"


def _make(day: "Day", phone: FieldPhone) -> str:
    unit = day.rng.choice(sorted(day.held[phone.account]))
    files = phone.file() if day.rng.random() < 0.5 else None
    made = phone.capture("create", f"{unit}/{YEAR}", files=files, set=day.pen.values(None))
    day.made[made] = None
    return f"makes {made[-4:]}{' with a file' if files else ''}"


def push(_day: "Day", phone: FieldPhone) -> str:
    """One batch goes out, or seems to."""
    return phone.step("push_once")


def upload(day: "Day", phone: FieldPhone) -> str:
    """Some pieces of a file go out, or seem to."""
    return phone.step("upload_once", day.rng.choice((1, 2, None)))


def pull(_day: "Day", phone: FieldPhone) -> str:
    """One page comes in, or seems to."""
    return phone.step("pull_once")


def late(_day: "Day", phone: FieldPhone) -> str:
    """Something from the past arrives."""
    with phone.disk.safe():
        return phone.something_late() or "nothing"


def restart(_day: "Day", phone: FieldPhone) -> str:
    """The app is killed and opened again."""
    if phone.working:
        return "is at it"
    phone.start()
    return "the app"


def free(_day: "Day", phone: FieldPhone) -> str:
    """The phone makes room: what a backup of the service holds may go."""
    return f"of {phone.step('free')} bytes"


def lend(day: "Day", phone: FieldPhone) -> str:
    """A colleague signs in on the same phone; their work stays apart."""
    there = {one.account for one in day.phones if phone in (one, one.host)}
    guests = [account for account in day.held if account not in there]
    if not guests or phone.host or len(day.phones) >= MOST_PHONES:
        return "is asked for in vain"
    return f"to {day.phone(day.rng.choice(guests), host=phone).account}"


def regrant(day: "Day", phone: FieldPhone) -> str:
    """A grant is given or taken."""
    day.site.pass_time(1)
    held, given = day.held[phone.account], Grant(UNITS[1], Role.FIELD_OFFICER)
    if UNITS[1] in held:
        held.discard(UNITS[1])
        day.site.revoke(phone.account, given)
        return f"loses {UNITS[1]}"
    held.add(UNITS[1])
    day.site.grant(phone.account, given)
    return f"gets {UNITS[1]}"


def review(day: "Day", _phone: FieldPhone) -> str:
    """A reviewer opens a record, claims it, or decides on it."""
    desk = day.rng.choice(day.desks)
    return f"{desk.name} {desk.work()}"
