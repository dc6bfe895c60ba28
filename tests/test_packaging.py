"""What is shipped: both wheels are built, looked into, and installed in an empty environment where the command runs."""

import importlib.metadata
import json
import os
import subprocess
import sys
import tomllib
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PACKAGES = PYPROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
pytestmark = pytest.mark.slow


@pytest.fixture(scope="session")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The wheel of the service, then the wheel of its client."""
    out = tmp_path_factory.mktemp("wheels")
    for project in (ROOT, ROOT / "clients/python"):
        build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(out)]
        subprocess.run(build, cwd=project, check=True, capture_output=True)
    return [next(out.glob("minhchung-*.whl")), next(out.glob("minhchung_client-*.whl"))]


def contents(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return {name for name in archive.namelist() if ".dist-info/" not in name}


def test_the_wheel_holds_the_packages_with_their_data_and_nothing_else(wheels: list[Path]) -> None:
    tree = {
        path.relative_to(ROOT).as_posix()
        for package in PACKAGES
        for path in (ROOT / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    shipped = contents(wheels[0])
    assert shipped == tree
    assert {name.partition("/")[0] for name in shipped} == set(PACKAGES)
    assert {"service/problems.yaml", "migrations/env.py", "migrations/script.py.mako"} <= shipped
    assert any(name.startswith("programme/data/") for name in shipped)
    assert any(name.startswith("migrations/versions/") for name in shipped)


def test_the_client_wheel_holds_the_client_only(wheels: list[Path]) -> None:
    assert {name.partition("/")[0] for name in contents(wheels[1])} == {"minhchung_client"}


def test_the_wheels_carry_the_licence(wheels: list[Path]) -> None:
    with zipfile.ZipFile(wheels[0]) as archive:
        assert any(name.endswith("licenses/LICENSE") for name in archive.namelist())


def test_no_other_distribution_owns_our_top_level_names() -> None:
    owners = importlib.metadata.packages_distributions()
    assert {name: owners[name] for name in PACKAGES if set(owners.get(name, [])) - {"minhchung"}} == {}


def test_the_locks_name_no_registry_and_pin_every_file_by_hash() -> None:
    for lock in ("requirements/run.txt", "requirements/dev.txt", "requirements/s3.txt"):
        text = (ROOT / lock).read_text(encoding="utf-8")
        assert "://" not in text
        assert all("==" in line for line in text.splitlines() if line and not line.startswith((" ", "#")))
        assert text.count("==") <= text.count("--hash=sha256:")


def test_packages_from_npm_are_pinned_by_what_their_bytes_must_be() -> None:
    lines = (ROOT / "requirements/npm.txt").read_text(encoding="utf-8").splitlines()
    packages = [line.split() for line in lines if not line.startswith("#")]
    assert packages
    assert all(len(p) == 2 and "@" in p[0][1:] and p[1].startswith("sha512-") for p in packages)


def test_the_wheels_work_in_an_environment_that_holds_nothing_else(wheels: list[Path], tmp_path: Path) -> None:
    home, empty = tmp_path / "environment", tmp_path / "empty"
    empty.mkdir()
    venv.create(home, with_pip=True)
    pip = [str(home / "bin/python"), "-m", "pip", "--disable-pip-version-check", "-qq", "install", "--no-compile"]
    subprocess.run([*pip, "--require-hashes", "-r", str(ROOT / "requirements/run.txt")], check=True)
    subprocess.run([*pip, "--no-deps", "--no-index", *map(str, wheels)], check=True)

    def minhchung(*arguments: str) -> str:
        clean = {k: v for k, v in os.environ.items() if not k.startswith(("MINHCHUNG_", "PYTHON"))}
        command = [str(home / "bin/minhchung"), *arguments]
        ran = subprocess.run(command, cwd=empty, env=clean, capture_output=True, text=True, check=False, timeout=60)
        assert ran.returncode == 0, ran.stderr
        return ran.stdout

    shown = minhchung("--help")
    assert all(command in shown for command in ("serve", "migrate", "demo", "openapi", "account", "catalogue"))
    committed = (ROOT / "openapi/openapi.json").read_text(encoding="utf-8")
    assert json.loads(minhchung("openapi")) == json.loads(committed), "run `make openapi`"
    minhchung("migrate")
    assert list((empty / "var").glob("*.db"))
    minhchung("migrate")  # and once more, on what is there
