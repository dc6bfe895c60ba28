"""Figures that a scraper reads: they follow what people do, and are shown to the scraper only."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import text as sql

from people import KINH_BAC, Province

ROOT = Path(__file__).parents[2]
TOKEN = "mot-chuoi-dai-chi-may-do-so-lieu-biet"
SCRAPER = {"Authorization": f"Bearer {TOKEN}"}
NAMES = r"minhchung_[a-z_]+"


@pytest.fixture
def watched(tmp_path: Path, migrated: Path, database_url: str | None) -> Iterator[Province]:
    """A province whose service was given a token for its scraper."""
    made = Province(tmp_path / "var", migrated, database_url, metrics_token=TOKEN)
    yield made
    made.close()


def figures(province: Province) -> dict[tuple[str, ...], float]:
    """Value by name and label values."""
    answer = province.http.get("/metrics", headers=SCRAPER)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain")
    families = text_string_to_metric_families(answer.text)
    return {(s.name, *(s.labels[n] for n in sorted(s.labels))): s.value for f in families for s in f.samples}


def test_what_people_do_and_what_waits_is_counted(watched: Province) -> None:
    lan = watched["lan"]
    before = figures(watched)
    lan.does("create", type="document", set={"title": "Biên bản", "criteria": ["PH-B01"]})
    lan.does("patch", "01890000-0000-7000-8000-000000000000", type="document", base_ver=1, set={"title": "Về sau"})
    lan.post("/v1/sync/pull", {})
    after = figures(watched)

    def grown(*sample: str) -> float:
        return after[sample] - before.get(sample, 0)

    assert grown("minhchung_ops_total", "", "applied") == 1
    assert grown("minhchung_ops_total", "waiting_for", "held") == 1
    assert grown("minhchung_ops_open", "held") == 1
    assert grown("minhchung_records_in_hand", "pending") == 1
    assert grown("minhchung_devices") == 1
    assert grown("minhchung_signing_seconds_count") == 2
    assert grown("minhchung_pulled_changes_total") > 0
    assert grown("minhchung_request_seconds_count", "POST", "/v1/sync/push", "200") == 2
    assert after["minhchung_database_up",] == 1


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer sai"}, {"Authorization": TOKEN}])
def test_nobody_else_learns_that_there_is_such_a_page(watched: Province, headers: dict[str, str]) -> None:
    assert watched.http.get("/metrics", headers=headers).json()["code"] == "not_found"
    assert watched.http.get("/metrics", headers=watched["quan"].headers).json()["code"] == "not_found"


def test_without_a_token_of_the_settings_there_is_no_page(province: Province) -> None:
    assert province.http.get("/metrics", headers=SCRAPER).json()["code"] == "not_found"


def test_figures_name_nobody_and_say_when_the_database_is_down(watched: Province) -> None:
    lan = watched["lan"]
    lan.does("create", type="document", set={"title": "Biên bản bí mật của Lan", "criteria": ["PH-B01"]})
    lan.get(f"/v1/records?scope={KINH_BAC}/2026")
    text = watched.http.get("/metrics", headers=SCRAPER).text
    assert not re.search(rf"{lan.account_id}|{lan.client_id}|{KINH_BAC}|Lan", text)
    watched.db.write(lambda session: session.execute(sql("alter table replica rename to elsewhere")))
    assert figures(watched)["minhchung_database_up",] == 0


def test_the_page_and_the_dashboard_name_the_figures_that_there_are(watched: Province) -> None:
    watched["lan"].does("create", type="document", set={"title": "Biên bản", "criteria": ["PH-B01"]})
    text = watched.http.get("/metrics", headers=SCRAPER).text
    there = set(re.findall(rf"^# TYPE ({NAMES})", text, re.MULTILINE)) | {"minhchung_backup_age_seconds"}
    documented = set(re.findall(rf"^\| `({NAMES})", (ROOT / "docs/metrics.md").read_text("utf-8"), re.MULTILINE))
    assert documented == {name for name in there if not name.endswith("_created")}
    board = json.loads((ROOT / "deploy/grafana/minhchung.json").read_text("utf-8"))
    asked = {n for panel in board["panels"] for t in panel["targets"] for n in re.findall(NAMES, t["expr"])}
    assert {re.sub("_(bucket|sum|count)$", "", name) for name in asked} <= there
    assert len(asked) > 10
