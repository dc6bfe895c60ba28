"""A part is away: what still works goes on, what does not says so, and nothing is lost when it is back."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from people import NOW, Province
from pictures import jpeg
from postgres import Postgres, free_port
from storage.errors import StoreUnavailable
from sync import jobs


@pytest.fixture
def cluster(postgres: Postgres) -> Iterator[tuple[Postgres, str]]:
    """A server whose stopping is nobody else's concern, and a migrated database there."""
    url = postgres.fresh("migrated")
    yield postgres, url
    postgres.drop(url)


def refused(answer) -> tuple[int, str, bool]:  # type: ignore[no-untyped-def]
    return answer.status_code, answer.json()["code"], 2 <= int(answer.headers["Retry-After"]) <= 8


AWAY = (503, "storage_unavailable", True)


def test_a_database_that_only_reads_or_is_down(tmp_path: Path, migrated: Path, cluster: tuple[Postgres, str]) -> None:
    postgres, url = cluster
    token = "token-of-the-scraper-of-this-test-only"
    province = Province(tmp_path / "var", migrated, url, metrics_token=token)
    lan = province["lan"]
    kept = lan.does("create", set={"title": "Trước"})["record"]["id"]
    ops = [lan.op("create", set={"title": "Trong lúc hỏng"})]

    postgres.follow()
    assert refused(lan.post("/v1/sync/push", {"ops": ops})) == AWAY
    assert [c["record"]["id"] for c in lan.pull()["changes"] if c["scope"].startswith("0")] == [kept]
    assert lan.record(kept)["data"] == {"title": "Trước"}
    assert province.http.get("/v1/ready").json() == {"status": "ok"}, "those who read may be sent here"

    postgres.stop()
    assert refused(lan.post("/v1/sync/push", {"ops": ops})) == AWAY
    assert refused(lan.post("/v1/sync/pull", {})) == AWAY
    assert refused(province.http.get("/v1/ready")) == AWAY
    assert province.http.get("/v1/health").json() == {"status": "ok"}, "starting it anew would help nobody"
    figures = province.http.get("/metrics", headers={"Authorization": f"Bearer {token}"})
    assert "minhchung_database_up 0.0" in figures.text
    postgres.start()
    assert refused(lan.post("/v1/sync/push", {"ops": ops})) == AWAY, "it reads again, and only reads"

    postgres.lead()
    assert [r["status"] for r in lan.push(*ops)["results"]] == ["applied"]
    province.close()


def test_a_file_store_that_is_down(tmp_path: Path, migrated: Path) -> None:
    """Words go on; a file waits on its phone, and what had to be done with files waits in the database."""
    nobody = {"s3_endpoint": f"http://127.0.0.1:{free_port()}", "s3_bucket": "away", "s3_access_key": "a"}
    province = Province(tmp_path / "var", migrated, **nobody)
    lan, clock = province["lan"], province.clock
    assert lan.does("create", set={"title": "Vẫn gửi được"})["status"] == "applied"
    assert len(lan.pull()["changes"]) > 0
    assert refused(lan.upload(jpeg())) == AWAY
    assert province.http.get("/v1/ready").json() == {"status": "ok"}

    province.db.write(jobs.add, jobs.INSPECT, "ab" * 32, NOW)
    with pytest.raises(StoreUnavailable):
        province.work()
    clock.advance(60_000)
    again = province.db.write(jobs.claim, clock.now())
    assert again is not None
    assert again.attempt == 1, "a store that was away is no attempt of the job"
    province.close()
