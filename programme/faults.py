"""What is wrong in an imported file, place by place, in both languages. Pure.

A rule is the name of a kind of fault. The rules of shape are named as pydantic names them, so its reports need no
translation table of their own.
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

MOST = 500  # a file with more faults than this is another kind of file; the rest would only be repetition

TEXTS: dict[str, tuple[str, str]] = {
    # the text as such
    "not_utf8": ("tệp không phải mã UTF-8", "the file is not UTF-8"),
    "too_big": ("tệp lớn hơn {most} byte", "the file is larger than {most} bytes"),
    "unprintable": ("có ký tự điều khiển", "holds a control character"),
    "syntax": ("sai cú pháp: {problem}", "wrong syntax: {problem}"),
    "empty": ("tệp trống", "the file is empty"),
    "alias": ("không nhận neo và bí danh (& và *)", "anchors and aliases (& and *) are not taken"),
    "tag": ("không nhận thẻ kiểu {tag}", "the type tag {tag} is not taken"),
    "too_deep": ("lồng quá sâu", "nested too deeply"),
    "key_not_text": ("tên khóa phải là chữ", "a key must be text"),
    "key_twice": ("khóa này đã có ở dòng {first}", "this key already stands in line {first}"),
    "bad_scalar": ("giá trị không đọc được", "the value cannot be read"),
    # shape, as pydantic names it
    "missing": ("thiếu khóa này", "this key is missing"),
    "extra_forbidden": ("khóa này không có trong mẫu", "this key is not part of the format"),
    "string_type": ("phải là chữ; nếu là số thì đặt trong dấu nháy", "must be text; put quotes around a number"),
    "int_type": ("phải là số nguyên", "must be a whole number"),
    "bool_type": ("phải là true hoặc false", "must be true or false"),
    "list_type": ("phải là danh sách", "must be a list"),
    "dict_type": ("phải là các cặp khóa: giá trị", "must be a set of key: value"),
    "model_type": ("phải là các cặp khóa: giá trị", "must be a set of key: value"),
    "string_pattern_mismatch": ("phải có dạng {pattern}", "must look like {pattern}"),
    "string_too_short": ("không được để trống", "must not be empty"),
    "string_too_long": ("dài quá {max_length} ký tự", "is longer than {max_length} characters"),
    "too_short": ("cần ít nhất {min_length} mục", "needs at least {min_length} entries"),
    "literal_error": ("phải là một trong: {expected}", "must be one of: {expected}"),
    "enum": ("phải là một trong: {expected}", "must be one of: {expected}"),
    "greater_than_equal": ("phải từ {ge} trở lên", "must be {ge} or more"),
    "less_than_equal": ("phải từ {le} trở xuống", "must be {le} or less"),
    "month_day": ("phải là ngày có thật, dạng MM-DD", "must be a day that exists, as MM-DD"),
    "check_unknown": ("không có phép kiểm tra này; có: {known}", "there is no such check; there are: {known}"),
    "check_argument": ("tham số phải có dạng {pattern}", "the argument must look like {pattern}"),
    # what one place says of another
    "twice": ("{value} đã có ở dòng {first}", "{value} already stands in line {first}"),
    "unknown": ("không có {value} trong {where}", "{value} is not in {where}"),
    "expected": ("phải là {value}", "must be {value}"),
    "not_seen": (
        "mục ghi là official nhưng nội dung của {value} chưa được xem",
        "says official, but the text of {value} was not seen",
    ),
    # tables
    "column_missing": ("thiếu cột này", "this column is missing"),
    "column_unknown": ("không có cột này trong mẫu", "this column is not part of the format"),
    "cells": ("dòng có {found} ô, cần {expected}", "the row has {found} cells instead of {expected}"),
    "reserved": ("mã này dành riêng cho hệ thống", "this code is kept for the service"),
    "parent": ("không có xã, phường, đặc khu {value}", "no commune, ward or special zone is {value}"),
    "other": ("giá trị không hợp lệ", "the value is not valid"),
}


@dataclass(frozen=True, slots=True, order=True)
class Fault:
    """`line` counts from 1; `key` is a JSON pointer into YAML, or the name of a column."""

    line: int
    key: str
    rule: str
    detail_vi: str
    detail_en: str


def fault(line: int, key: str, rule: str, **params: Any) -> Fault:
    """A fault with its two texts filled in; a rule without a text becomes `other`."""
    rule = rule if rule in TEXTS else "other"
    vi, en = (text.format_map({name: _short(value) for name, value in params.items()}) for text in TEXTS[rule])
    return Fault(line, key, rule, vi, en)


def listed(faults: Iterable[Fault]) -> list[dict[str, Any]]:
    """Each fault once, in the order of the lines, as a problem's `errors` carry them; at most the first 500."""
    return [asdict(found) for found in sorted(set(faults))[:MOST]]


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 120 else text[:119] + "…"
