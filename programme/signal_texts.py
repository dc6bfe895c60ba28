"""What a signal says to a reviewer, in both languages. Pure. A signal is a reason to look, never a verdict."""

from typing import Any

TEXTS: dict[str, tuple[str, str]] = {
    "same_file": (
        "Đúng tệp này (giống từng byte) cũng có ở {uses} bản ghi khác mà bạn được xem.",
        "This very file, byte for byte, is also in {uses} other records that you may see.",
    ),
    "near_picture": (
        "Ảnh gần giống (khác {distance}/64 bit, ngưỡng {tolerance}) có ở {uses} bản ghi khác mà bạn được xem.",
        (
            "A picture that looks the same ({distance} of 64 bits differ, up to {tolerance} count) is in {uses} other "
            "records that you may see."
        ),
    ),
    "time_differs": (
        "Ảnh ghi chụp lúc {taken_at}, bản ghi khai {captured_at}: lệch {minutes} phút (cho phép {tolerance}).",
        "The picture says {taken_at}, the record says {captured_at}: {minutes} minutes apart ({tolerance} allowed).",
    ),
    "year_differs": (
        "Ảnh ghi chụp năm {taken_year}, hồ sơ là của năm {year}.",
        "The picture says that it was taken in {taken_year}; the record is for {year}.",
    ),
    "place_differs": (
        "Toạ độ trong ảnh (làm tròn khoảng 1 km) cách vị trí bản ghi khai ({declared}) {km} km (cho phép {tolerance}).",
        (
            "The picture's place (rounded to about 1 km) is {km} km from the place the record declares ({declared}); "
            "{tolerance} are allowed."
        ),
    ),
    "outside_province": (
        "Toạ độ trong ảnh ({lat}; {lon}, làm tròn) nằm ngoài khung bao tỉnh Bắc Ninh ({box}).",
        "The picture's place ({lat}; {lon}, rounded) lies outside the box around the province ({box}).",
    ),
    "edited": (
        "Tệp do phần mềm chỉnh sửa “{software}” ghi ra.",
        "The file was written by an editing program, “{software}”.",
    ),
    "no_metadata": (
        "Ảnh không có dữ liệu máy ảnh; có thể đã gửi qua ứng dụng trò chuyện hoặc chụp lại.",
        "The picture carries no camera data; it may have come through a chat app.",
    ),
    "screenshot": ("Có dấu hiệu ảnh chụp màn hình: {sign}.", "It looks like a screenshot: {sign}."),
    "type_differs": (
        "Tên hoặc kiểu khai ({declared}) không khớp nội dung ({found}).",
        "The declared name or type ({declared}) does not go with the content ({found}).",
    ),
    "marked_words": (
        "Có chữ “{words}” trên giấy; kiểm tra xem có được phép lưu không.",
        "The paper bears the words “{words}”; check whether it may be kept here.",
    ),
    "unreadable": ("Không mở được tệp; tệp có thể bị hỏng.", "The file cannot be opened; it may be damaged."),
    "quarantined": ("Tệp đang bị giữ riêng ({reason}).", "The file is kept apart ({reason})."),
}


def text(code: str, language: str, compared: dict[str, Any]) -> str:
    """The sentence of a signal in `vi` or `en`, with what was compared filled in."""
    vi, en = TEXTS[code]
    return (en if language == "en" else vi).format_map({"uses": 0, **compared})
