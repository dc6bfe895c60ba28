"""Why a reviewer sends something back: a code, its words, and what the author is to do about it. Pure.

The words travel with the decision, so a phone shows them with no list of its own.
"""

from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Reason:
    """`vi`, `en`: why. `todo_vi`, `todo_en`: the one thing to do next."""

    vi: str
    en: str
    todo_vi: str
    todo_en: str


REASONS = MappingProxyType(
    {
        "wrong_criterion": Reason(
            "Không thuộc tiêu chí này", "It does not belong to this criterion",
            "Chọn lại tiêu chí rồi gửi.", "Choose the right criterion and send it again.",
        ),
        "wrong_kind": Reason(
            "Không đúng loại minh chứng mà tiêu chí cần", "Not the kind of proof that the criterion wants",
            "Thay bằng loại giấy tờ mà tiêu chí nêu.", "Replace it by a kind that the criterion names.",
        ),
        "unclear_image": Reason(
            "Ảnh mờ, thiếu góc hoặc không đọc được", "The picture is blurred, cut off or cannot be read",
            "Chụp lại rõ, đủ bốn góc, rồi thêm ảnh mới.", "Take it again, sharp and whole, and add the new picture.",
        ),
        "incomplete": Reason(
            "Thiếu trang, thiếu mục hoặc thiếu tệp", "Pages, parts or files are missing",
            "Bổ sung phần còn thiếu.", "Add what is missing.",
        ),
        "missing_signature": Reason(
            "Thiếu chữ ký hoặc dấu", "A signature or seal is missing",
            "Xin ký, đóng dấu rồi chụp lại.", "Have it signed and sealed, then photograph it again.",
        ),
        "wrong_period": Reason(
            "Không thuộc kỳ đánh giá", "It lies outside the period",
            "Thay bằng minh chứng trong kỳ từ 16/11 đến 15/11.", "Use proof of the period 16 November to 15 November.",
        ),
        "duplicate": Reason(
            "Trùng với minh chứng đã nộp", "It repeats proof that was filed",
            "Xoá bản trùng, hoặc nêu rõ điểm khác nhau.", "Delete the copy, or say how the two differ.",
        ),
        "personal_data": Reason(
            "Lộ dữ liệu cá nhân không cần thiết", "It shows personal data that is not needed",
            "Che hoặc bỏ phần dữ liệu cá nhân rồi gửi lại.", "Cover or leave out the personal data and send it again.",
        ),
        "may_be_secret": Reason(
            "Có thể chứa bí mật nhà nước", "It may hold a state secret",
            "Không gửi thêm; báo ngay cán bộ bảo mật của đơn vị.", "Send no more; tell your security officer at once.",
        ),
        "needs_original": Reason(
            "Cần đối chiếu bản gốc", "The original has to be seen",
            "Mang bản gốc đến nơi nêu trong ghi chú.", "Bring the original to the place that the comment names.",
        ),
        "other": Reason(
            "Lý do khác, xem ghi chú", "Another reason, see the comment",
            "Làm theo ghi chú của người thẩm định.", "Do what the comment of the reviewer asks.",
        ),
    }
)  # fmt: skip


def words(code: str | None) -> dict[str, str | None]:
    """What a decision says of its reason; nulls where none was given."""
    why = REASONS.get(code or "")
    if why is None:
        return {"reason_vi": None, "reason_en": None, "todo_vi": None, "todo_en": None}
    return {"reason_vi": why.vi, "reason_en": why.en, "todo_vi": why.todo_vi, "todo_en": why.todo_en}
