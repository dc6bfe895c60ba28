"""The documents cannot lie: what they name exists, what they show runs, what they list is what the code has."""

import re
import runpy
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from pkgutil import resolve_name
from typing import NamedTuple

import pytest

from service.__main__ import main

ROOT = Path(__file__).parent.parent
PAGES = sorted(
    [
        *ROOT.glob("*.md"),
        *ROOT.glob("docs/**/*.md"),
        *ROOT.glob("clients/*/*.md"),
        *ROOT.glob("benchmarks/*.md"),
        *ROOT.glob("openapi/**/*.md"),
    ]
)
FENCE = re.compile(r"^```([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
INLINE = re.compile(r"`([^`\n]+)`")
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")


class Code(NamedTuple):
    """A fenced block (with its info string) or an inline span of a page."""

    page: str
    info: str
    text: str


def name(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def fences() -> Iterator[Code]:
    for page in PAGES:
        for info, text in FENCE.findall(page.read_text(encoding="utf-8")):
            yield Code(name(page), info.strip(), text)


def commands(word: str) -> set[tuple[str, str]]:
    """(page, arguments) for each `word arguments` that a page shows as something to type."""
    shown = [code for code in fences() if code.info.split(" ")[0] in {"", "sh", "bash", "shell", "console", "text"}]
    for page in PAGES:
        prose = FENCE.sub("", page.read_text(encoding="utf-8"))
        shown += [Code(name(page), "", span) for span in INLINE.findall(prose)]
    typed = re.compile(rf"(?:^|[\s/$&;]){word}((?: +[a-z][a-z-]*(?=[\s`]|$))+)", re.MULTILINE)
    return {(code.page, found) for code in shown for found in typed.findall(code.text)}


def anchors(page: Path) -> set[str]:
    headings = re.findall(r"^#+ +(.+?) *$", FENCE.sub("", page.read_text(encoding="utf-8")), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_the_two_front_pages_are_there() -> None:
    assert {"README.md", "README.vi.md", "CONTRIBUTING.md", "CHANGELOG.md"} <= {name(page) for page in PAGES}


def test_python_in_the_documents_compiles_and_runs_where_it_says_so(tmp_path: Path) -> None:
    for code in (code for code in fences() if code.info.split(" ")[0] == "python"):
        compile(code.text, code.page, "exec")
        if code.info == "python run":
            subprocess.run([sys.executable, "-c", code.text], cwd=tmp_path, check=True, timeout=60)


def test_make_targets_that_the_documents_name_exist() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z][a-z-]*):", makefile, re.MULTILINE))
    assert {(page, named) for page, named in commands("make") if not targets.issuperset(named.split())} == set()


def test_commands_that_the_documents_name_exist() -> None:
    named = commands("minhchung")
    exists = {arguments: answers(arguments) for arguments in {arguments for _, arguments in named}}
    assert {(page, arguments) for page, arguments in named if not exists[arguments]} == set()


def answers(arguments: str) -> bool:
    with pytest.raises(SystemExit) as ended:
        main([*arguments.split(), "--help"])
    return ended.value.code == 0


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_links_between_the_documents_resolve(page: Path) -> None:
    broken = []
    for target in LINK.findall(FENCE.sub("", page.read_text(encoding="utf-8"))):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        file = page.parent / path if path else page
        if not file.exists() or (anchor and file.suffix == ".md" and anchor not in anchors(file)):
            broken.append(target)
    assert broken == []


GENERATED = runpy.run_path(str(ROOT / "docs/generate.py"))["PAGES"]


@pytest.mark.parametrize("page", GENERATED)
def test_pages_made_from_the_code_are_up_to_date(page: str) -> None:
    assert (ROOT / "docs" / page).read_text(encoding="utf-8") == GENERATED[page](), "run `make docs`"


def glossary() -> list[tuple[str, str]]:
    """(English, Vietnamese) of each row."""
    text = (ROOT / "docs/glossary.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| ([^|]+) \| ([^|]+) \|", text, re.MULTILINE)
    return [(english, vietnamese) for english, vietnamese in rows if english not in {"word", "---"}]


def test_every_word_of_the_glossary_is_used() -> None:
    folders = (
        "service",
        "papers",
        "privacy",
        "programme",
        "sync",
        "auth",
        "storage",
        "proof",
        "clients/python/src",
        "demo",
    )
    written = [path for folder in folders for path in (ROOT / folder).rglob("*.py")]
    written += [page for page in PAGES if page.name not in {"glossary.md", "CHANGELOG.md"}]
    text = "\n".join(path.read_text(encoding="utf-8") for path in written)
    words = [english for english, _ in glossary()]
    assert [word for word in words if not re.search(rf"\b{word.replace(' ', '[ _]')}", text, re.IGNORECASE)] == []


def test_a_word_of_the_glossary_means_one_thing() -> None:
    for words in zip(*glossary(), strict=True):
        assert sorted(words) == sorted(set(words))


MADE_HERE = {path.name for path in ROOT.iterdir() if path.is_dir()} - {"var"}
NAMED_FILE = re.compile(r"(?:[\w-]+/)+(?:[\w.-]+\.(?:py|yaml|toml|md|csv|json))?")
NAMED_OBJECT = re.compile(r"(?:service|papers|programme|sync|auth|storage)(?:\.\w+)+")


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_files_and_names_of_the_house_that_the_documents_name_exist(page: Path) -> None:
    spans = INLINE.findall(FENCE.sub("", page.read_text(encoding="utf-8")))
    files = [span for span in spans if NAMED_FILE.fullmatch(span) and span.partition("/")[0] in MADE_HERE]
    objects = [span for span in spans if NAMED_OBJECT.fullmatch(span) and not NAMED_FILE.fullmatch(span)]
    assert [file for file in files if not (ROOT / file).exists()] == []
    assert [found for found in objects if not resolves(found)] == []


def resolves(dotted: str) -> bool:
    try:
        resolve_name(dotted)
    except (ImportError, AttributeError):
        return False
    return True
