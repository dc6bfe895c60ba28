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


SECRET = "Phương án A2 chống bạo loạn"
INDEX = {
    "number": "12/XN", "date": "2026-03-02", "issuer": "Công an tỉnh", "conclusion": "Đạt", "custodian": "Văn thư",
}  # fmt: skip


def test_an_op_about_a_marked_paper_brings_its_index_and_nothing_else(province: Province) -> None:
    """What it brings beside is sealed: kept whole, shown to nobody, erased when a second person says so."""
    lan, ha, tuan, mai = (province[name] for name in ("lan", "ha", "tuan", "mai"))
    form = {"marked_secret": True, "kind": "police_confirmation", "index": INDEX}
    filed = lan.does("create", type="document", set=form)
    assert (filed["status"], [i["code"] for i in filed["record"]["issues"]]) == ("applied", ["no_criterion"])
    more = {"type": "document", "base_ver": 1}
    assert lan.does("patch", filed["record"]["id"], **more, set={"title": SECRET})["code"] == "secret_content"
    assert lan.does("patch", filed["record"]["id"], **more, media=[file_entry(PAPER)])["code"] == "secret_content"

    op = lan.op("create", set={"marked_secret": True, "title": "Họp", "body": SECRET})
    told, again = lan.push(op)["results"][0], lan.push(op)["results"][0]
    assert (told["status"], told["code"], told["action"]) == ("rejected", "secret_content", "edit")
    assert (again["status"], again["code"]) == ("duplicate", "secret_content")
    assert "niêm phong" in told["message"]
    address = f"/v1/ops/{op['op_id']}"
    ways = [who.get(path) for who in (lan, ha, mai) for path in (address, "/v1/ops", "/v1/records", "/v1/privacy/me")]
    ways += [who.post("/v1/sync/pull", {}) for who in (lan, ha, tuan)]
    assert [answer.text for answer in ways if SECRET in answer.text] == []
    assert ha.get(address).json()["op"] is None
    assert ha.post(f"{address}/replay", None).json()["code"] == "secret_content"
    assert SECRET in stored(province), "nothing is lost in silence"

    officer = {"officer": "Thiếu tá Hoà"}
    refusals = [who.post(f"{address}/destroy", officer).json()["code"] for who in (lan, ha, province["nam"])]
    assert refusals == ["not_permitted", "not_permitted", "op_unknown"]
    assert tuan.post(f"{address}/destroy", officer).status_code == 204
    assert mai.post(f"{address}/destroy", officer).json()["code"] == "op_settled"
    assert op["op_id"] in stored(province)
    assert '"body":"' + SECRET not in stored(province)
    last = ha.get(address).json()["history"][-1]
    assert (last["by"], last["reason"], last["code"]) == (tuan.account_id, "Thiếu tá Hoà", "secret_content")
    assert ha.post(f"{address}/replay", None).json()["code"] == "op_settled"


def test_files_of_what_turns_out_to_be_marked_are_kept_apart_and_stay_whole(province: Province) -> None:
    lan, tuan = province["lan"], province["tuan"]
    made = lan.does("create", type="photo", set={"title": "Văn bản"}, media=[file_entry(PAPER)])["record"]
    address = f"/v1/media/{made['id']}/{file_entry(PAPER)['sha256']}"
    lan.upload(PAPER)
    province.work()
    marked = lan.does("patch", made["id"], type="photo", base_ver=2, set={"marked_secret": True})
    assert (marked["status"], marked["record"]["issues"][-1]["code"]) == ("applied", "secret_spilled")
    province.work()
    assert [who.get(address).json()["code"] for who in (lan, tuan)] == ["file_secret"] * 2
    assert lan.record(made["id"])["files"][file_entry(PAPER)["sha256"]]["remove"] is True
    assert tuan.post(f"{address}/release", None).status_code == 204, "a mistake"
    province.work()
    assert tuan.get(address).content == PAPER


def counted(index: bool, *files: dict[str, str]) -> Counted:
    piece = Piece("[PH-D02-01]", "r", 1, "d", "police_confirmation", issuer="Công an tỉnh", index=index, files=files)
    return count(WANTED, [piece], {"police_confirmation"}, "Kinh Bắc")


def test_a_confirmation_of_the_police_counts_by_its_index_alone() -> None:
    assert len(counted(True).counting) == 1
    assert [reason for _, reason in counted(True, {"sha256": "ab"}).aside + counted(False).aside] == [
        "index_wanted"
    ] * 2
