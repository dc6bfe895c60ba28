"""A paper that bears a mark of secrecy is not taken: not a byte, not its name; its index is filed instead (L8, L9)."""

from base64 import b64encode

from sqlmodel import SQLModel

from hostile_files import picture
from people import Province, file_entry
from programme.checklist import Counted, Piece, Want, count

PAPER, NAME = picture("JPEG", (300, 200)), "Phương án A2 tối mật.jpg"
WANTED = Want(1, frozenset({"police_confirmation"}), "yearly")


def offered(province: Province, marked: str) -> tuple[int, dict[str, object]]:
    named = {"filename": NAME, "sha256": file_entry(PAPER)["sha256"], "marked_secret": marked}
    metadata = ",".join(f"{k} {b64encode(v.encode()).decode()}" for k, v in named.items())
    headers = {"Tus-Resumable": "1.0.0", "Upload-Length": str(len(PAPER)), "Upload-Metadata": metadata}
    headers |= {"Content-Type": "application/offset+octet-stream", **province["lan"].headers}
    answer = province.http.post("/v1/uploads", content=PAPER, headers=headers)
    return answer.status_code, answer.json() if answer.status_code >= 400 else {}


def stored(province: Province) -> str:
    rows = [
        province.db.read(lambda s, t=t: s.connection().execute(t.select()).all())
        for t in SQLModel.metadata.sorted_tables
    ]
    return str(rows)


def test_nothing_of_a_marked_paper_is_kept(province: Province) -> None:
    before = stored(province)
    code, problem = offered(province, "yes")
    assert (code, problem["code"], problem["action"]) == (422, "secret_refused", "edit")
    assert "chỉ khai số, ngày, cơ quan ban hành, kết luận" in str(problem)
    assert stored(province) == before
    assert [p for p in (province.settings.data_dir / "blobs").rglob("*") if p.is_file() and "sha256" in str(p)] == []
    assert offered(province, "perhaps")[1]["code"] == "upload_header_invalid"
    assert offered(province, "no")[0] == 201


def counted(index: bool, *files: dict[str, str]) -> Counted:
    piece = Piece("[PH-D02-01]", "r", 1, "d", "police_confirmation", issuer="Công an tỉnh", index=index, files=files)
    return count(WANTED, [piece], {"police_confirmation"}, "Kinh Bắc")


def test_a_confirmation_of_the_police_counts_by_its_index_alone() -> None:
    assert len(counted(True).counting) == 1
    assert [reason for _, reason in counted(True, {"sha256": "ab"}).aside + counted(False).aside] == [
        "index_wanted"
    ] * 2
