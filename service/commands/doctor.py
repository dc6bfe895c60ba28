"""`minhchung doctor`: looks at a deployment and says what to fix."""

import argparse
from typing import Any

from service import doctor
from service.clock import SystemClock
from service.settings import Settings

MARKS = {"bad": "✗", "look": "·"}


def add_parser(subparsers: Any) -> None:
    """Adds `doctor` to the command line."""
    parser = subparsers.add_parser("doctor", help="check this deployment and say what to fix")
    parser.add_argument("--language", choices=("vi", "en"), default="vi")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace, settings: Settings) -> int:
    """0 when nothing is bad; each finding is printed with what to do about it."""
    known, vietnamese = doctor.texts(), args.language == "vi"
    found = doctor.examine(settings, SystemClock().now())
    for one in found:
        text = known[one.code]
        said, advice = (text.vi, text.do_vi) if vietnamese else (text.en, text.do_en)
        print(f"{MARKS[text.level]} {said.format(**one.params)}\n  → {advice.format(**one.params)}")
    bad = sum(known[one.code].level == "bad" for one in found)
    if vietnamese:
        print(f"{bad} điều phải sửa" if bad else "không có gì phải sửa")
    else:
        print(f"{bad} to fix" if bad else "nothing to fix")
    return 1 if bad else 0
