"""Where each piece of a dossier goes in its ZIP, and what of it may go there. Pure.

Index-only evidence is listed without content; where a criterion says that minors may appear, the picture that the
service made stands for the original: it has no metadata and is small (domain L4, L9).
"""

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

WITHHELD, DERIVED = "index_only", "children"  # flags of criteria
EXTENSIONS: Mapping[str, str] = {
    "application/pdf": "pdf", "image/jpeg": "jpg", "image/png": "png", "image/heic": "heic", "image/webp": "webp",
    "video/mp4": "mp4", "audio/mpeg": "mp3", "text/plain": "txt",
}  # fmt: skip


def pieces(snapshot: Mapping[str, Any], privacy: Mapping[str, Collection[str]]) -> list[dict[str, Any]]:
    """Each piece of evidence once, under its first code, with the path of each of its files.

    `privacy`: flags by criterion; the strictest of the criteria that a piece serves counts.
    """
    found: dict[str, dict[str, Any]] = {}
    for item, listed in sorted(snapshot["evidence"].items()):
        for piece in listed:
            at = found.setdefault(piece["record_id"], {**piece, "criteria": [], "index_only": False, "derived": False})
            at["criteria"].append(item)
            at["index_only"] |= WITHHELD in privacy.get(item, ()) or not piece["files"]
            at["derived"] |= DERIVED in privacy.get(item, ())
    return [_with_paths(piece) for piece in sorted(found.values(), key=lambda p: str(p["code"]))]


def _with_paths(piece: dict[str, Any]) -> dict[str, Any]:
    derived = piece["derived"] and not piece["index_only"]
    named = list(_files(piece, derived=derived))
    withheld = [{"sha256": f["sha256"], "name": f["name"]} for f in named]
    split = ([], withheld) if piece["index_only"] else (named, [])
    return {**piece, "derived": derived, "files": split[0], "withheld": split[1]}


def _files(piece: dict[str, Any], *, derived: bool) -> Iterator[dict[str, Any]]:
    code = piece["code"].strip("[]")
    for number, file in enumerate(piece["files"], 1):
        extension = "jpg" if derived else EXTENSIONS.get(str(file["mime"]), "") or _extension(str(file["name"] or ""))
        yield {
            "path": f"minh_chung/{code.rpartition('-')[0]}/{code}_{number:02d}.{extension}",
            "sha256": file["sha256"],
            "name": file["name"],
            "derived": derived,
        }


def _extension(name: str) -> str:
    """The ending that a person gave, where it is a plain one."""
    ending = name.rpartition(".")[2].lower()
    return ending if re.fullmatch(r"[a-z0-9]{1,5}", ending) else "bin"


def archive_fields(
    unit: Mapping[str, Any], snapshot: Mapping[str, Any], listed: list[dict[str, Any]]
) -> dict[str, str]:
    """What Circular 05/2025/TT-BNV wants to be said of a file that goes to an archive; empty: written there by hand."""
    days = sorted(p["dated"] for p in listed if p["dated"])
    files = sum(len(p["files"]) for p in listed)
    return {
        "Mã hồ sơ": f"{unit['code']}.{snapshot['year']}.DH.{snapshot['version']:02d}",
        "Tiêu đề hồ sơ": f"Hồ sơ đề nghị công nhận {unit['name_full']} đạt {unit['kind_vi']} điển hình về phong trào "
        f"Toàn dân bảo vệ an ninh Tổ quốc năm {snapshot['year']}",
        "Thời hạn bảo quản": "",
        "Chế độ tiếp cận": "Hạn chế",
        "Ngôn ngữ": "Tiếng Việt",
        "Thời gian bắt đầu": days[0] if days else "",
        "Thời gian kết thúc": days[-1] if days else "",
        "Từ khóa": f"an ninh Tổ quốc; điển hình; {unit['name_full']}; {snapshot['year']}",
        "Tổng số văn bản, tài liệu": f"{len(listed)} văn bản, tài liệu; {files} tệp điện tử",
        "Số trang": "",
        "Mức độ tin cậy": "Bản chính điện tử, kiểm chứng được bằng mã băm và nhật ký",
        "Mã hồ sơ giấy gốc": "",
    }
