"""The house holds: imports run one way, and the rules of house_lints.py are kept. Each rule is shown turning red."""

import ast
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parent.parent
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
CONTRACTS = {contract["id"]: contract for contract in PYPROJECT["tool"]["importlinter"]["contracts"]}
ROOTS = [*PYPROJECT["tool"]["importlinter"]["root_packages"][:-1], "clients/python/src/minhchung_client"]


def house_lints() -> ModuleType:
    spec = importlib.util.spec_from_file_location("house_lints", Path(__file__).with_name("house_lints.py"))
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


LINTS = house_lints()


def broken_contracts(root: Path) -> set[str]:
    """The ids of the contracts that lint-imports reports as broken in the tree at `root`."""
    environment = os.environ | {"PYTHONPATH": str(root / "clients/python/src"), "COLUMNS": "200"}
    command = [
        shutil.which("lint-imports", path=str(Path(sys.executable).parent)) or "lint-imports",
        "--no-cache",
        "--no-logo",
    ]
    run = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, check=False)
    assert "kept" in run.stdout, run.stdout + run.stderr
    broken = set(re.findall(r"^(.*) BROKEN", run.stdout, re.MULTILINE))
    return {id_ for id_, contract in CONTRACTS.items() if contract["name"] in broken}


def test_the_tree_keeps_every_import_contract() -> None:
    assert broken_contracts(ROOT) == set()


# (contract, file that gets the line, the forbidden line); a file that does not exist is made.
IMPORTS = [
    ("layers", "storage/errors.py", "import auth.errors"),
    ("layers", "sync/errors.py", "import programme.errors"),
    ("framework", "sync/errors.py", "import fastapi"),
    ("framework", "auth/errors.py", "from pydantic_settings import BaseSettings"),
    ("pure", "sync/merge.py", "import sqlmodel"),
    ("pure", "auth/principal.py", "import sqlalchemy"),
    ("bytes", "storage/errors.py", "import sqlalchemy"),
    ("s3", "storage/errors.py", "import boto3"),
    ("jose", "auth/errors.py", "from jose import jwt"),
    ("principal", "programme/errors.py", "import auth.tokens"),
    ("tables", "programme/errors.py", "from sync.models import Record"),
    ("routes", "service/routes/one.py", "import service.routes.other"),
    ("cycles", "sync/op.py", "import sync.merge"),
    ("outsiders", "demo/first.py", "import service.settings"),
    ("outsiders", "clients/python/src/minhchung_client/first.py", "import sync.merge"),
]


@pytest.mark.parametrize(("contract", "path", "line"), IMPORTS, ids=str)
def test_a_forbidden_import_breaks_its_contract(tmp_path: Path, contract: str, path: str, line: str) -> None:
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    for package in ROOTS:
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    if contract == "routes":
        (tmp_path / "service/routes/other.py").touch()
    with (tmp_path / path).open("a", encoding="utf-8") as file:
        file.write(f"\n{line}\n")
    assert contract in broken_contracts(tmp_path)


def test_every_contract_has_a_forbidden_import_here() -> None:
    assert {contract for contract, _, _ in IMPORTS} == set(CONTRACTS)


def test_modules_that_call_themselves_pure_are_in_the_contract() -> None:
    pure = {
        path.relative_to(ROOT).with_suffix("").as_posix().replace("/", ".")
        for package in ("papers", "privacy", "programme", "sync", "auth", "storage", "proof")
        for path in (ROOT / package).rglob("*.py")
        if re.search(r"\bPure\b", ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or "")
    }
    assert pure == set(CONTRACTS["pure"]["source_modules"])


def test_the_tree_keeps_the_house_rules() -> None:
    assert LINTS.lint(ROOT) == []


DOC = '"""Says what it is for."""\n'
LONG_BODY = "".join(f"    x = {n}\n" for n in range(51))
ROUTE = DOC + '@router.get("/x")\n{0} x():\n    """Answers."""\n{1}'
# (rule, file, text): each planted alone in a small tree that is otherwise clean.
PLANTS = [
    ("file-length", "sync/a.py", DOC + "\n" * 250),
    ("function-length", "sync/a.py", DOC + "def _f():\n" + LONG_BODY),
    ("route-length", "service/routes/a.py", ROUTE.format("def", "    x = 1\n" * 16)),
    ("async-route", "service/routes/a.py", ROUTE.format("async def", "    return 1\n")),
    ("module-name", "sync/utils.py", DOC),
    ("module-name", "sync/helpers/a.py", DOC),
    ("docstring", "sync/a.py", "X = 1\n"),
    ("docstring", "sync/a.py", DOC + "def f():\n" + "    x = 1\n" * 6),
    ("environment", "service/a.py", DOC + "import os\nX = os.environ['A']\n"),
    ("environment", "demo/a.py", DOC + "from os import getenv\n"),
    ("clock", "sync/a.py", DOC + "import datetime as dt\ndef _f():\n    return dt.datetime.now()\n"),
    ("clock", "auth/a.py", DOC + "from time import time\n"),
    ("clock", "clients/python/src/minhchung_client/a.py", DOC + "import time\ndef _f():\n    time.sleep(1)\n"),
    ("no-sleep", "tests/unit/test_a.py", DOC + "import time\ndef test_a():\n    time.sleep(1)\n"),
    ("commit", "sync/a.py", DOC + "def _f(session):\n    session.commit()\n"),
    ("http-exception", "service/a.py", DOC + "def _f():\n    raise HTTPException(404)\n"),
    ("error-code", "sync/errors.py", DOC + "class A(Exception):\n    code = 'unheard_of'\n"),
    ("error-code", "sync/errors.py", DOC + "class A(Exception):\n    pass\n"),
    ("error-code", "sync/a.py", DOC + "def _f():\n    raise OpFault('unheard_of')\n"),
    ("error-code", "sync/a.py", DOC + "def _f(result):\n    result.code, result.n = 'unheard_of', 1\n"),
    ("import-time", "service/a.py", DOC + "app = FastAPI()\n"),
    ("import-time", "service/a.py", DOC + "engine = sqlalchemy.create_engine('sqlite://')\n"),
    ("owned-library", "auth/a.py", DOC + "from jose import jwt\n"),
    ("owned-library", "storage/a.py", DOC + "import boto3\n"),
    ("outsider", "demo/a.py", DOC + "import sqlmodel\n"),
    ("machine-path", "docs/a.md", "The file is in `/home/lan/minhchung`.\n"),
    ("registry-host", "docs/a.md", "See https://pypi.org/project/x.\n"),
    ("nfc", "docs/a.md", "Bie\u0302n ba\u0309n\n"),
    ("problem", "service/problems.yaml", "internal: {action: none, en: 'A fault.'}\n"),
    ("problem", "service/problems.yaml", "internal: {action: pray, vi: 'Lỗi.', en: 'A fault.'}\n"),
    ("problem", "service/problems.yaml", "internal: {action: none, vi: 'Lỗi {n}.', en: 'A fault.'}\n"),
]


@pytest.mark.parametrize(("rule", "path", "text"), PLANTS, ids=[f"{rule}-{n}" for n, (rule, _, _) in enumerate(PLANTS)])
def test_a_broken_house_rule_is_found(tmp_path: Path, rule: str, path: str, text: str) -> None:
    clean = {
        "service/problems.yaml": "internal: {status: 500, action: wait, vi: 'Lỗi.', en: 'A fault.'}\n",
        "sync/errors.py": DOC + "class SyncError(Exception):\n    code = 'internal'\n",
        "service/clock.py": DOC + "import time\ndef _now():\n    return time.time_ns()\n",
        "service/db.py": DOC + "def _write(session):\n    session.commit()\n",
    }
    assert plant(tmp_path, clean) == []
    assert [finding.rule for finding in plant(tmp_path, {path: text})] == [rule]


def plant(root: Path, files: dict[str, str]) -> list[LINTS.Finding]:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    return LINTS.lint(root)


def test_every_house_rule_has_a_plant_here() -> None:
    source = Path(LINTS.__file__).read_text(encoding="utf-8")
    rules = set(re.findall(r'(?:yield [\w.]+, |yield number, |, 1, )"([a-z-]+)"', source))
    rules |= {rule for rule, *_ in LINTS.DOORS}
    assert {rule for rule, _, _ in PLANTS} == rules
