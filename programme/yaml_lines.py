"""YAML text as plain values, with the line of every one of them. Pure; knows no schema.

Takes the part of YAML that a table of facts needs: no aliases (a few lines of them can stand for gigabytes), no type
tags, no key twice, text for every key.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml

from programme.faults import Fault, fault

Path = tuple[str | int, ...]

LARGEST = 2**20
DEEPEST = 16
# libyaml's parser where the wheel has it: ten times faster, same marks.
_Loader: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_PLAIN = frozenset(f"tag:yaml.org,2002:{name}" for name in ("int", "float", "bool", "null"))
_UNPRINTABLE = re.compile(r"[^\t\n\r -~\x85\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")


@dataclass
class Document:
    """`value` is None where the text could not be read at all; `faults` then says why."""

    value: Any = None
    lines: dict[Path, int] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)

    def add(self, path: Path, rule: str, **params: Any) -> None:
        """Notes a fault at `path`, or at the nearest place above it that exists."""
        known = path
        while known and known not in self.lines:
            known = known[:-1]
        self.faults.append(fault(self.lines.get(known, 1), pointer(path), rule, **params))


def pointer(path: Path) -> str:
    """RFC 6901 JSON pointer."""
    return "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in path)


def decode(data: bytes) -> tuple[str, list[Fault]]:
    """Bytes as UTF-8 text; the fault names the line of the first byte that is not."""
    try:
        return data.decode("utf-8-sig"), []
    except UnicodeDecodeError as error:
        return "", [fault(data.count(b"\n", 0, error.start) + 1, "", "not_utf8")]


def read(text: str) -> Document:
    """Every text comes out in NFC, so that two spellings of one letter are one content."""
    found = Document(faults=list(_text_faults(text)))
    if found.faults:
        return found
    try:
        found.faults += _event_faults(text)
        node = None if found.faults else yaml.compose(text, _Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        found.faults.append(fault(mark.line + 1 if mark else 1, "", "syntax", problem=error.problem or error.context))
        return found
    if node is not None:
        found.lines[()] = node.start_mark.line + 1
        found.value = _value(node, (), found)
    elif not found.faults:
        found.add((), "empty")
    return found


def _text_faults(text: str) -> Iterator[Fault]:
    if len(text) > LARGEST or len(text.encode("utf-8", "replace")) > LARGEST:
        yield fault(1, "", "too_big", most=LARGEST)
        return
    for number, line in enumerate(text.split("\n"), 1):
        if _UNPRINTABLE.search(line):
            yield fault(number, "", "unprintable")


def _event_faults(text: str) -> Iterator[Fault]:
    """What is refused before any value is built: the parser's events need no memory, however they are nested."""
    depth = 0
    for event in yaml.parse(text, _Loader):
        line = event.start_mark.line + 1 if event.start_mark else 1
        tag = getattr(event, "tag", None)
        if getattr(event, "anchor", None) is not None:
            yield fault(line, "", "alias")
        if tag is not None:
            yield fault(line, "", "tag", tag=tag)
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > DEEPEST:
                yield fault(line, "", "too_deep")
                return
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1


def _value(node: yaml.Node, path: Path, found: Document) -> Any:
    if isinstance(node, yaml.MappingNode):
        return _mapping(node, path, found)
    if isinstance(node, yaml.SequenceNode):
        for index, child in enumerate(node.value):
            found.lines[*path, index] = child.start_mark.line + 1
        return [_value(child, (*path, index), found) for index, child in enumerate(node.value)]
    text = _nfc(node.value)
    if _UNPRINTABLE.search(text):  # quoted text may spell any character as an escape
        found.add(path, "unprintable")
    if node.tag not in _PLAIN:
        return text  # dates too: a date is written as text
    try:
        return yaml.constructor.SafeConstructor().construct_object(node)
    except ValueError:
        found.add(path, "bad_scalar")
        return text


def _mapping(node: yaml.MappingNode, path: Path, found: Document) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for key, child in node.value:
        line = key.start_mark.line + 1
        if not isinstance(key, yaml.ScalarNode) or _UNPRINTABLE.search(key.value):
            found.faults.append(fault(line, pointer(path), "key_not_text"))
            continue
        name = _nfc(key.value)
        where = (*path, name)
        if name in made:
            found.faults.append(fault(line, pointer(where), "key_twice", first=found.lines[where]))
            continue
        found.lines[where] = line
        made[name] = _value(child, where, found)
    return made


def _nfc(text: str) -> str:
    return unicodedata.normalize("NFC", text)
