"""`minhchung openapi`: the description of the API, as committed in `openapi/openapi.json`."""

import argparse
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from service.app import create_app
from service.settings import Settings


def add_parser(subparsers: Any) -> None:
    parser = subparsers.add_parser("openapi", help="print the OpenAPI document")
    parser.set_defaults(run=run)


def run(_args: argparse.Namespace, _settings: Settings) -> int:
    sys.stdout.write(document())
    return 0


def document() -> str:
    """The OpenAPI document as text; the same for every deployment."""
    with tempfile.TemporaryDirectory() as folder:
        app = create_app(Settings(data_dir=Path(folder)))
        app.state.database.close()
        return json.dumps(app.openapi(), ensure_ascii=False, indent=1, sort_keys=True) + "\n"
