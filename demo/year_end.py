"""The end of the year of `demo/year.py`: appraisal, decision, and what is left of it a year later."""

from datetime import datetime

from demo.year import HANOI, Year, new_id
from demo.year_papers import DECISION, MINUTES, PAPER


def decide(year: Year, groups: dict[str, list[str]]) -> None:
    """Appraisal, the Chair's decision, the notice; late dossiers are waived in writing first."""
    ready = [unit for unit in groups["approved"] if unit not in groups["lax"]]
    year.at("12-14")
    if groups["late"]:
        year.move_all("mai", groups["late"], "waive_late", paper=PAPER, note="Mất điện do bão")
    year.move_all("mai", ready, "start_appraisal")
    year.move_all("tuan", ready, "submit_to_chair", paper=MINUTES)
    count = len(groups["recognised"])
    year.month("12-20", f"Chủ tịch UBND tỉnh công nhận {count} đơn vị", f"the Chair recognises {count} units")
    year.move_all("chutich", groups["recognised"], "recognise", paper=DECISION)
    if groups["refused"]:
        year.move_all("chutich", groups["refused"], "not_recognise", paper=PAPER, note="Chưa đạt đủ tiêu chí")
    if groups["lax"]:
        year.move_all("chutich", groups["lax"], "not_recognise", paper=PAPER, note="Không gửi hồ sơ")
    year.move_all("mai", groups["recognised"], "announce", paper=PAPER)


def keep_up(year: Year, groups: dict[str, list[str]]) -> None:
    """A year later: most keep it up, some do not, and those get no award."""
    following = year.year + 1
    year.turn(datetime(following, 11, 20, 8, tzinfo=HANOI))
    kept = [unit for unit in groups["recognised"] if unit not in groups["dropped"]]
    cases = {}
    for unit in groups["recognised"]:
        body = {"move_id": new_id(), "type": "maintenance_year", "unit": unit, "year": following}
        cases[unit] = year.ask("mai", "POST", "/v1/cases", json=body)
        year.move("thu", cases[unit], "review_self", note="Giữ vững các tiêu chí")
        year.move("tuan", cases[unit], "review", paper=MINUTES)
        end = "list_maintained" if unit in kept else "not_list"
        year.move("mai", cases[unit], end, paper=PAPER, **({} if unit in kept else {"note": "Không duy trì"}))
    year.report.done(
        f"20/11/{following}  {len(kept)} đơn vị duy trì, {len(groups['dropped'])} không",
        f"{len(kept)} units keep it up, {len(groups['dropped'])} do not",
    )
    for unit in groups["dropped"] + kept[:1]:
        fields = {"level": "province", "form": "Bằng khen", "for_whom": "unit"}
        body = {"move_id": new_id(), "type": "award", "unit": unit, "year": following, "fields": fields}
        code = year.refused("mai", "POST", "/v1/cases", json=body)
        wanted = "" if unit in kept else "move_blocked"
        year.expect(
            code == wanted, "Khen thưởng không theo mục II.7", f"the award of {unit}: {code or 'was nominated'}"
        )
    refused = len(groups["dropped"])
    year.report.done(
        f"20/11/{following}  {refused} đề nghị khen thưởng bị từ chối theo mục II.7",
        f"{refused} nominations for an award are refused",
    )
