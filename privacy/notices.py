"""What the desk writes: the draft of a breach notice, for a person to read, correct and send. Pure."""

from collections.abc import Sequence
from typing import Any

from sync.instant import iso

HARMS_VI = {
    "defence": "quốc phòng", "security": "an ninh", "order": "trật tự, an toàn xã hội", "life": "tính mạng",
    "health": "sức khoẻ", "honour": "danh dự, nhân phẩm", "property": "tài sản",
}  # fmt: skip


def breach_notice(words: str, discovered_at: int, act_by: int, facts: dict[str, Any], measures: Sequence[str]) -> str:
    """A notice by article 23 of Law 91/2025/QH15, in Vietnamese, from what the register says (ms, UTC in the text)."""
    harms = ", ".join(HARMS_VI[name] for name in facts.get("harms") or ()) or "(chưa đánh giá)"
    units = ", ".join(map(str, facts.get("units") or ())) or "(chưa xác định)"
    return "\n".join(
        (
            "THÔNG BÁO VI PHẠM QUY ĐỊNH VỀ BẢO VỆ DỮ LIỆU CÁ NHÂN (DỰ THẢO)",
            f"1. Thời điểm phát hiện: {iso(discovered_at)}. Hạn thông báo (72 giờ): {iso(act_by)}.",
            f"2. Nội dung vi phạm: {words}",
            f"3. Loại dữ liệu: {facts.get('data') or '(chưa xác định)'}.",
            f"4. Số người, đơn vị liên quan: {facts.get('people', '(chưa xác định)')} người; đơn vị: {units}.",
            f"5. Khả năng gây hại: {harms}.",
            "6. Biện pháp đã thực hiện:",
            *(f"   - {measure}" for measure in measures),
            "7. Đầu mối liên hệ: ........",
        )
    )
