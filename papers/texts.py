"""Words of papers: a template of this package and a value of facts become a `Document`.

Every leaf of a template is a Jinja text; `when`, `each`, `rows` and `cell` are Jinja expressions; a fact that is not
there is empty. Templates are code of this house, facts are not: they are never read as templates.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import cache
from importlib.resources import files
from typing import Any, Literal

import yaml
from jinja2 import ChainableUndefined, TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from papers.document import Block, Cell, Document, Signature, Table, clean
from papers.errors import PaperNotRendered
from programme.calendar import VIETNAM, day_vi

Facts = Mapping[str, Any]


def day(value: Any) -> str:
    """YYYY-MM-DD as people write it: 04/05/2026."""
    return day_vi(str(value)) if value else ""


def number(value: Any) -> str:
    """A whole number with dots between thousands."""
    return f"{value:,}".replace(",", ".") if isinstance(value, int) else ""


def local(instant: Any) -> str:
    """An instant of the wire as the clocks of Việt Nam show it: 2026-12-11T23:59:59+07:00."""
    return datetime.fromisoformat(instant).astimezone(VIETNAM).isoformat(timespec="seconds") if instant else ""


def named(name: Any) -> str:
    """A figure or group of people of a monthly report, in words."""
    return str(template("house")["names"].get(name, name))


@cache
def template(kind: str) -> dict[str, Any]:
    """The template of a kind of paper, with what all share filled in."""
    folder = files("papers").joinpath("templates")
    house = yaml.safe_load(folder.joinpath("house.yaml").read_text(encoding="utf-8"))
    own = yaml.safe_load(folder.joinpath(f"{kind}.yaml").read_text(encoding="utf-8"))
    return {**house, **own}


def written(kind: str, facts: Facts, digest: str) -> Document:
    """The paper that these facts make; `digest` names them. Raises PaperNotRendered."""
    found = template(kind)
    try:
        return Document(
            **{name: _line(found[name], facts) for name in HEAD},
            grounds=tuple(_lines(found["grounds"], facts)),
            blocks=tuple(_blocks(found["blocks"], facts)),
            signatures=tuple(Signature(_line(s["title"], facts), _line(s["name"], facts)) for s in found["signatures"]),
            recipients=tuple(_lines(found["recipients"], facts)),
            landscape=found["landscape"],
            at=facts["at"],
            digest=digest,
        )
    except (TemplateError, KeyError, TypeError, ValueError) as error:
        raise PaperNotRendered(kind=kind, why=f"{type(error).__name__}: {error}") from error


PLAIN: tuple[Literal["text", "head", "centre"], ...] = ("text", "head", "centre")
HEAD = ("title", "subject", "above", "body", "number", "place", "day", "authority")


@cache
def _environment() -> ImmutableSandboxedEnvironment:
    made = ImmutableSandboxedEnvironment(undefined=ChainableUndefined, autoescape=False)  # no HTML is made
    made.filters |= {"day": day, "number": number, "local": local, "named": named}
    return made


@cache
def _compiled(text: str) -> Any:
    return _environment().from_string(text)


@cache
def _expression(text: str) -> Any:
    return _environment().compile_expression(text, undefined_to_none=False)


def _line(text: str, facts: Facts) -> str:
    return str(clean(_compiled(text).render(facts)))


def _lines(wanted: list[Any], facts: Facts) -> Iterator[str]:
    for entry in wanted:
        text, when = (entry["text"], entry["when"]) if isinstance(entry, dict) else (entry, "true")
        if _expression(when)(facts):
            yield _line(text, facts)


def _blocks(wanted: list[dict[str, Any]], facts: Facts) -> Iterator[Block]:
    for entry in wanted:
        if not _expression(entry.get("when", "true"))(facts):
            continue
        if "each" in entry:
            for item in _expression(entry["each"])(facts):
                yield from _blocks(entry["blocks"], {**facts, "item": item})
        elif "blocks" in entry:
            yield from _blocks(entry["blocks"], facts)
        elif "table" in entry:
            yield Block("table", table=_table(entry["table"], facts))
        else:
            form = next(name for name in PLAIN if name in entry)
            yield from (Block(form, line) for line in _line(entry[form], facts).split("\n") if line.strip())


def _table(wanted: dict[str, Any], facts: Facts) -> Table:
    columns = wanted["columns"]
    rows = [
        _row(columns, {**facts, "item": item, "n": n}) for n, item in enumerate(_expression(wanted["rows"])(facts), 1)
    ]
    return Table(
        tuple(c["name"] for c in columns),
        tuple(c["width"] for c in columns),
        tuple(rows),
        tuple(c.get("date", False) for c in columns),
    )


def _row(columns: list[dict[str, Any]], facts: Facts) -> tuple[Cell, ...]:
    return tuple(clean(_expression(c["cell"])(facts)) for c in columns)
