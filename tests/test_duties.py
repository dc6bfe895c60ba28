"""The table of duties in docs/programme.md names endpoints of the service, and tests that speak to just these."""

import json
import re
from pathlib import Path

from asked_endpoints import endpoint, requests

TESTS = Path(__file__).parent
ROOT = TESTS.parent
ROW = re.compile(r"^\| ([IV]+[\w. ]*?) \| [^|]+ \| `(\w+) ([^`]+)` \| `(\w+)` \|$", re.MULTILINE)
# Every duty in parts II, III and IV of Plan 188/KH-UBND, in its order.
DUTIES = (
    "II.1 a, II.1 b, II.2, II.3 a, II.3 b, II.4, II.5 a, II.5 b, II.5 c, II.6 a, II.6 b, II.7 a, II.7 b, III.1.1, "
    "III.1.2 a, III.1.2 b, III.1.2 c, III.1.2 d, III.1.3 a, III.1.3 b, III.1.3 c, III.1.4 a, III.1.4 b, III.1.5, "
    "III.2, III.3, III.4, III.5, III.6 a, III.6 b, III.7 a, III.7 b, III.8.1, III.8.2, III.8.3 a, III.8.3 b, "
    "III.8.3 c, IV.1, IV.2 a, IV.2 b, IV.2 c, IV.2 d, IV.2 e, IV.3 a, IV.3 b, IV end"
)


def test_every_duty_has_an_endpoint_and_a_test_that_speaks_to_it() -> None:
    page = (ROOT / "docs/programme.md").read_text(encoding="utf-8")
    table = page.partition("## Duties of the plan")[2].partition("\n## ")[0]
    rows = ROW.findall(table)
    assert len(rows) == table.count("\n| I")
    assert [row[0] for row in rows] == DUTIES.split(", ")
    paths = json.loads((ROOT / "openapi/openapi.json").read_text(encoding="utf-8"))["paths"]
    assert [row for row in rows if row[1].lower() not in paths.get(row[2], {})] == []
    files = {
        name: file
        for file in TESTS.rglob("test_*.py")
        for name in re.findall(r"^def (test_\w+)", file.read_text(encoding="utf-8"), re.MULTILINE)
    }
    assert [row for row in rows if row[3] not in files] == []
    silent = [row for row in rows if endpoint(row[1], row[2]) not in requests(files[row[3]], row[3])]
    assert silent == [], "the test of a duty never speaks to its endpoint"


def test_a_test_speaks_to_what_it_and_its_helpers_call_and_to_nothing_else() -> None:
    files = TESTS / "api/programme"
    press = requests(files / "test_taking_part.py", "test_the_press_sees_what_was_cleared_and_files_where_it_appeared")
    assert {("PUT", "/v1/press/items/{}"), ("POST", "/v1/press/items/{}/links"), ("POST", "/v1/sync/push")} <= press
    assert ("PUT", "/v1/press/items/{}/links") not in press
    assert ("POST", "/v1/cases") not in press, "a neighbour of the same file opens cases"
