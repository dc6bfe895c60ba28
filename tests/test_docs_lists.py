"""The lists in the documents are those of the code: tables, fields, codes, roles, and what the engine offers."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from sqlmodel import SQLModel

from auth.principal import PERMISSIONS
from programme.evidence import COMMON, EVIDENCE
from programme.reasons import REASONS
from programme.registry import registry
from service.problems import catalogue
from sync.outcome import STATUSES

ROOT = Path(__file__).parent.parent


def text_of(page: str) -> str:
    return (ROOT / "docs" / page).read_text(encoding="utf-8")


def section(page: str, heading: str) -> str:
    """What stands under a heading, up to the next one."""
    return re.split(r"^#+ ", text_of(page).split(f"# {heading}\n", 1)[1], maxsplit=1, flags=re.MULTILINE)[0]


def rows(text: str) -> list[list[str]]:
    """Rows of tables whose first cell is code, without the quotes."""
    lines = re.findall(r"^\| (`.*) \|$", text, re.MULTILINE)
    return [[cell.replace("`", "").strip() for cell in line.split(" | ")] for line in lines]


def listed(text: str) -> list[str]:
    """The codes in the first cells of tables."""
    return [word for row in rows(text) for word in row[0].split(", ")]


def test_what_others_use_of_the_engine_is_on_the_architecture_page() -> None:
    shown = set(listed(section("architecture.md", "The public surface of the engine")))
    used = {
        found
        for package in ("service", "papers", "privacy", "programme")
        for path in (ROOT / package).rglob("*.py")
        for found in uses(path)
    }
    assert {found for found in used if not {found, found.rpartition(".")[0]} & shown} == set()
    assert {found for found in shown if not any(one == found or one.startswith(f"{found}.") for one in used)} == set()


def uses(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == "sync":
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def test_the_database_page_lists_the_tables_of_the_models() -> None:
    shown = {row[0]: row[1].split(", ") for row in rows(section("database.md", "Tables")) if len(row) == 3}
    tables = SQLModel.metadata.tables.values()
    assert shown == {table.name: [column.name for column in table.primary_key] for table in tables}


def test_the_protocol_page_lists_the_fields_of_every_type() -> None:
    assert fields("Every type of evidence") == {n: (f.kind.value, f.reviewed) for n, f in COMMON.items()}
    for record_type in EVIDENCE:
        own = {n: (f.kind.value, f.reviewed) for n, f in record_type.fields.items() if n not in COMMON}
        assert fields(record_type.name) == own
    headings = re.findall(r"^### (.+)$", text_of("protocol.md"), re.MULTILINE)
    assert set(registry().types) <= set(re.findall(r"\w+", " ".join(headings)))


def fields(heading: str) -> dict[str, tuple[str, bool]]:
    return {row[0]: (row[1], row[3] == "yes") for row in rows(section("protocol.md", heading))}


def test_the_protocol_page_lists_every_status_code_reason_issue_and_role() -> None:
    assert listed(section("protocol.md", "Push"))[: len(STATUSES)] == list(STATUSES)
    of_ops = {code for code, row in catalogue().items() if row.status is None}
    assert set(listed(section("protocol.md", "Push"))[len(STATUSES) :]) == of_ops
    assert re.findall(r"`(\w+)`", section("protocol.md", "Review").split("reason (")[1].split(")")[0]) == list(REASONS)
    evidence = (ROOT / "programme/evidence.py").read_text(encoding="utf-8")
    issues = section("protocol.md", "Records").split("Issues: ")[1].split("\n\n")[0]
    assert set(re.findall(r"`(\w+)`", issues)) == set(re.findall(r'Issue\("(\w+)"', evidence))
    roles = {
        role: set(row[1].split(", "))
        for row in rows(section("protocol.md", "Signing in"))
        for role in row[0].split(", ")
    }
    assert roles == {role.value: {p.value for p in may} for role, may in PERMISSIONS.items()}


def test_every_decision_has_a_number_of_its_own() -> None:
    pages = sorted((ROOT / "docs/adr").glob("[0-9]*.md"))
    numbers = [page.name[:4] for page in pages]
    assert numbers == [f"{n:04}" for n in range(1, len(pages) + 1)]
    assert [page.read_text(encoding="utf-8")[2:7] for page in pages] == [f"{number}." for number in numbers]
