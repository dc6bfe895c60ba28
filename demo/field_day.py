"""The field day from beginning to end, and what it proved. Everything lives below one new folder."""

import json
import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import FrameType

import httpx

from demo import evening, fieldwork, morning, review
from demo.day import Day
from demo.ledger import Verdict
from demo.people import CAST, TUAN
from demo.photos import Photo, in_folder
from demo.report import Report, shown
from demo.server import Server, ServerFailed, free_port
from minhchung_client import ClientError

STORY: tuple[Callable[[Day], None], ...] = (
    morning.open_the_office,
    morning.hand_out_phones,
    morning.begin_minutes,
    fieldwork.lose_the_signal,
    fieldwork.take_photos,
    fieldwork.walk_patrols,
    fieldwork.write_papers,
    fieldwork.edit_apart,
    evening.break_an_upload,
    evening.come_back,
    evening.resolve_the_conflict,
    review.review_all,
    review.fix_what_came_back,
    review.show_progress,
)
ENDINGS = (signal.SIGTERM, signal.SIGHUP)


def play(folder: Path, *, photos: Path | None = None, port: int = 8000, keep_serving: bool = False) -> int:
    """Plays the day in a new folder below `folder`; returns 0 only if everything captured is there and verified.

    `photos`: a folder with pictures to use. `keep_serving`: the service stays until Ctrl-C. However this ends, the
    service that it started ends with it.
    """
    report = Report()
    try:
        given = in_folder(photos) if photos else []
        with _ended_by_signals(), ExitStack() as closing:
            return _play(folder, given, free_port(port), report, closing, keep_serving=keep_serving)
    except (ServerFailed, ClientError, OSError) as error:
        report.failed("Ngày diễn tập dừng giữa chừng", shown(error) or type(error).__name__)
    except httpx.HTTPStatusError as error:
        report.failed("Máy chủ từ chối", shown(review.refused(error)))
    except KeyboardInterrupt:
        report.failed("Đã dừng theo yêu cầu", "stopped before the end")
    return 1


def _play(
    folder: Path, given: list[Photo], port: int, report: Report, closing: ExitStack, *, keep_serving: bool
) -> int:
    home = _new_folder(folder)
    server = Server(home / "server", port)
    closing.callback(server.stop)
    day = Day(home, server, report, given, closing)
    report.title(
        "Minh Chứng: một ngày đi cơ sở",
        f"Minh Chứng: a field day, with invented people and evidence. Everything is in {shown(home)}",
    )
    for step in STORY:
        step(day)
    verdict = _count(day)
    _show(day, verdict)
    code = 1 if day.faults else verdict.exit_code
    if code:
        report.text(f"Nhật ký máy chủ · the server's log: {shown(server.log)}")
    if keep_serving:
        _serve(day)
    else:
        report.text(
            "make run: cùng ngày đó, rồi máy chủ vẫn chạy · the same day, and the service stays for you to look"
        )
    return code


def _count(day: Day) -> Verdict:
    """Looks for everything that was captured, from outside: as a reviewer who pulls and downloads."""
    day.report.step("Kiểm đếm", "every op and file that was captured is looked for at the service")
    for officer in day.officers.values():
        officer.book()
    return day.ledger.verdict(day.desks[TUAN.username].everything())


def _show(day: Day, verdict: Verdict) -> None:
    report = day.report
    report.blank()
    heads = (("", "đã thu", "đã nhận", "đã xác nhận", "mất"), ("", "captured", "acknowledged", "verified", "lost"))
    rows = [
        (r.label, str(r.captured), str(r.acknowledged), "–" if r.verified is None else str(r.verified), str(r.lost))
        for r in verdict.rows
    ]
    report.table(heads, rows)
    report.blank()
    for fault in (*day.faults, *verdict.faults):
        report.failed("Không như mong đợi", shown(fault))
    if verdict.exit_code == 0 and not day.faults:
        report.done(
            f"Mất: {verdict.lost}. Ghi đè lặng lẽ: {verdict.overwritten}. Mọi thứ đã thu đều được xác nhận.",
            f"lost: {verdict.lost}; silently overwritten: {verdict.overwritten}; everything captured is verified",
        )
    else:
        report.failed(
            f"Mất: {verdict.lost}. Ghi đè lặng lẽ: {verdict.overwritten}. Bảng trên không đạt.",
            f"lost: {verdict.lost}; silently overwritten: {verdict.overwritten}; the table does not hold",
        )


def _serve(day: Day) -> None:
    """Says where to look and how to sign in, and stays until Ctrl-C, or until the service ends by itself."""
    report, url = day.report, day.server.url
    report.step("Xem tiếp", "where to look")
    report.text(f"Tài liệu API · API docs   {url}/docs   {url}/openapi.json")
    report.blank()
    report.text("Đăng nhập · sign-in data, made for this run:")
    for person in CAST:
        who = f"{person.name}, {person.place} ({person.role})"
        report.text(f"  {person.username:6} {day.passwords[person.username]}   {who}")
    report.blank()
    sign_in = {"username": TUAN.username, "password": day.passwords[TUAN.username]}
    sign_in |= {"install_id": "terminal-1", "device_name": "terminal"}
    report.text(f"curl {url}/v1/auth/sign-in -H 'Content-Type: application/json' -d '{json.dumps(sign_in)}'")
    report.blank()
    report.text("Ctrl-C để dừng · to stop")
    try:
        day.server.wait()
    except KeyboardInterrupt:
        report.blank()
        report.text("Đang dừng · stopping")


def _new_folder(below: Path) -> Path:
    """The next numbered folder, so that a day never meets the data of another."""
    below.mkdir(parents=True, exist_ok=True)
    number = max((int(p.name) for p in below.iterdir() if p.name.isdecimal()), default=0)
    while True:
        number += 1
        try:
            (below / str(number)).mkdir()
        except FileExistsError:
            continue
        return below / str(number)


@contextmanager
def _ended_by_signals() -> Iterator[None]:
    """Being told to end is an exception here, so that everything opened is closed on the way out."""

    def end(number: int, _frame: FrameType | None) -> None:
        raise SystemExit(128 + number)

    before = {number: signal.signal(number, end) for number in ENDINGS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
