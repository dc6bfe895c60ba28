"""Facts for every kind of paper at once, with text that would be a formula where one let it. No fixtures here."""

from typing import Any

DIGEST = "cd" * 32
AT = 1_797_000_000_000
HOSTILE = '=HYPERLINK("http://x","y")'
UNIT = {"code": "09187", "name_vi": "Kinh Bắc", "name_full": "Phường Kinh Bắc", "kind": "ward", "kind_vi": "phường"}
ROW = {
    "code": "PH-A01", "title_vi": "Nghị quyết chuyên đề về phong trào Toàn dân bảo vệ an ninh Tổ quốc " * 3,
    "points": 5, "wanted": 1, "verified": 1, "met": True, "source": "evidence", "evidence": ["[PH-A01-01]"],
    "claim": {"claim": "met", "self_score": 4, "note": HOSTILE},
}  # fmt: skip
PIECE = {
    "code": "[PH-A01-01]", "title": HOSTILE, "issuer": "@Đảng ủy", "dated": "2026-02-03", "index_only": False,
    "derived": False, "files": [{"path": "minh_chung/PH-A01/PH-A01-01_01.pdf"}],
}  # fmt: skip
FORM = {
    "safety_result": {"number": "88/QĐ-UBND", "date": "2025-11-19", "issuer": "UBND tỉnh", "conclusion": "met"},
    "responsible_head": {"name": "Trần Thu Hà", "position": "Chủ tịch"}, "funding_need": 120_000_000,
}  # fmt: skip
LISTED = {
    **UNIT,
    "form": FORM,
    "decision": {"number": "12/QĐ-UBND", "date": "2026-12-20"},
    "state_vi": "được công nhận",
}
FACTS: dict[str, Any] = {
    "year": 2026, "unit": UNIT, "at": AT, "form": FORM, "criteria_set": "bn/0.1", "rows": [ROW] * 30, "met": 30,
    "applicable": 30, "head": "Trần Thu Hà", "pieces": [PIECE] * 30, "files": 30, "version": 1, "digest_of": "ab" * 32,
    "received_at": "2026-12-11T16:59:59.999Z", "late": "no", "units": [LISTED] * 40, "awards": [LISTED] * 3,
    "quotas": [{"kind_vi": "phường", "wanted": None, "registered": 10, "approved": 5, "recognised": 4}],
    "cases": [{"type_vi": "Báo cáo tháng", "kind_vi": "phường", "state_vi": "được chấp nhận", "count": 1200}],
    "to": "", "participation": {"reports": 700, "people": 21_000, "groups": [{"name": "students", "people": 21_000}]},
    "blocked": [{**LISTED, "form": {"reason": "not_listed", "head": {"name": "Trần Thu Hà"}}}] * 3,
    "funding": {"total": 120_000_000, "kinds": [{"kind_vi": "phường", "units": 1, "need": 120_000_000}]},
    "month": "2026-08", "sent": "2026-09-03T01:02:03Z", "figures": [{"name": "Số buổi tuyên truyền", "value": 12}],
    "report": {"results": "Tổ chức 12 buổi.\nHai vụ việc 🙂 中.", "signer": {"name": "Trần Thu Hà"}},
    "archive": [{"name": "Mã hồ sơ", "value": "09187.2026.DH.01"}],
    "paper": {"number": "12/QĐ-UBND", "date": "2026-02-04", "signer": "Nguyễn Văn Bình", "chair": "Trần Quốc Tuấn"},
}  # fmt: skip
