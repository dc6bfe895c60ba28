"""The operator asks what is wrong with a deployment: each fault that was planted is named, with what to do about it."""

import shutil
from pathlib import Path

import pytest
from sqlalchemy import text

from people import Province
from service import doctor
from service.__main__ import main
from service.settings import Settings
from sync import jobs


def codes(settings: Settings, now: int) -> set[str]:
    return {found.code for found in doctor.examine(settings, now)}


def bad(settings: Settings, now: int) -> set[str]:
    """Codes of what has to be fixed."""
    return {code for code in codes(settings, now) if doctor.texts()[code].level == "bad"}


def test_a_new_deployment_lacks_a_backup_and_faults_of_its_work_are_told(province: Province) -> None:
    settings, now = province.settings, province.clock.now()
    careless = {"database_careless"} if settings.database_url else set()  # the tests' own cluster runs without fsync
    clock = {"clocks_apart"} if settings.database_url else set()  # and the clock of the tests stands still
    assert bad(settings, now) == {"backup_none", *careless, *clock}
    lan = province["lan"]
    lan.does("patch", "01890000-0000-7000-8000-000000000000", type="document", base_ver=1, set={"title": "Về sau"})
    province.db.write(lambda s: s.execute(text("update sync_epoch set active = false")))
    province.db.write(jobs.add, "inspect", "", now - 3_600_000)
    assert codes(settings, now) >= {"ops_open", "restored", "worker_stopped"}
    province.db.write(lambda s: s.execute(text("update job set done = false, attempts = 8")))
    assert "jobs_given_up" in bad(settings, now)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # clamd's client leaves a socket open
def test_what_lies_around_the_database_is_looked_at(
    tmp_path: Path,
    migrated: Path,
    province: Province,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    folder = tmp_path / "beside"
    shutil.copytree(migrated, folder)
    now = province.clock.now()
    there = Settings(data_dir=folder)
    (folder / "keys").mkdir(exist_ok=True)
    (folder / "keys/open.pem").write_text("khoá")
    (folder / "keys/open.pem").chmod(0o644)
    (folder / "mirror").write_text("không phải thư mục")
    ill = there.model_copy(update={"clamd": "127.0.0.1:1", "mirror_dir": folder / "mirror"})
    assert bad(ill, now) >= {"key_readable", "mirror_broken", "scanner_away", "backup_none"}
    assert bad(Settings(data_dir=tmp_path / "nowhere"), now) == {"folder_missing"}
    assert not (tmp_path / "nowhere").exists()
    assert bad(there.model_copy(update={"database_url": "postgresql+psycopg://x@127.0.0.1:1/x"}), now) >= {
        "database_unreachable"
    }
    monkeypatch.setenv("MINHCHUNG_DATA_DIR", str(folder))
    assert main(["doctor", "--language", "en"]) == 1
    assert "can read the key keys/open.pem.\n  → Run chmod 600 on it." in capsys.readouterr().out
    assert main(["doctor"]) == 1
    assert "2 điều phải sửa" in capsys.readouterr().out


def test_every_finding_has_its_words_and_every_word_its_finding() -> None:
    source = (Path(doctor.__file__)).read_text(encoding="utf-8")
    assert {code for code in doctor.texts() if f'"{code}"' not in source} == set()
