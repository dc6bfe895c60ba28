"""A criteria catalogue is taken whole or not at all, and whoever wrote it is told every fault with its line."""

import copy
import operator
import unicodedata
from collections import Counter
from collections.abc import Iterator
from functools import reduce
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from programme import catalogue
from programme.catalogue_format import parse
from programme.errors import CatalogueInvalid

SHIPPED = catalogue.packaged().decode()
DUMPER = getattr(yaml, "CSafeDumper", yaml.SafeDumper)  # libyaml where it is there: examples take a tenth of the time


def _cut() -> dict[str, Any]:
    """The shipped catalogue with two kinds of unit of two groups each."""
    value: dict[str, Any] = yaml.safe_load(SHIPPED)
    value["unit_kinds"] = [value["unit_kinds"][0], value["unit_kinds"][3]]
    for tree in value["unit_kinds"]:
        tree["groups"] = [tree["groups"][0], tree["groups"][5]]
    return value


SMALL = _cut()


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    for name, child in value.items() if isinstance(value, dict) else enumerate(value):
        yield (*path, name)
        yield from places(child, (*path, name)) if isinstance(child, dict | list) else ()


def written(value: Any) -> str:
    return str(yaml.dump(value, Dumper=DUMPER, allow_unicode=True, sort_keys=False))


def faults(source: str | bytes) -> list[dict[str, Any]]:
    with pytest.raises(CatalogueInvalid) as caught:
        parse(source)
    found: list[dict[str, Any]] = caught.value.params["errors"]
    assert caught.value.params["count"] >= len(found) > 0
    assert all(f["line"] >= 1 and f["detail_vi"] and f["detail_en"] for f in found)
    return found


def rules(source: str | bytes) -> list[tuple[int, str]]:
    return [(f["line"], f["rule"]) for f in faults(source)]


def line_of(text: str, part: str) -> int:
    return text[: text.index(part)].count("\n") + 1


def edited(old: str, new: str) -> tuple[str, int]:
    """The shipped file with the first `old` replaced, and the line where it stood."""
    assert old in SHIPPED
    return SHIPPED.replace(old, new, 1), line_of(SHIPPED, old) + old.startswith("\n")


def test_the_shipped_catalogue_is_whole() -> None:
    trees = parse(SHIPPED).catalogue.unit_kinds
    counts = {t.kind: Counter(i.status for g in t.groups for i in g.items) for t in trees}
    assert {kind: (found["official"], found["template"]) for kind, found in counts.items()} == {
        "commune": (32, 4), "ward": (32, 4), "special_zone": (32, 3), "agency": (33, 1), "enterprise": (33, 1),
        "school": (33, 1),
    }  # fmt: skip


def test_nothing_in_the_shipped_catalogue_claims_the_text_that_nobody_saw() -> None:
    items = [i for t in parse(SHIPPED).catalogue.unit_kinds for g in t.groups for i in g.items]
    assert {i.source.instrument for i in items}.isdisjoint({"QD3554", "KH612"})
    assert {i.source.instrument for i in items if i.status == "template"} == {"TPL"}


# What is written wrong, how, the rule that names it, and how many lines below it can be seen first.
MISTAKES: list[tuple[Any, ...]] = [
    ("code: XA-A01\n", "code: XA-B01\n", "expected"),
    ("code: XA-A02\n", "code: XA-A01\n", "twice"),
    ("code: XA-A01\n", "code: A01\n", "string_pattern_mismatch"),
    ("code: PH-A01\n", "code: XA-A01\n", "expected"),
    ("\n      - code: XA-B\n", "\n      - code: XA-A\n", "twice"),
    ("prefix: CQ\n", "prefix: XX\n", "expected"),
    ("kind: special_zone\n", "kind: ward\n", "twice"),
    ("kind: special_zone\n", "kind: island\n", "literal_error"),
    ("shared_key: A01\n", "shared_key: A02\n", "expected"),
    ("evidence_kinds: [resolution]", "evidence_kinds: [resolutions]", "unknown"),
    ("evidence_kinds: [resolution]", "evidence_kinds: []", "too_short"),
    ("evidence_kinds: [resolution]", "evidence_kinds: resolution", "list_type"),
    ("source: {instrument: TT124,", "source: {instrument: TT125,", "unknown"),
    ("source: {instrument: TT124,", "source: {instrument: QD3554,", "not_seen"),
    ("responsible_role: commune_police", "responsible_role: sheriff", "unknown"),
    ("- {code: auditor,", "- {code: sheriff,", "enum"),
    ("- {code: auditor,", "- {code: field_officer,", "twice"),
    ("privacy: [index_only,", "privacy: [secret,", "unknown"),
    ("default_sensitivity: 1,", "default_sensitivity: 9,", "unknown"),
    ("default_sensitivity: 1,", "default_sensitivity: 9,", "less_than_equal"),
    ("default_sensitivity: 1,", "default_sensitivity: low,", "int_type"),
    ("may_hold_personal_data: true", "may_hold_personal_data: có", "bool_type"),
    ("form: link", "form: paper", "literal_error"),
    ("check: document_exists\n", "check: exists\n", "check_unknown"),
    ("check: document_exists\n", "check: document_exists:1\n", "check_argument"),
    ("check: percent_min:70\n", "check: percent_min:101\n", "check_argument"),
    ("check: percent_min:70\n", "check: percent_min\n", "check_argument"),
    ("check: status_is:recognised\n", "check: status_is:famous\n", "check_argument"),
    ("check: deadline_before:12-12\n", "check: deadline_before:13-12\n", "month_day"),
    ("check: count_min:12\n", "check: count_min:0\n", "check_argument"),
    ("due: 03-31\n", "due: 02-29\n", "month_day"),
    ("due: 03-31\n", "due: 31-03\n", "month_day"),
    ("due: 12-11\n", "due: 12-12\n", "expected"),
    ("frequency: monthly\n", "frequency: daily\n", "literal_error"),
    ("points: 3\n", "points: -3\n", "greater_than_equal"),
    ("points: 3\n", "points: three\n", "int_type"),
    ("title_vi: Điều kiện đầu vào\n", "title_vi: ''\n", "string_too_short"),
    ("title_vi: Điều kiện đầu vào\n", "title_vi: 5\n", "string_type"),
    ("title_vi: Điều kiện đầu vào\n", "title_vi: " + "a" * 2001 + "\n", "string_too_long"),
    ("title_vi: Điều kiện đầu vào\n", "title: Điều kiện đầu vào\n", "extra_forbidden"),
    ("schema_version: 1\n", "schema_version: 2\n", "literal_error"),
    ("version: 0.1.0\n", "version: 0.1\n", "string_type"),
    ("number: 188/KH-UBND\n", "number: 188/KH-UBND\n    number: 189\n", "key_twice", 1),
    ("number: 188/KH-UBND\n", "number: &n 188/KH-UBND\n", "alias"),
    ("number: 188/KH-UBND\n", "number: !!python/name:os.system 1\n", "tag"),
    ("number: 188/KH-UBND\n", "number: [\n", "syntax", 2),
    ("number: 188/KH-UBND\n", "number: \a\n", "unprintable"),
    ("number: 188/KH-UBND\n", 'number: "188\\0"\n', "unprintable"),
    ("number: 188/KH-UBND\n", "? [number]\n    : 188\n", "key_not_text"),
    ("number: 188/KH-UBND\n", "number: 0b_\n", "bad_scalar"),
    ("number: 188/KH-UBND\n", "number: " + "[" * 20 + "]" * 20 + "\n", "too_deep"),
]


@pytest.mark.parametrize("mistake", MISTAKES, ids=[f"{n}-{m[2]}" for n, m in enumerate(MISTAKES)])
def test_a_mistake_is_named_with_its_line(mistake: tuple[Any, ...]) -> None:
    old, new, rule, below = (*mistake, 0)[:4]
    text, line = edited(old, new)
    assert (line + below, rule) in rules(text)


def test_a_missing_key_is_named_at_the_entry_that_lacks_it() -> None:
    (found,) = faults(SHIPPED.replace("            frequency: yearly\n", "", 1))
    assert (found["line"], found["rule"]) == (line_of(SHIPPED, "- code: XA-P01"), "missing")
    assert found["key"] == "/unit_kinds/0/groups/0/items/0/frequency"


def test_every_fault_of_a_file_is_named_at_once_in_both_languages() -> None:
    text = SHIPPED
    for old, new in (
        ("evidence_kinds: [resolution]", "evidence_kinds: [resolutions]"), ("due: 03-31\n", "due: 03-32\n"),
        ("check: percent_min:70\n", "check: percent_min:seventy\n"), ("form: link", "form: paper"),
        ("purpose: ", "porpoise: "), ("code: GD-M01\n", "code: GD-M02\n"),
    ):  # fmt: skip
        assert old in text
        text = text.replace(old, new, 1)
    found = faults(text)
    assert [f["line"] for f in found] == sorted(f["line"] for f in found)
    assert Counter(f["rule"] for f in found) == Counter(
        ["extra_forbidden", "missing", "literal_error", "unknown", "month_day", "check_argument", "expected"]
    )
    unknown = next(f for f in found if f["rule"] == "unknown")
    assert unknown["line"] == line_of(text, "resolutions")
    assert unknown["detail_vi"] == "không có resolutions trong evidence_kinds"
    assert unknown["detail_en"] == "resolutions is not in evidence_kinds"


@pytest.mark.parametrize("text", ["", "# chưa có gì\n", "---\n"])
def test_an_empty_file_is_refused(text: str) -> None:
    assert len(rules(text)) == 1


@pytest.mark.parametrize(
    "text", ["null", "5", "[]", "a: b", "- a\n- b", "unit_kinds: [1, {groups: {}}]", "--- a\n--- b"]
)
def test_a_file_of_another_kind_is_refused(text: str) -> None:
    assert rules(text)


def test_bytes_that_are_not_utf8_are_refused_at_their_line() -> None:
    text, line = edited("issuer: UBND tỉnh Bắc Ninh", "issuer: HERE")
    assert rules(text.encode().replace(b"HERE", "Bắc".encode("utf-16"))) == [(line, "not_utf8")]


def test_a_file_with_a_byte_order_mark_and_windows_line_ends_is_the_same_file() -> None:
    assert parse(b"\xef\xbb\xbf" + SHIPPED.replace("\n", "\r\n").encode()).value == parse(SHIPPED).value


def test_two_spellings_of_one_letter_are_one_content() -> None:
    assert parse(unicodedata.normalize("NFD", SHIPPED)).value == parse(SHIPPED).value


def test_a_yaml_bomb_is_refused_before_it_grows() -> None:
    levels = ["a0: &a0 [boom]"] + [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12)]
    assert {rule for _, rule in rules("\n".join(levels))} == {"alias"}


def test_a_text_without_end_is_refused_unread() -> None:
    assert rules("[" * 100_000) == [(1, "too_deep")]
    assert rules("# " + "ắ" * 2**19) == [(1, "too_big")]


@given(st.text(max_size=60))
@settings(max_examples=150, deadline=None)
def test_any_text_is_refused_with_a_line(text: str) -> None:
    assert faults(text)


JUNK = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=12), st.just([]), st.just({}),
    st.lists(st.integers(), max_size=2), st.dictionaries(st.text(max_size=3), st.integers(), max_size=2),
    st.sampled_from(["XA-A01", "document_exists:", "12-12", "2026-01-01", "<<", "=", "0b1", "1:30", "~", "resolution"]),
)  # fmt: skip


def told(value: Any) -> list[dict[str, Any]]:
    """The faults of a catalogue, none where it is valid."""
    try:
        parse(written(value))
    except CatalogueInvalid as error:
        found: list[dict[str, Any]] = error.params["errors"]
        return found or [{}]
    return []


@given(st.sampled_from([*places(SMALL)]), JUNK)
@settings(max_examples=150, deadline=None)
def test_any_single_corruption_is_valid_or_named_with_a_line(place: tuple[Any, ...], junk: Any) -> None:
    value: Any = copy.deepcopy(SMALL)
    reduce(operator.getitem, place[:-1], value)[place[-1]] = junk
    last = written(value).count("\n") + 1
    assert all(1 <= f["line"] <= last and f["rule"] != "other" for f in told(value))


@given(st.sampled_from([*places(SMALL)]))
@settings(max_examples=60, deadline=None)
def test_any_single_loss_is_valid_or_named_with_a_line(place: tuple[Any, ...]) -> None:
    value: Any = copy.deepcopy(SMALL)
    del reduce(operator.getitem, place[:-1], value)[place[-1]]
    assert all(f["line"] >= 1 and f["rule"] != "other" for f in told(value))
