"""The end of the year of `demo/year.py`: what the service holds against what was noted on this side."""

from collections import Counter

from demo.year import Doc, Year


def close(year: Year, groups: dict[str, list[str]]) -> int:
    """Asks the service for everything, and compares it with what was noted on this side."""
    held = {record["id"]: record for kind in ("document", "monthly_report") for record in everything(year, kind)}
    lost = [record_id for record_id in year.sent if record_id not in held]
    wanted = {record_id: {**values, **year.edits.get(record_id, {})} for record_id, values in year.sent.items()}
    overwritten = [
        record_id
        for record_id, values in wanted.items()
        if record_id in held and any(held[record_id]["data"].get(n) != v for n, v in values.items())
    ]
    states = year.state_counts()
    blocked = everything(year, "award_block")
    expected = Counter(
        announced=len(groups["recognised"]), not_recognised=len(groups["refused"]), dossier_draft=len(groups["lax"]),
        not_approved=len(groups["not_approved"]),
    )  # fmt: skip
    year.expect(states == +expected, "", f"the units ended as {dict(states)}, not as {dict(expected)}")
    wrong = len(groups["refused"]) + len(groups["dropped"])
    year.expect(len(blocked) == wrong, "", f"{len(blocked)} award blocks, not {wrong}")
    year.report.blank()
    year.report.table(
        [("Tổng kết · Totals", "")],
        [
            ("đơn vị · units", str(len(groups["all"]))),
            ("được công nhận · recognised", str(states["announced"])),
            ("không được công nhận · not recognised", str(states["not_recognised"])),
            ("không được phê duyệt · not approved", str(states["not_approved"])),
            ("không gửi hồ sơ · sent no dossier", str(states["dossier_draft"])),
            ("chưa xét khen thưởng · awards blocked", str(len(blocked))),
            ("bản ghi đã gửi · records sent", str(len(year.sent))),
            ("kết luận thẩm định · decisions", str(year.decisions)),
            ("mất · lost", str(len(lost))),
            ("bị ghi đè · overwritten", str(len(overwritten))),
        ],
    )
    return 1 if lost or overwritten or year.faults else 0


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
