"""The table of duties in docs/programme.md names endpoints that the service has and tests that exist."""

import json
import re
from pathlib import Path

ROOT = Path(__file__).parent.parent
ROW = re.compile(r"^\| ([IV]+[\w. ]*?) \| [^|]+ \| `(\w+) ([^`]+)` \| `(\w+)` \|$", re.MULTILINE)


def test_every_duty_has_an_endpoint_and_a_test_that_exist() -> None:
    page = (ROOT / "docs/programme.md").read_text(encoding="utf-8")
    table = page.partition("## Duties of the plan")[2].partition("\n## ")[0]
    rows = ROW.findall(table)
    assert len(rows) == table.count("\n| I") >= 35
    paths = json.loads((ROOT / "openapi/openapi.json").read_text(encoding="utf-8"))["paths"]
    sources = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("test_*.py"))
    tests = set(re.findall(r"^def (test_\w+)", sources, re.MULTILINE))
    assert [row for row in rows if row[1].lower() not in paths.get(row[2], {})] == []
    assert [row for row in rows if row[3] not in tests] == []
