"""docs/compliance.md leaves no number out and names what exists; and what it says of libraries and outbound calls."""

import ast
import json
import re
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ROW = re.compile(r"^\| ([\w.-]+) \| (.+) \| ([^|]+) \| ([^|]+) \|$", re.MULTILINE)


def words(text: str) -> set[str]:
    return set(text.split())


NUMBERS = {
    "Law": {f"L{n}" for n in range(1, 26)},
    "QCVN 12:2026/BCA": words(
        "password-form password-first password-age accounts-quarter log-fields log-week log-month log-store log-admins"
        " levels-apart deletion restores"
    ),
    "OWASP API Top 10": {f"API{n}" for n in range(1, 11)},
    "ASVS 5.0": words(
        "1.2.10 1.3.6 1.5.1 1.5.3 2.3.3 2.4.1 4.1.2 4.1.3 4.1.4 4.1.5 5.1.1 5.2.1 5.2.2 5.2.3 5.2.4 5.2.5 5.2.6 5.3.2"
        " 5.3.3 5.4.1 5.4.2 5.4.3 6.2.4 6.3.1 7.4.1 7.4.2 7.4.5 8.1.2 8.2.3 8.3.2 8.4.1 9.1.2 9.1.3 9.2.2 9.2.3"
        " 10.4.1 10.4.2 10.4.5 10.4.6 10.4.8 10.4.14 10.7.1 13.2.4 13.2.5 13.4.5 14.2.1 14.2.8"
        " 14.3.3 15.2.5 15.3.2 15.3.3 15.4.2 16.2.5 16.4.1 16.4.2"
        " 16.4.3 16.5.2 16.5.3"
    ),
    "MASVS": {"STORAGE", "CRYPTO", "AUTH", "NETWORK", "CODE", "PRIVACY"},
    "Incidents of others": words(
        "CVE-2026-48710 CVE-2025-62727 CVE-2023-30798 CVE-2024-53981 CVE-2024-33663 CVE-2024-33664 CVE-2026-42308"
        " CVE-2026-42561 CVE-2026-24486 CVE-2025-54121 jose-DER CVE-2026-28231 kpi-3371 Central-1097 tus-java-89"
        " CVE-2017-12635 CVE-2022-24706 CVE-2023-26268 Formplayer-1761 CVE-2023-32060 kobocat-551 Central-fixes"
        " Central-2055 tuspyserver-93 CVE-2026-28803 Dropship AnkiDroid-4366 ODK-fabrication"
    ),
    "Tokens": {"forged", "differential", "lost-answer", "stolen", "rotation", "foreign"},
    "Attacks": words(
        "hash-knowledge cursor lost-phone cloned-device malicious-files decompression ssrf xml replay log-injection"
        " brute-force exif supply-chain"
    ),
}
FLOORS = {"starlette": (1, 0, 1), "python-jose": (3, 5, 0), "pillow": (12, 2, 0), "pillow-heif": (1, 3, 0)}
FORBIDDEN = re.compile(
    r"^(face|dlib|opencv|insightface|mediapipe|torch|tensorflow|openai|anthropic|google-|sentry|mixpanel|posthog)", re.M
)
CALLING = {"httpx", "requests", "aiohttp", "urllib3", "ftplib", "smtplib"}
XML = {"xml", "lxml", "defusedxml", "xmltodict"}
# Rooms that hold what people write. Bytes of files are looked into by a confined child alone.
ROOMS = ("programme", "privacy", "sync", "storage", "service/routes")


def rows() -> Iterator[tuple[str, str, list[str], list[str]]]:
    """Section, number, files and tests of every row."""
    page = (ROOT / "docs/compliance.md").read_text(encoding="utf-8")
    for part in page.split("\n## ")[1:]:
        heading, _, table = part.partition("\n")
        for number, _, code, tests in ROW.findall(table):
            if number != "id" and set(number) != {"-"}:
                yield heading, number, re.findall(r"`([^`]+)`", code), re.findall(r"`(\w+)`", tests)


def test_no_number_is_missing_and_each_names_files_and_tests_that_exist() -> None:
    sources = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("test_*.py"))
    exist = set(re.findall(r"^def (test_\w+)", sources, re.MULTILINE))
    found: dict[str, set[str]] = {}
    wrong = []
    for heading, number, files, tests in rows():
        found.setdefault(heading, set()).add(number)
        wrong += [f"{number}: no test"] if not tests else []
        wrong += [f"{number}: {name}" for name in files if not (ROOT / name).exists()]
        wrong += [f"{number}: {name}" for name in tests if name not in exist]
    assert found == NUMBERS
    assert wrong == []


def test_nothing_recognises_faces_and_nothing_sends_content_away() -> None:
    assert FORBIDDEN.findall((ROOT / "requirements/run.txt").read_text(encoding="utf-8")) == []


def test_no_address_and_no_xml_of_people_is_followed() -> None:
    """What a person writes, or a file holds, is never called as an address nor read as XML outside the child."""
    found = []
    for room in ROOMS:
        for path in (ROOT / room).rglob("*.py"):
            names = {name.partition(".")[0] for name in imports(ast.parse(path.read_text(encoding="utf-8")))}
            confined = path.is_relative_to(ROOT / "storage/decoders")
            banned = CALLING if confined else CALLING | XML
            found += [f"{path.relative_to(ROOT)}: {name}" for name in sorted(names & banned)]
    assert found == []


def imports(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


def test_no_form_with_parts_is_read() -> None:
    paths = json.loads((ROOT / "openapi/openapi.json").read_text(encoding="utf-8"))["paths"]
    bodies = [o.get("requestBody", {}).get("content", {}) for item in paths.values() for o in item.values()]
    assert not any("multipart/form-data" in body for body in bodies)


@pytest.mark.parametrize("name", sorted(FLOORS))
def test_no_library_is_older_than_its_last_known_hole(name: str) -> None:
    assert tuple(int(part) for part in re.findall(r"\d+", version(name))[:3]) >= FLOORS[name]
