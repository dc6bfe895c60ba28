"""The end of the year of `demo/year.py`: a table by kind of unit, and what the service holds against what was noted."""

from collections import Counter
from collections.abc import Callable
from operator import itemgetter

from demo.year import Doc, Year

KINDS = {
    "commune": ("xã", "communes"), "ward": ("phường", "wards"), "special_zone": ("đặc khu", "zones"),
    "agency": ("cơ quan", "agencies"), "enterprise": ("doanh nghiệp", "enterprises"), "school": ("trường", "schools"),
}  # fmt: skip
APPROVED = ("announced", "not_recognised")  # where an approved unit stands at the end of this story
ROWS: tuple[tuple[str, Callable[[Doc], bool]], ...] = (
    ("đăng ký · registered", lambda _case: True),
    ("được phê duyệt · approved", lambda case: case["state"] in APPROVED),
    ("nộp đúng hạn · in time", lambda case: case["data"].get("late") == "no"),
    ("nộp muộn · late", lambda case: case["data"].get("late") == "waived"),
    ("không nộp · not sent", lambda case: case["state"] in APPROVED and not case["data"].get("dossier")),
    ("được công nhận · recognised", lambda case: case["state"] == "announced"),
    ("không công nhận · refused", lambda case: case["state"] == "not_recognised"),
)


def close(year: Year, groups: dict[str, list[str]]) -> int:
    """Tells the year in figures of the service's own, then judges it. 0 where everything is as it should be."""
    cases = [case for case in everything(year, "unit_year") if case["data"]["year"] == year.year]
    year.report.blank()
    _by_kind(year, cases)
    year.report.blank()
    _judge(year, groups, cases)
    failed = len(year.faults)
    year.report.blank()
    if failed:
        year.report.failed(f"{failed} điều không như quy định.", f"{failed} checks failed.")
    else:
        year.report.done(
            "Mọi kiểm tra đều đạt: không mất, không ghi đè, đơn vị nào cũng kết thúc đúng quy định.",
            "Every check passed: nothing lost, nothing overwritten, every unit ended where the rules say.",
        )
    return 1 if failed else 0


def _by_kind(year: Year, cases: list[Doc]) -> None:
    """A column for each kind of unit, and all; no unit is ranked against another."""
    columns = [(names, [c for c in cases if c["data"]["unit_kind"] == kind]) for kind, names in KINDS.items()]
    columns = [*filter(itemgetter(1), columns), (("tất cả", "all"), cases)]
    year.report.table(
        [("Đơn vị · Units", *(vi for (vi, _), _ in columns)), ("", *(en for (_, en), _ in columns))],
        [(name, *(str(sum(map(counts, of_kind))) for _, of_kind in columns)) for name, counts in ROWS],
    )


def _judge(year: Year, groups: dict[str, list[str]], cases: list[Doc]) -> None:
    """Each thing that has to hold, with the figures that it rests on."""
    held = {record["id"]: record for kind in ("document", "monthly_report") for record in everything(year, kind)}
    lost = [record_id for record_id in year.sent if record_id not in held]
    wanted = {record_id: {**values, **year.edits.get(record_id, {})} for record_id, values in year.sent.items()}
    overwritten = [
        record_id
        for record_id, values in wanted.items()
        if record_id in held and any(held[record_id]["data"].get(n) != v for n, v in values.items())
    ]
    sent = len(year.sent)
    year.check(not lost, f"{sent} bản ghi đã gửi, mất {len(lost)}", f"{sent} records were sent, {len(lost)} lost")
    year.check(
        not overwritten,
        f"{len(year.edits)} bản ghi được sửa, bị ghi đè {len(overwritten)}",
        f"{len(year.edits)} records were edited, {len(overwritten)} overwritten",
    )
    states, expected = Counter(case["state"] for case in cases), _expected(groups)
    told = ", ".join(f"{count} {state}" for state, count in states.items())
    year.check(states == expected, f"{len(cases)} đơn vị kết thúc đúng quy định", f"{len(cases)} units ended: {told}")
    _judge_deadline(year, groups)
    blocked = len(everything(year, "award_block"))
    wrong = len(groups["refused"]) + len(groups["lax"]) + len(groups["dropped"])
    year.check(blocked == wrong, f"{blocked} đơn vị chưa xét khen thưởng (II.7)", f"{blocked} units get no award")


def _expected(groups: dict[str, list[str]]) -> Counter[str]:
    return +Counter(
        announced=len(groups["recognised"]), not_recognised=len(groups["refused"]) + len(groups["lax"]),
        not_approved=len(groups["not_approved"]),
    )  # fmt: skip


def _judge_deadline(year: Year, groups: dict[str, list[str]]) -> None:
    """What came at 23:59 of 11 December is in time, what came a minute later is kept and late (plan IV.2)."""
    last = [d["data"] for d in everything(year, "dossier") if d["state"] == "decided"]
    came = Counter((d["received_at"][5:16], d["late"]) for d in last)  # the wire tells UTC: seven hours less
    minute, midnight = came["12-11T16:59", "no"], came["12-11T17:00", "late"]
    right = midnight == len(groups["late"]) and set(came) <= {
        ("12-08T01:00", "no"), ("12-11T16:59", "no"), ("12-11T17:00", "late"),
    }  # fmt: skip
    year.check(
        right,
        f"11/12 lúc 23:59: {minute} hồ sơ đúng hạn; 12/12 lúc 00:00: {midnight} hồ sơ muộn, vẫn được giữ",
        f"11 December, 23:59: {minute} dossiers in time; 12 December, 00:00: {midnight} late, and kept",
    )


def everything(year: Year, kind: str) -> list[Doc]:
    """Every record of a type that the coordinator sees."""
    found: list[Doc] = []
    cursor: dict[str, str] = {}
    while True:
        page = year.ask("mai", "GET", "/v1/records", params={"type": kind, "limit": 500, **cursor})
        found += page["records"]
        if page["cursor"] is None:
            return found
        cursor = {"cursor": page["cursor"]}
