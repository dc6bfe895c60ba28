"""The evening: the signal is back, and bad; the service is killed; everyone syncs, and a conflict is resolved."""

from demo.day import Day
from demo.network import Accident
from demo.people import LAN, MINH, PIECE, Officer
from demo.report import shown


def break_an_upload(day: Day) -> None:
    """The connection breaks in the middle of a file, and at the same moment the service is killed."""
    day.report.step("Đứt giữa chừng", "an upload is cut in the middle, the server is killed at that moment")
    lan = day.officers[LAN.username]
    accident = lan.network.accident = Accident(happens=day.server.kill)
    lan.network.signal = True
    stopped = lan.device.sync().stopped
    name = next((f.name for f in day.ledger.files if f.sha256 == accident.sha256), "?")
    day.expect(
        stopped is not None and accident.at is not None,
        f"{shown(name)}: đứt ở byte {accident.at or 0:,} trên {accident.size:,}; máy chủ bị tắt đột ngột (kill -9)",
        "the connection breaks there; the server process gets SIGKILL",
    )
    seconds = day.server.start()
    day.report.done(f"Máy chủ chạy lại sau {seconds:.1f} giây, cùng địa chỉ", "the server is back at the same address")
    lan.device.sync()
    again = accident.sent - accident.size
    day.expect(
        accident.sha256 in lan.network.told.files and 0 <= again <= PIECE,
        f"Điện thoại gửi tiếp từ byte {accident.held or 0:,}; {again:,} byte phải gửi lại, không quá một đoạn",
        f"the phone goes on where the server is; {again:,} bytes went twice, one piece ({PIECE:,}) at most",
    )


def come_back(day: Day) -> None:
    """Everyone syncs. One answer is lost on its way: what it said is asked for again, and counts once."""
    day.report.step("Mọi người về vùng phủ sóng", "everyone comes back and syncs")
    minh = day.officers[MINH.username]
    for officer in day.officers.values():
        officer.network.signal = True
    minh.network.loses_answer = True
    waiting = minh.device.replica.pending()
    lost = minh.device.sync().stopped
    day.expect(
        lost is not None and minh.device.replica.pending() == waiting,
        f"Máy của Minh mất câu trả lời: {waiting} thao tác vẫn nằm trong hàng đợi",
        f"Minh's phone loses an answer; its {waiting} ops stay in the outbox",
    )
    for officer in day.officers.values():
        _sync(day, officer)
    again = sum(status == "duplicate" for status in minh.network.told.ops.values())
    day.expect(
        again == waiting,
        f"{again} thao tác gửi lần hai được nhận ra là đã có, không tính hai lần",
        f"{again} ops sent twice were recognised and count once",
    )


def _sync(day: Day, officer: Officer) -> None:
    waiting = officer.device.replica.pending()
    stopped = officer.device.sync().stopped
    left = officer.device.replica.pending()
    files = len(officer.network.told.files)
    day.expect(
        stopped is None and left == 0,
        f"{officer.person.name}: gửi {waiting} thao tác, {files} tệp đã có đủ trên máy chủ",
        f"{officer.given_name}: {waiting} ops sent, {files} files are whole at the service, {left} ops left",
    )


def resolve_the_conflict(day: Day) -> None:
    """Both values are on Minh's phone; he chooses, and nothing that Lan wrote is gone unseen."""
    day.report.step("Xung đột", "a conflict: both values are kept until somebody chooses")
    lan, minh = day.officers[LAN.username], day.officers[MINH.username]
    conflicts = [c for c in minh.device.replica.inbox() if c["kind"] == "conflict" and c["record_id"] == day.minutes]
    day.expect(len(conflicts) == 1, "Hộp việc trên máy của Minh có một xung đột", "one conflict in Minh's inbox")
    for conflict in conflicts:
        for value in (conflict["current"], *conflict["others"]):
            day.report.detail(f"{conflict['field']} = “{value['v']}”  ({day.name_of(value['by'])})")
    chosen = "Nhà văn hóa khu Niềm Xá, tầng 2 (chuyển từ Hội trường UBND phường)"
    minh.resolve("minutes", day.minutes, held_where=chosen)
    minh.device.sync()
    lan.device.sync()
    seen = lan.shown(day.minutes)
    lines = seen["data"]["body"].splitlines()
    day.expect(
        not seen["conflicts"] and seen["data"]["held_where"] == chosen,
        f"Minh chọn: “{chosen}”; Lan thấy ngay",
        "Minh decides; Lan's phone shows it",
    )
    day.expect(
        any("188" in line for line in lines) and any("Bế mạc" in line for line in lines),
        "Nội dung và người dự họp của cả hai được hợp nhất, không mất dòng nào",
        "what both wrote elsewhere was merged",
    )
    for line in lines:
        day.report.detail(line)
