"""Words on a paper that its readers should notice: a mark of secrecy, an identity card (domain L7, L8). Pure."""

import re
import unicodedata

# A mark of secrecy is stamped on a line of its own; inside a sentence the word proves nothing.
STAMPS = re.compile(r"^\W*(TUYỆT MẬT|TỐI MẬT|MẬT)\W*$", re.MULTILINE)
CARDS = re.compile(r"(CĂN CƯỚC CÔNG DÂN|CĂN CƯỚC|CHỨNG MINH NHÂN DÂN|GIẤY KHÁM SỨC KHỎE|BỆNH ÁN)")


def marks(text: str) -> list[str]:
    """The marks found, each once, in capitals as they stand."""
    plain = unicodedata.normalize("NFC", text).replace("\r", "\n")
    return sorted({found[1] for pattern in (STAMPS, CARDS) for found in pattern.finditer(plain)})
