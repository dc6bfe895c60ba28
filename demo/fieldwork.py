"""The day in the field: no signal, and everything that is captured meanwhile."""

from dataclasses import dataclass
from typing import Any

from demo.day import Day
from demo.people import BINH, LAN, MINH, THAO, Person
from demo.photos import Photo, draw, taken
from demo.report import shown


@dataclass(frozen=True, slots=True)
class Shot:
    """A photo that somebody has to take: of what, for which criterion, when."""

    person: Person
    title: str
    criterion: str
    clock: str


SHOTS = (
    Shot(LAN, "Ra quân tuyên truyền tại khu Niềm Xá", "PH-B01", "08:40"),
    Shot(BINH, "Tuyên truyền lưu động tại chợ Chờ", "XA-B01", "08:50"),
    Shot(THAO, "Ký cam kết chấp hành pháp luật đầu năm học", "GD-B01", "09:05"),
    Shot(LAN, "Ngày hội toàn dân bảo vệ an ninh Tổ quốc", "PH-B03", "09:30"),
    Shot(BINH, "Mô hình camera an ninh thôn Trung Bạn", "XA-C01", "10:15"),
    Shot(LAN, "Mô hình khu phố tự quản về an ninh, trật tự", "PH-C01", "10:40"),
    Shot(THAO, "Trực cổng trường giờ tan học", "GD-C05", "11:30"),
)
UNCLEAR = SHOTS[-1]


def lose_the_signal(day: Day) -> None:
    """From here on nothing goes out, and the phones have to notice it by themselves."""
    day.report.step("Mất sóng", "everyone goes offline")
    for officer in day.officers.values():
        officer.network.signal = False
    stopped = {officer.device.sync().stopped for officer in day.officers.values()}
    day.expect(
        stopped == {"Unreachable: ConnectError"},
        "Bốn điện thoại ngoài vùng phủ sóng, vẫn làm việc được",
        "four phones without a signal; work goes on",
    )


def take_photos(day: Day) -> None:
    """Each shot once, with drawn pictures, or with those of the given folder, however many they are."""
    day.report.step("Chụp ảnh", "photos, with the EXIF of the camera")
    for n in range(max(len(SHOTS), len(day.photos))):
        shot = SHOTS[n % len(SHOTS)]
        photo = day.photos[n] if n < len(day.photos) else _drawn(day, n, shot)
        officer = day.officers[shot.person.username]
        record_id = officer.capture(
            "photo",
            [photo],
            title=shot.title,
            kind="photo",
            criteria=[shot.criterion],
            people_told=True,
            **taken(photo),
        )
        if shot is UNCLEAR and not day.unclear:
            day.unclear = record_id
        size = f"{len(photo.data) / 1024:,.0f} KB"
        day.report.done(f"{shot.person.name}: {shot.title}", f"{shown(photo.name)}, {size}, {_exif_says(taken(photo))}")


def _drawn(day: Day, seed: int, shot: Shot) -> Photo:
    lat, lon = shot.person.at
    where = (lat + seed * 0.0007, lon - seed * 0.0005)
    return draw(seed, f"{shot.title} · {shot.person.place}", day.at(shot.clock), where, blurred=shot is UNCLEAR)


def _exif_says(found: dict[str, Any]) -> str:
    words = [found.get("captured_at", "no time in EXIF")[:16].replace("T", " ")]
    if place := found.get("place"):
        words.append(f"GPS {place['lat']}, {place['lon']}")
    return ", ".join(words)


def walk_patrols(day: Day) -> None:
    """Two patrols: a log is begun, and every checkpoint is added where it is passed."""
    day.report.step("Đi tuần tra", "patrol logs, a checkpoint at a time")
    routes = {
        MINH: ("PH-C05", ("Cổng chợ Nhớn", "Đền Đô rẽ phố Niềm Xá", "Bến xe buýt", "Trụ sở khu phố")),
        BINH: ("XA-C05", ("Ngã tư chợ Chờ", "Trạm bơm thôn Trung Bạn", "Cầu Đò Lo")),
    }
    for person, (criterion, places) in routes.items():
        officer = day.officers[person.username]
        log = officer.capture(
            "patrol_log",
            title=f"Tuần tra đêm, {person.place}",
            kind="patrol_log",
            criteria=[criterion],
            route=" – ".join(places),
            shift="Ca tối",
            started_at=day.at("19:00").isoformat(),
            members=[person.name, "Ông Ngô Văn Đức"],
            incident=False,
        )
        for n, place in enumerate(places):
            passed = {"name": place, "at": day.at(f"19:{10 + 12 * n}").isoformat(), "note": "Bình thường"}
            officer.edit("patrol_log", log, add={"checkpoints": [passed]})
        ended = {"ended_at": day.at("20:05").isoformat(), "observations": "Không phát hiện vụ việc."}
        officer.edit("patrol_log", log, set=ended)
        day.report.done(
            f"{person.name}: {len(places)} chốt, {len(places) + 2} thao tác",
            f"{len(places)} checkpoints, {len(places) + 2} ops that wait on the phone",
        )


def write_papers(day: Day) -> None:
    """Minutes of the school, and a confirmation that may not be stored: its number, date and conclusion are."""
    day.report.step("Ghi biên bản", "minutes, and a paper that is named but not stored")
    day.officers[THAO.username].capture(
        "minutes",
        title="Họp phối hợp giữa nhà trường và Công an phường",
        kind="minutes",
        criteria=["GD-B06"],
        held_at=day.at("14:00").isoformat(),
        held_where="Phòng hội đồng",
        chair="Ngô Thị Hạnh",
        secretary=THAO.name,
        attendees=["Ngô Thị Hạnh", THAO.name, "Đại diện Công an phường"],
        body="1. Đánh giá học kỳ.\n2. Thống nhất lịch trực cổng trường.",
        decisions=[{"text": "Trực cổng trường giờ tan học", "who": THAO.name, "due": f"{day.at('00:00'):%Y-%m-%d}"}],
    )
    day.report.done(f"{THAO.name}: biên bản họp phối hợp", "minutes of a meeting with the police of the ward")
    index = {
        "number": "15/XN-CAX",
        "date": f"{day.at('00:00'):%Y-%m-%d}",
        "issuer": "Công an xã Yên Phong",
        "conclusion": "Không có hoạt động phá hoại mục tiêu, công trình trọng điểm",
        "custodian": "Văn thư Công an xã",
    }
    day.officers[BINH.username].capture(
        "document", title="Xác nhận của Công an xã", kind="police_confirmation", criteria=["XA-D02"], index=index
    )
    day.report.done(f"{BINH.name}: giấy xác nhận {index['number']}, chỉ ghi số và kết luận", "only its index is kept")


def edit_apart(day: Day) -> None:
    """Lan and Minh change the same minutes, neither knowing of the other."""
    day.report.step("Hai người sửa cùng một biên bản", "two officers edit the same minutes, apart and offline")
    lan, minh = day.officers[LAN.username], day.officers[MINH.username]
    body = lan.shown(day.minutes)["data"]["body"]
    rooms = ("Nhà văn hóa khu Niềm Xá, tầng 2", "Hội trường UBND phường Kinh Bắc")
    changes = (
        (lan, body.replace("2. Quán triệt kế hoạch.", "2. Quán triệt Kế hoạch 188/KH-UBND."), "Ông Đức, tổ 3"),
        (minh, body + "\n5. Bế mạc lúc 10 giờ.", "Bà Hoa, tổ 5"),
    )
    for (officer, text, guest), room in zip(changes, rooms, strict=True):
        officer.edit("minutes", day.minutes, set={"body": text}, add={"attendees": [guest]})
        officer.edit("minutes", day.minutes, set={"held_where": room})
        day.report.done(f"{officer.person.name}: nơi họp là “{room}”", f"{officer.given_name} names a place for it")
    waiting = sum(officer.device.replica.pending() for officer in day.officers.values())
    day.report.done(
        f"{waiting} thao tác và {len(day.ledger.files)} tệp đang chờ trên bốn máy",
        f"{waiting} ops and {len(day.ledger.files)} files wait on four phones, durably",
    )
