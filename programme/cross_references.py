"""What the places of a criteria catalogue say of each other: codes, and the things that items name. Pure.

Reads plain values of which nothing is known yet; a place with the wrong shape is left to the format.
"""

from collections.abc import Iterator
from typing import Any, TypeGuard

from programme.codes import PREFIXES
from programme.criteria_checks import day_before, is_month_day
from programme.yaml_lines import Document, Path

UNIQUE = (("instruments", "id"), ("roles", "code"), ("evidence_kinds", "code"), ("unit_kinds", "kind"))
SEEN = ("full", "full_article", "restated_partial")


def find_faults(document: Document) -> None:
    """Adds to `document` every fault that needs more than one place to be seen."""
    for section, name in UNIQUE:
        _unique(document, [((*path, name), entry.get(name)) for path, entry in _entries(document.value, (), section)])
    groups: list[tuple[Path, Any]] = []
    items: list[tuple[Path, Any]] = []
    for kind_path, kind in _entries(document.value, (), "unit_kinds"):
        prefix = kind.get("prefix")
        _expect(document, (*kind_path, "prefix"), prefix, PREFIXES.get(str(kind.get("kind"))))
        for group_path, group in _entries(kind, kind_path, "groups"):
            code = group.get("code")
            groups.append(((*group_path, "code"), code))
            _expect(document, (*group_path, "code"), code, f"{prefix}-{str(code)[-1:]}" if _text(prefix) else None)
            for path, item in _entries(group, group_path, "items"):
                items.append(((*path, "code"), item.get("code")))
                _item(document, path, item, code)
    _unique(document, groups)
    _unique(document, items)
    _references(document)


def _item(document: Document, path: Path, item: dict[str, Any], group: Any) -> None:
    """The code follows the group, the shared key follows the code, the due day follows the deadline."""
    code, check = item.get("code"), item.get("check")
    if _text(code) and "-" in code:
        _expect(document, (*path, "code"), code, f"{group}{code[-2:]}" if _text(group) else None)
        _expect(document, (*path, "shared_key"), item.get("shared_key"), code.partition("-")[2])
    name, _, day = check.partition(":") if _text(check) else ("", "", "")
    if name == "deadline_before" and is_month_day(day):
        _expect(document, (*path, "due"), item.get("due") or "", day_before(day))


def _references(document: Document) -> None:
    root = document.value
    head = root.get("catalogue") if isinstance(root, dict) else None
    levels, flags = (_keys(head, name) for name in ("sensitivity_levels", "privacy_flags"))
    roles, kinds = (_codes(root, name, "code") for name in ("roles", "evidence_kinds"))
    seen = {i.get("id"): i.get("text_seen") for _, i in _entries(root, (), "instruments") if _text(i.get("id"))}
    for path, kind in _entries(root, (), "evidence_kinds"):
        level = kind.get("default_sensitivity")
        _known(document, (*path, "default_sensitivity"), str(level) if level else None, levels, "sensitivity_levels")
    for path, item in _items(root):
        _known(document, (*path, "responsible_role"), item.get("responsible_role"), roles, "roles")
        for name, known, where in (("evidence_kinds", kinds, "evidence_kinds"), ("privacy", flags, "privacy_flags")):
            values = item.get(name)
            for index, value in enumerate(values if isinstance(values, list) else ()):
                _known(document, (*path, name, index), value, known, where)
        _source(document, path, item, seen)


def _source(document: Document, path: Path, item: dict[str, Any], seen: dict[Any, Any]) -> None:
    source = item.get("source")
    instrument = source.get("instrument") if isinstance(source, dict) else None
    _known(document, (*path, "source", "instrument"), instrument, set(seen), "instruments")
    if _text(instrument) and item.get("status") == "official" and seen.get(instrument, SEEN[0]) not in SEEN:
        document.add((*path, "source", "instrument"), "not_seen", value=instrument)


def _unique(document: Document, values: list[tuple[Path, Any]]) -> None:
    first: dict[str, Path] = {}
    for path, value in values:
        if _text(value) and first.setdefault(value, path) != path:
            document.add(path, "twice", value=value, first=document.lines[first[value]])


def _expect(document: Document, path: Path, value: Any, expected: str | None) -> None:
    if expected is not None and _text(value) and value != expected:
        document.add(path, "expected", value=expected)


def _known(document: Document, path: Path, value: Any, known: set[str], where: str) -> None:
    if _text(value) and value not in known:
        document.add(path, "unknown", value=value, where=where)


def _items(root: Any) -> Iterator[tuple[Path, dict[str, Any]]]:
    for kind_path, kind in _entries(root, (), "unit_kinds"):
        for group_path, group in _entries(kind, kind_path, "groups"):
            yield from _entries(group, group_path, "items")


def _entries(value: Any, path: Path, name: str) -> Iterator[tuple[Path, dict[str, Any]]]:
    """The mappings in the list `value[name]`, with their paths."""
    entries = value.get(name) if isinstance(value, dict) else None
    for index, entry in enumerate(entries if isinstance(entries, list) else ()):
        if isinstance(entry, dict):
            yield (*path, name, index), entry


def _codes(root: Any, section: str, name: str) -> set[str]:
    return {entry[name] for _, entry in _entries(root, (), section) if _text(entry.get(name))}


def _keys(value: Any, name: str) -> set[str]:
    inner = value.get(name) if isinstance(value, dict) else None
    return set(inner) if isinstance(inner, dict) else set()


def _text(value: Any) -> TypeGuard[str]:
    return isinstance(value, str)
