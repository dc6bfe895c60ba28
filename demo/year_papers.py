"""The papers that people of the year of `demo/year.py` sign, and the form that every unit fills in."""

import hashlib

SCAN = b"%PDF-1.4 quyet dinh\n%%EOF"
PAPER = {"number": "12/TB-CAT", "date": "2026-05-04", "signer": "Nguyễn Văn Bình"}
SHA256 = hashlib.sha256(SCAN).hexdigest()
FILE = {"sha256": SHA256, "size": len(SCAN), "mime": "application/pdf", "name": "quyet-dinh.pdf"}
DECISION = {**PAPER, "body": "UBND tỉnh Bắc Ninh", "file": FILE}
MINUTES = {
    "number": "01/BB-CAT", "date": "2026-12-14", "chair": "Trần Quốc Tuấn", "members": ["Lê Thị Hoa"],
    "conclusion": "Đạt",
}  # fmt: skip
FORM = {
    "safety_result": {"number": "88/QĐ-UBND", "date": "2025-11-19", "issuer": "UBND tỉnh", "conclusion": "met"},
    "movement_class": {"number": "90/QĐ-CAT", "date": "2025-11-28", "issuer": "Công an tỉnh", "grade": "Xuất sắc"},
    "responsible_head": {"name": "Trần Thu Hà", "position": "Người đứng đầu"},
    "funding_need": 40_000_000,
    "applies": {"has_party_org": True},
}
