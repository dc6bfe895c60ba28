"""Writes the documents that are lists in the code: settings.md, problems.md, and the state machines of programme.md.

`make docs` runs it.
"""

from pathlib import Path

from pydantic_core import PydanticUndefined

from programme.cases import CASE_TYPES, SELF_ASSESSMENT
from programme.transitions import MACHINES, Machine
from service.problems import Row, catalogue
from service.settings import Settings

DOCS = Path(__file__).parent
WRITTEN = "<!-- Written by docs/generate.py; edit {source} and run `make docs`. -->\n"

ACTIONS = {
    "none": "Nothing; the app shows the text and goes on.",
    "wait": "The app tries again by itself, after `Retry-After` where there is one.",
    "edit": "The person corrects what `errors` or `fields` names, which makes a new op.",
    "resolve_conflict": "The person chooses between the values that were both kept.",
    "login": "The person signs in, or enrols the install again.",
    "upgrade": "The person installs a newer app.",
    "contact_supervisor": "The person tells their supervisor, who sees the same code.",
    "upload_media": "The app uploads the file that is named.",
}


def settings_page() -> str:
    """One row for each field of `Settings`."""
    prefix = Settings.model_config["env_prefix"]
    lines = [
        "# Settings\n",
        WRITTEN.format(source="service/settings.py"),
        "Everything has a default; `make run` needs none of them. The service reads them from its environment, once,",
        "when it starts.\n",
        "| variable | default | what it is |",
        "| --- | --- | --- |",
    ]
    for name, field in Settings.model_fields.items():
        unset = field.default is None or field.default is PydanticUndefined or str(field.default) == ""
        default = "unset" if unset else f"`{field.default}`"
        lines.append(f"| `{prefix}{name.upper()}` | {default} | {field.description} |")
    return "\n".join(lines) + "\n"


def problems_page() -> str:
    """One heading for each code, so that the `type` of a problem is an address on this page."""
    parts = [
        "# Problems\n",
        WRITTEN.format(source="service/problems.yaml"),
        "What can go wrong, by its stable `code`. A code with a status is the answer to a whole request, as a problem",
        "document (RFC 9457); a code without one stands in the result of a single op of a push, inside a 200. The text",
        "is Vietnamese unless the request prefers English (`Accept-Language`). Nothing that a device sent is dropped",
        "by any of them: an app keeps its outbox, and `action` is the one thing to do next:\n",
        "| action | who does what |",
        "| --- | --- |",
        *(f"| `{action}` | {meaning} |" for action, meaning in ACTIONS.items()),
        "",
    ]
    parts += [problem(code, row) for code, row in sorted(catalogue().items())]
    return "\n".join(parts)


def problem(code: str, row: Row) -> str:
    """The section of one code."""
    where = f"HTTP {row.status}" if row.status else "in the result of an op"
    return f"## {code}\n\n{where} · action: `{row.action}`\n\n- vi: {row.vi}\n- en: {row.en}\n"


MARK = "<!-- From here on written by docs/generate.py from programme/transitions.py; run `make docs`. -->\n"
FIELD = "| field | kind | a decision covers it |\n| --- | --- | --- |"


def programme_page() -> str:
    """The page as people wrote it, and behind the mark each state machine: drawn, and row by row."""
    written = (DOCS / "programme.md").read_text(encoding="utf-8").partition(MARK)[0]
    machines = "\n".join(machine_section(machine) for machine in MACHINES.values())
    return f"{written}{MARK}\n{machines}\n{fields_section()}"


def machine_section(machine: Machine) -> str:
    """One machine as a drawing, its moves, and whose turn each state is."""
    arrows = [f"    [*] --> {machine.first}"]
    rows = []
    for move in machine.moves:
        arrows += [f"    {source} --> {move.target}: {move.action}" for source in move.sources if move.target]
        who = move.who.value if move.who else "the service"
        sources = ", ".join(move.sources)
        wants = ", ".join((*move.needs, *move.fields, *(("note",) if move.note else ())))
        guards = ", ".join((*move.guards, *(("outsider",) if move.outsider else ())))
        cells = (f"`{move.action}`", machine.move_vi(move.action), sources, move.target or "the same", who, wants)
        rows.append(f"| {' | '.join((*cells, guards, move.due))} |")
    turns = [
        f"| `{state}` | {machine.state_vi(state)} | {', '.join(r.value for r in machine.turns.get(state, ()))} |"
        for state in machine.states
    ]
    head = "| move | tiếng Việt | from | to | who may | paper, fields | guards | due |\n" + "| --- " * 8 + "|"
    return "\n".join(
        [
            f"### {machine.type}: {machine.title_vi}\n",
            "```mermaid\nstateDiagram-v2",
            *arrows,
            "```\n",
            head,
            *rows,
            "\n| state | tiếng Việt | whose turn |\n| --- | --- | --- |",
            *turns,
            "",
        ]
    )


def fields_section() -> str:
    """The fields that phones write, of the types that the programme adds to evidence."""
    parts = ["## Fields that phones write\n"]
    for record_type in (*CASE_TYPES, SELF_ASSESSMENT):
        if not record_type.shared:
            rows = [
                f"| `{n}` | {f.kind.value} | {'yes' if f.reviewed else 'no'} |" for n, f in record_type.fields.items()
            ]
            parts += [f"### Fields of {record_type.name}\n", FIELD, *rows, ""]
    return "\n".join(parts)


PAGES = {"settings.md": settings_page, "problems.md": problems_page, "programme.md": programme_page}

if __name__ == "__main__":
    for page, write in PAGES.items():
        (DOCS / page).write_text(write(), encoding="utf-8")
