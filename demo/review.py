"""The review: a reviewer of the province verifies, sends back what is not good enough, and says why."""

from collections import Counter
from typing import Any

import httpx

from demo.day import Day
from demo.people import BINH, LAN, THAO, TUAN, Officer
from demo.photos import draw

Doc = dict[str, Any]
UNCLEAR = "Ảnh chưa cho thấy rõ người trực. Đề nghị chụp lại."
UNREADABLE = "Tệp ảnh không mở được. Đề nghị chụp lại; tệp gốc vẫn được giữ."


def review_all(day: Day) -> None:
    """Everything that waits is verified, but for files that cannot be read, or a photo that is not clear."""
    day.report.step("Thẩm định", "a reviewer of the province works the queue")
    desk = day.desks[TUAN.username]
    waiting = desk.looked_into_queue()
    day.report.done(f"{TUAN.name}: {len(waiting)} minh chứng chờ thẩm định", f"{len(waiting)} records wait")
    for (mime, mark), number in sorted(_marks(waiting).items()):
        day.report.detail(f"{number} × {mime}: {mark}")
    unreadable = [doc["id"] for doc in waiting if _unreadable(doc)]
    for doc in waiting:
        back = doc["id"] in unreadable or (doc["id"] == day.unclear and not unreadable)
        if back:
            comment = UNREADABLE if doc["id"] in unreadable else UNCLEAR
            desk.decide(doc, "needs_info", reason_code="unclear_image", comment=comment)
        else:
            desk.decide(doc, "verified")
        mark = "trả lại" if back else "xác nhận"
        day.report.detail(f"{' '.join(doc['codes'])} {doc['data']['title']}: {mark}")
    given = len(unreadable) or 1
    day.report.done(
        f"{len(waiting) - given} được xác nhận, {given} bị trả lại, mỗi kết luận gắn với đúng nội dung đã xem",
        f"{len(waiting) - given} verified, {given} sent back, each decision bound to the content that was seen",
    )


def _marks(docs: list[Doc]) -> Counter[tuple[str, str]]:
    """How many files of each type the service found `ok`, `unreadable` or `unknown`."""
    files = [file for doc in docs for file in doc.get("files", {}).values()]
    return Counter((file.get("mime", "?"), file.get("check", file["state"])) for file in files)


def _unreadable(doc: Doc) -> bool:
    return any(file.get("check") == "unreadable" for file in doc.get("files", {}).values())


def fix_what_came_back(day: Day) -> None:
    """The officer sees on the phone why it came back, takes another photo, and the reviewer verifies it."""
    day.report.step("Sửa và gửi lại", "the officer sees why, fixes it, and it is verified")
    for n, officer in enumerate(day.officers.values()):
        officer.device.sync()
        for item in [i for i in officer.device.replica.inbox() if i["kind"] == "review"]:
            if item["record_id"] in officer.records:
                _fix(day, officer, item, seed=20 + n)
    desk = day.desks[TUAN.username]
    for doc in desk.looked_into_queue():
        state = desk.decide(doc, "verified")["state"]
        codes = " ".join(doc["codes"])
        day.expect(
            state == "verified", f"{TUAN.name} xác nhận {codes} {doc['data']['title']}", f"{codes} is verified now"
        )


def _fix(day: Day, officer: Officer, item: Doc, seed: int) -> None:
    record = officer.shown(item["record_id"])
    title = record["data"]["title"]
    day.report.done(
        f"Trên máy của {officer.given_name}: {' '.join(record['codes'])} {title}: “{item['comment']}”",
        f"on {officer.given_name}'s phone: sent back ({item['reason_code']}), with the reviewer's words",
    )
    again = draw(seed, f"{title} · {officer.person.place}", day.at("16:20"), officer.person.at)
    officer.edit("photo", record["id"], [again], set={"note": "Đã chụp lại lúc 16 giờ 20."})
    officer.device.sync()
    day.report.done(f"{officer.given_name} chụp lại và gửi", "another photo is taken and sent; the first one stays")


def show_progress(day: Day) -> None:
    """How far each unit is now."""
    day.report.step("Tiến độ đơn vị", "how far each unit is: n of N criteria met")
    for person in (LAN, BINH, THAO):
        progress = day.desks[TUAN.username].progress(person.unit)
        codes = [code for item in progress["items"] for code in item["evidence"]]
        day.report.done(
            f"{person.place}: {progress['met']} trên {progress['applicable']} tiêu chí",
            f"{progress['met']} of {progress['applicable']} met, by {' '.join(codes)}",
        )


def refused(error: httpx.HTTPStatusError) -> str:
    """A refusal of the service, for people: what was asked and what it answered."""
    return f"{error.request.method} {error.request.url.path}: {error.response.status_code} {error.response.text[:500]}"
