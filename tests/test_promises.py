"""The page of promises: every number is there, what it names exists, and what only the source can show is so."""

import ast
import re
from pathlib import Path

from simulator.bugs import BUGS
from simulator.stack.bugs import STACK_BUGS

ROOT = Path(__file__).parent.parent
ROW = re.compile(r"^\| ([DPI]?\d+) \| ([^|]+) \| ([^|]+) \| ([^|]+) \|$", re.MULTILINE)
SPAN = re.compile(r"`([^`]+)`")
NUMBERS = [
    *(f"D{n}" for n in range(1, 15)),
    *(str(n) for n in range(1, 30)),
    *(f"P{n}" for n in range(1, 64)),
    *(f"I{n}" for n in range(1, 34)),
]


def rows() -> list[tuple[str, str, str, str]]:
    """Number, promise, modules, tests."""
    return ROW.findall((ROOT / "docs/promises.md").read_text(encoding="utf-8"))


def test_every_number_stands_once_in_its_order() -> None:
    assert [number for number, *_ in rows()] == NUMBERS


def test_every_promise_names_modules_and_tests_that_exist() -> None:
    known: dict[str, set[str]] = {}
    wanting = []
    for number, _, modules, tests in rows():
        files, named = SPAN.findall(modules), SPAN.findall(tests)
        assert files, number
        assert named, number
        wanting += [(number, file) for file in files if not (ROOT / file).is_file()]
        for test in named:
            path, _, function = test.partition("::")
            if path not in known:
                known[path] = functions(ROOT / "tests" / path)
            if function not in known[path]:
                wanting.append((number, test))
    assert wanting == []


def functions(path: Path) -> set[str]:
    """Tests at the top of a file; none where there is no such file."""
    body = ast.parse(path.read_text(encoding="utf-8")).body if path.is_file() else []
    return {node.name for node in body if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")}


def test_the_page_names_every_mistake_that_is_planted() -> None:
    page = (ROOT / "docs/promises.md").read_text(encoding="utf-8").split("## Mistakes that are planted")[1]
    assert re.findall(r"^\| ([^|]+) \| [^|]+\.? \|$", page, re.MULTILINE)[2:] == [*BUGS, *STACK_BUGS]


ROWS = ("Record", "LogEntry", "ScopeHead", "LeftRecord")
WRITES = re.compile(rf"\b(?:insert\w*|upsert|update|delete|add|merge)\((?:session, )?(?:{'|'.join(ROWS)})\b")
SQL = re.compile(r"\b(?:insert into|update|delete from)\s+(?:record|change_log|left_record)\b", re.I)


def test_one_module_writes_records_and_their_log() -> None:
    """No other module and no migration touches synced rows behind the log (P61, P62)."""
    packages = ("service", "programme", "sync", "auth", "storage", "migrations")
    sources = {path: path.read_text(encoding="utf-8") for name in packages for path in (ROOT / name).rglob("*.py")}
    assert [p.name for p, text in sources.items() if WRITES.search(text)] == ["append.py"]
    assert [p.name for p, text in sources.items() if SQL.search(text)] == []
