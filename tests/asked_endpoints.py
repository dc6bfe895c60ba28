"""Which endpoints a test speaks to, read from its source: its own requests, and those of what it calls in `tests`."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

TESTS = Path(__file__).parent
VERBS = {"get", "post", "put", "patch", "delete"}
Function = ast.FunctionDef
Request = tuple[str, str]  # GET, /v1/units/{}


def endpoint(verb: str, path: str) -> Request:
    """The same for `/v1/units/{code}` as for a request that fills it in."""
    return verb.upper(), re.sub(r"\{\w*\}", "{}", path.partition("?")[0])


@cache
def functions(file: Path) -> dict[str, Function]:
    """Every function and method of a file of tests by name; what it imports from its neighbours comes after its own."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    found: dict[str, Function] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (near := TESTS / f"{node.module}.py").exists():
            found |= functions(near)
    return found | {node.name: node for node in ast.walk(tree) if isinstance(node, Function)}


@cache
def requests(file: Path, test: str) -> frozenset[Request]:
    """Endpoints that `test` of `file` reaches through whatever it calls."""
    known, seen, waiting = functions(file), set[str](), [test]
    reached: set[Request] = set()
    while waiting:
        name = waiting.pop()
        seen.add(name)
        reached |= set(_own(known[name]))
        waiting += {called for called in _called(known[name]) if called in known} - seen
    return frozenset(reached)


def _called(function: Function) -> Iterator[str]:
    for node in ast.walk(function):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name | ast.Attribute):
            yield node.func.id if isinstance(node.func, ast.Name) else node.func.attr


def _own(function: Function) -> Iterator[Request]:
    """Calls such as `person.get(f"/v1/units/{code}/progress")`, also where the path begins with a name given above."""
    given = {
        target.id: node.value
        for node in ast.walk(function)
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    for node in ast.walk(function):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr in VERBS
            and node.args
        ):
            path = _text(node.args[0], given)
            if path.startswith("/"):
                yield endpoint(node.func.attr, path)


def _text(node: ast.expr, given: dict[str, ast.expr]) -> str:
    """A path as it is written; `{}` where a value comes in."""
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.JoinedStr(values=parts):
            return "".join(_text(part, given) for part in parts)
        case ast.FormattedValue(value=ast.Name(id=name)) | ast.Name(id=name) if name in given:
            return _text(given[name], {})
    return "{}"
