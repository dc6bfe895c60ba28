"""The morning, in the office: the service opens, people get their phones, minutes are begun."""

import secrets
import string

from demo.day import Day
from demo.desk import Desk
from demo.people import CAST, LAN, MINH, OFFICERS, QUAN, TUAN, phone


def open_the_office(day: Day) -> None:
    """A new database with the province in it, an administrator made on the server itself, and the service."""
    day.report.step("Mở máy chủ", "a fresh server")
    loaded = day.server.command("migrate")
    day.report.done("Cơ sở dữ liệu mới, đã có các đơn vị và tiêu chí của tỉnh", f"a new database; {loaded}")
    for person in CAST:
        day.passwords[person.username] = _password()
    day.server.command(
        *("account", "add", QUAN.username, "--name", QUAN.name, "--grant", QUAN.unit, QUAN.role, "--password-stdin"),
        typed=day.passwords[QUAN.username] + "\n",
    )
    seconds = day.server.start()
    day.report.done(f"{day.server.url} trả lời sau {seconds:.1f} giây", "the service answers")


def hand_out_phones(day: Day) -> None:
    """Accounts and one-time codes by the API; each phone signs in with its code and pulls what it needs."""
    day.report.step("Giao điện thoại", "accounts, and phones enrolled with one-time codes")
    admin = day.desks[QUAN.username] = _desk(day, QUAN.username)
    for person in CAST[:-1]:
        day.account_ids[person.username] = admin.hire(
            person.username, person.name, day.passwords[person.username], person.unit, person.role
        )
    year = admin.year()
    for person in OFFICERS:
        code = admin.enrolment_code(day.account_ids[person.username])
        folder = day.folder / "phones" / person.username
        made = phone(folder, day.server.url, code, person, f"{person.unit}/{year}", day.ledger)
        officer = day.officers[person.username] = day.closing.enter_context(made)
        officer.device.sync()
        known = len(officer.device.replica.records())
        day.report.done(
            f"{person.name}, {person.place}: {known} bản ghi chương trình trên máy",
            f"{officer.given_name}'s phone knows {known} units and criteria before the signal goes",
        )
    day.desks[TUAN.username] = _desk(day, TUAN.username)


def begin_minutes(day: Day) -> None:
    """Lan begins the minutes of a meeting while there is a signal, so that Minh has them on his phone too."""
    day.report.step("Trước giờ đi cơ sở", "before they leave")
    lan, minh = day.officers[LAN.username], day.officers[MINH.username]
    day.minutes = lan.capture(
        "minutes",
        title="Họp quán triệt kế hoạch xây dựng phường điển hình",
        kind="minutes",
        criteria=["PH-A09"],
        held_at=day.at("08:00").isoformat(),
        held_where="Nhà văn hóa khu Niềm Xá",
        chair="Trần Thu Hà",
        secretary=LAN.name,
        attendees=["Trần Thu Hà", LAN.name, MINH.name],
        body="1. Khai mạc.\n2. Quán triệt kế hoạch.\n3. Thảo luận.\n4. Kết luận của chủ tọa.",
    )
    lan.device.sync()
    minh.device.sync()
    day.expect(
        bool(minh.shown(day.minutes)),
        "Lan mở biên bản họp, Minh đã có biên bản đó trên máy",
        "Lan begins minutes; Minh has them on his phone",
    )


def _desk(day: Day, username: str) -> Desk:
    return day.closing.enter_context(Desk(day.server.url, username, day.passwords[username]))


def _password() -> str:
    """Sixteen random characters of all four kinds that a password needs."""
    kinds = (string.ascii_lowercase, string.ascii_uppercase, string.digits, "-_.")
    letters = [secrets.choice(kind) for kind in kinds for _ in range(4)]
    secrets.SystemRandom().shuffle(letters)
    return "".join(letters)
