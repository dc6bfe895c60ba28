"""The house rules that a program can hold: `make lint` prints each finding as `path:line: rule: what`.

One pass over the syntax tree of each file. Import directions are not here: import-linter holds those (pyproject.toml).
A rule that review had to say twice belongs in this file, with a snippet in test_architecture.py that turns it red.
"""

import ast
import re
import sys
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import yaml

PACKAGES = ("service", "papers", "privacy", "programme", "sync", "auth", "storage", "proof", "migrations")
CLIENT = "clients/python/src/minhchung_client/"
PYTHON = (*PACKAGES, "demo", "clients", "simulator", "benchmarks", "docs", "tests")
TEXT = frozenset({".py", ".md", ".toml", ".yaml", ".yml", ".txt", ".json", ".csv", ".mako", ""})
SKIPPED = frozenset({".git", ".venv", ".hypothesis", "var", "dist", "node_modules", "__pycache__"})

MAX_FILE, MAX_FUNCTION, MAX_ROUTE = 250, 50, 15
SPEAKS_FOR_ITSELF = 5  # lines of a public function that may go without a docstring, which would repeat the signature
LONGER: dict[str, str] = {
    "migrations/versions/20261123_first_tables.py": "every table in one step, as alembic writes it",
    "sync/models.py": "the tables of the engine, beside each other",
}  # path -> why this file, or its functions, are clearer in one piece than in two
ASYNC_ROUTES = frozenset(f"service/routes/{name}.py" for name in ("uploads", "pull", "events"))  # those that wait
BANNED_NAMES = frozenset({"util", "utils", "helper", "helpers", "common", "manager", "base", "misc"})
ACTIONS = frozenset(
    {"none", "wait", "edit", "resolve_conflict", "login", "upgrade", "contact_supervisor", "upload_media"}
)
VERBS = frozenset({"get", "post", "put", "patch", "delete", "head", "options", "api_route", "websocket"})
WORLDS = frozenset({"FastAPI", "create_app", "create_engine", "Database", "Session", "sessionmaker", "Settings"})

# A door: what goes through it, where it is, and who must use it.
ENVIRONMENT = ("os.environ", "os.getenv", "os.putenv")
CLOCK = ("time.time", "time.time_ns", "time.sleep", "datetime.now", "datetime.utcnow", "datetime.today", "date.today")
DOORS = (
    ("environment", ENVIRONMENT, "service/settings.py", (*PACKAGES, "demo", "clients")),
    ("clock", CLOCK, "service/clock.py", PACKAGES),
    ("clock", CLOCK, CLIENT + "clock.py", ("clients",)),
    ("no-sleep", ("time.sleep",), "", ("tests",)),
)
ONLY_IN = {"jose": "auth/tokens.py", "boto3": "storage/s3.py", "botocore": "storage/s3.py"}
# These two stand beside the service and may know its wire format only.
MAY_IMPORT = {"demo": {"demo", "minhchung_client", "httpx", "PIL"}, "clients": {"minhchung_client", "httpx"}}

MACHINE_PATH = re.compile(r"(?<![\w.~/-])/(?:work|home|root|tmp)/")
REGISTRY = re.compile(r"\b(?:pypi|pythonhosted|npmjs)\.(?:org|com)\b")

Function = ast.FunctionDef | ast.AsyncFunctionDef


class Finding(NamedTuple):
    """One broken rule; `path` is relative to the root."""

    path: str
    line: int
    rule: str
    what: str


@dataclass(frozen=True)
class File:
    """A Python file, parsed once; `codes` are the keys of the problem catalogue."""

    path: str
    text: str
    tree: ast.Module
    codes: frozenset[str]

    @property
    def top(self) -> str:
        return self.path.partition("/")[0]


def lint(root: Path) -> list[Finding]:
    """Every finding in the tree at `root`, sorted."""
    found: list[Finding] = []
    catalogue = root / "service/problems.yaml"
    rows = yaml.safe_load(catalogue.read_text(encoding="utf-8")) if catalogue.exists() else {}
    for code, row in rows.items():
        found += (Finding("service/problems.yaml", 1, "problem", f"{code}: {fault}") for fault in row_faults(row))
    for path in files(root):
        name = path.relative_to(root).as_posix()
        text = path.read_text(encoding="utf-8")
        if name.partition("/")[0] != "tests":
            found += (Finding(name, line, rule, what) for line, rule, what in text_faults(text))
        if path.suffix == ".py" and name.startswith(PYTHON):
            file = File(name, text, ast.parse(text), frozenset(rows))
            found += (Finding(name, line, rule, what) for line, rule, what in file_faults(file))
    return sorted(found)


def files(root: Path) -> Iterator[Path]:
    """The project's text files: no environment, no data, nothing that a tool made."""
    for path in root.rglob("*"):
        parts = path.relative_to(root).parts
        made = any(part in SKIPPED or part.endswith(("_cache", ".egg-info")) for part in parts)
        if not made and path.suffix in TEXT and path.is_file():
            yield path


def text_faults(text: str) -> Iterator[tuple[int, str, str]]:
    """What no project file may say, in any language."""
    for number, line in enumerate(text.splitlines(), 1):
        if MACHINE_PATH.search(line):
            yield number, "machine-path", "names a path of one machine"
        if REGISTRY.search(line):
            yield number, "registry-host", "names a package registry"
        if not unicodedata.is_normalized("NFC", line):
            yield number, "nfc", "text is not in Unicode normal form C"


def row_faults(row: dict[str, object]) -> Iterator[str]:
    """What a row of the problem catalogue lacks."""
    texts = [row.get("vi"), row.get("en")]
    if not all(isinstance(text, str) and text.strip() for text in texts):
        yield "needs both vi and en"
    elif len({frozenset(re.findall(r"\{(\w+)\}", str(text))) for text in texts}) > 1:
        yield "vi and en name different parameters"
    if row.get("action") not in ACTIONS:
        yield f"unknown action {row.get('action')!r}"


def file_faults(file: File) -> Iterator[tuple[int, str, str]]:
    """The rules on a file as a whole, then on each node of its tree."""
    length = len(file.text.splitlines())
    if length > MAX_FILE and file.path not in LONGER:
        yield 1, "file-length", f"{length} lines"
    if not BANNED_NAMES.isdisjoint(Path(file.path).with_suffix("").parts):
        yield 1, "module-name", "name it by its noun"
    if not ast.get_docstring(file.tree):
        yield 1, "docstring", "module"
    if file.top != "tests":
        yield from top_level_faults(file)
    for node in ast.walk(file.tree):
        if isinstance(node, Function):
            yield from function_faults(file, node)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            yield from import_faults(file, node)
        elif file.top in PACKAGES:
            yield from statement_faults(file, node)
    yield from door_faults(file)


def top_level_faults(file: File) -> Iterator[tuple[int, str, str]]:
    """Public functions are explained; importing a module does nothing. Alembic's files are as Alembic wants them."""
    for node in file.tree.body if not file.path.startswith("migrations/") else ():
        if isinstance(node, Function):
            lines = (node.end_lineno or 0) - node.lineno
            if not (node.name.startswith("_") or ast.get_docstring(node)) and lines > SPEAKS_FOR_ITSELF:
                yield node.lineno, "docstring", node.name
        elif isinstance(node, ast.Assign | ast.AnnAssign | ast.Expr) and node.value:
            for call in (n for n in ast.walk(node.value) if isinstance(n, ast.Call)):
                if last(call.func) in WORLDS:
                    yield node.lineno, "import-time", f"makes {last(call.func)} at import"


def function_faults(file: File, node: Function) -> Iterator[tuple[int, str, str]]:
    """Sizes without the docstring, and where a route may be `async`."""
    body = node.body[1:] if ast.get_docstring(node) else node.body
    lines = (node.end_lineno or 0) - body[0].lineno + 1 if body else 0
    if lines > MAX_FUNCTION and file.path not in LONGER:
        yield node.lineno, "function-length", f"{node.name}: {lines} lines"
    decorators = (d.func for d in node.decorator_list if isinstance(d, ast.Call))
    if file.top == "service" and any(isinstance(d, ast.Attribute) and d.attr in VERBS for d in decorators):
        if lines > MAX_ROUTE:
            yield node.lineno, "route-length", f"{node.name}: {lines} lines"
        if isinstance(node, ast.AsyncFunctionDef) and file.path not in ASYNC_ROUTES:
            yield node.lineno, "async-route", node.name


def stated_codes(node: ast.AST) -> Iterator[str]:
    """Problem codes that a node writes down: `code = "x"`, `result.code = "x"`, `f(code="x")`, `OpFault("x")`."""
    pairs: list[tuple[str, ast.AST]] = []
    if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Tuple) and isinstance(node.value, ast.Tuple):
        pairs = [(dotted(target), value) for target, value in zip(node.targets[0].elts, node.value.elts, strict=False)]
    elif isinstance(node, ast.Assign | ast.AnnAssign) and node.value:
        pairs = [(dotted(node.targets[0] if isinstance(node, ast.Assign) else node.target), node.value)]
    elif isinstance(node, ast.Call):
        pairs = [(keyword.arg or "", keyword.value) for keyword in node.keywords]
        pairs += [("code", argument) for argument in node.args[:1] if last(node.func).endswith("Fault")]
    for name, value in pairs:
        if name.rpartition(".")[2] == "code" and isinstance(value, ast.Constant) and isinstance(value.value, str):
            yield value.value


def import_faults(file: File, node: ast.Import | ast.ImportFrom) -> Iterator[tuple[int, str, str]]:
    """Libraries that one file owns, and the packages that know the wire only."""
    names = [node.module or ""] if isinstance(node, ast.ImportFrom) else [alias.name for alias in node.names]
    for top in (name.partition(".")[0] for name in names):
        if file.top in PACKAGES and ONLY_IN.get(top, file.path) != file.path:
            yield node.lineno, "owned-library", f"{top} belongs to {ONLY_IN[top]}"
        known = MAY_IMPORT.get(file.top)
        if known and top not in known and top not in sys.stdlib_module_names:
            yield node.lineno, "outsider", f"{file.top} may not import {top}"


def statement_faults(file: File, node: ast.AST) -> Iterator[tuple[int, str, str]]:
    """One place commits; failures are errors of the packages, by a code of the catalogue."""
    if isinstance(node, ast.Call) and last(node.func) == "commit" and file.path != "service/db.py":
        yield node.lineno, "commit", "only service/db.py commits"
    elif isinstance(node, ast.Raise) and node.exc:
        raised = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
        if last(raised) == "HTTPException":
            yield node.lineno, "http-exception", "raise an error of the package instead"
    elif isinstance(node, ast.ClassDef) and file.path.endswith("/errors.py"):
        codes = [code for statement in node.body for code in stated_codes(statement)]
        if not codes:
            yield node.lineno, "error-code", f"{node.name} has no code"
    for code in stated_codes(node):
        if code not in file.codes:
            yield getattr(node, "lineno", 1), "error-code", f"{code} has no row in service/problems.yaml"


def door_faults(file: File) -> Iterator[tuple[int, str, str]]:
    """Uses of the environment and the wall clock outside the one file that may, by any way of importing them."""
    uses = [(n.lineno, dotted(n)) for n in ast.walk(file.tree) if isinstance(n, ast.Attribute)]
    for node in ast.walk(file.tree):
        if isinstance(node, ast.ImportFrom):
            uses += ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)
    for line, name in uses:
        for rule, banned, door, held in DOORS:
            if file.top in held and file.path != door and any(name == b or name.endswith("." + b) for b in banned):
                yield line, rule, f"{name} only in {door}" if door else name


def dotted(node: ast.AST) -> str:
    """`a.b.c` for a chain of names, an empty string for anything else."""
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}".lstrip(".")
    return node.id if isinstance(node, ast.Name) else ""


def last(node: ast.AST) -> str:
    """The last name of such a chain."""
    return dotted(node).rpartition(".")[2]


if __name__ == "__main__":
    findings = lint(Path(__file__).resolve().parent.parent)
    for found in findings:
        print(f"{found.path}:{found.line}: {found.rule}: {found.what}")
    sys.exit(bool(findings))
