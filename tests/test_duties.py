"""The table of duties in docs/programme.md names endpoints that the service has and tests that exist."""

import json
import re
from pathlib import Path

ROOT = Path(__file__).parent.parent
ROW = re.compile(r"^\| ([IV]+[\w. ]*?) \| [^|]+ \| `(\w+) ([^`]+)` \| `(\w+)` \|$", re.MULTILINE)
# Every duty in parts II, III and IV of Plan 188/KH-UBND, in its order.
DUTIES = (
    "II.1 a, II.1 b, II.2, II.3 a, II.3 b, II.4, II.5 a, II.5 b, II.5 c, II.6 a, II.6 b, II.7 a, II.7 b, III.1.1, "
    "III.1.2 a, III.1.2 b, III.1.2 c, III.1.2 d, III.1.3 a, III.1.3 b, III.1.3 c, III.1.4 a, III.1.4 b, III.1.5, "
    "III.2, III.3, III.4, III.5, III.6 a, III.6 b, III.7 a, III.7 b, III.8.1, III.8.2, III.8.3 a, III.8.3 b, "
    "III.8.3 c, IV.1, IV.2 a, IV.2 b, IV.2 c, IV.2 d, IV.2 e, IV.3 a, IV.3 b, IV end"
)


def test_every_duty_has_an_endpoint_and_a_test_that_exist() -> None:
    page = (ROOT / "docs/programme.md").read_text(encoding="utf-8")
    table = page.partition("## Duties of the plan")[2].partition("\n## ")[0]
    rows = ROW.findall(table)
    assert len(rows) == table.count("\n| I")
    assert [row[0] for row in rows] == DUTIES.split(", ")
    paths = json.loads((ROOT / "openapi/openapi.json").read_text(encoding="utf-8"))["paths"]
    sources = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("test_*.py"))
    tests = set(re.findall(r"^def (test_\w+)", sources, re.MULTILINE))
    assert [row for row in rows if row[1].lower() not in paths.get(row[2], {})] == []
    assert [row for row in rows if row[3] not in tests] == []
