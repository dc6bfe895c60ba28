"""`minhchung demo`: plays a field day against a service of its own (see `demo/`)."""

import argparse
from pathlib import Path
from typing import Any

from service.settings import Settings
from service.year_in_process import play_year


def add_parser(subparsers: Any) -> None:
    """The command and its options."""
    parser = subparsers.add_parser("demo", help="play a field day, from phones with no signal to verified evidence")
    parser.add_argument("--keep-serving", action="store_true", help="go on serving when the day is over")
    parser.add_argument("--photos", type=Path, help="folder with photos to use instead of drawn ones")
    parser.add_argument("--port", type=int, default=8000, help="port to serve on; the next free one if it is taken")
    parser.add_argument("--year", action="store_true", help="play the whole programme year on a virtual calendar")
    parser.add_argument("--units", type=int, help="with --year: only so many units of the province")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace, settings: Settings) -> int:
    """0 when nothing was lost; 1 when something was; 2 where the reference client is not installed."""
    if args.year:
        return play_year(args.units)
    try:
        from demo.field_day import play  # noqa: PLC0415  # the client is an extra; other commands go without it
    except ModuleNotFoundError as error:
        if error.name != "minhchung_client":
            raise
        print("The demo needs the reference client: pip install minhchung-client")
        return 2
    return play(settings.data_dir / "demo", photos=args.photos, port=args.port, keep_serving=args.keep_serving)
