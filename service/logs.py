"""Operational logs: one JSON object a line, on standard error; for whoever keeps the service running.

A line says what happened and how long it took, never to whom: a caller is a pseudonym that only the holder of the
server secret can make again, an address is the template of its route, and of an error only its class and the lines of
code are kept, because its text may hold people's words (trust §2.5, ASVS 16.2.5). Who did what is in the audit trail.
"""

import hashlib
import hmac
import json
import logging
import sys
import traceback
from typing import Any

from sync.instant import iso

HOUSE = ("service", "programme", "sync", "auth", "storage", "proof", "privacy")
DEEPEST = 12  # frames of a failure that are told


class Lines(logging.Formatter):
    """A record as one line. Of what a library says only the words in its source are told, never what it filled in."""

    def format(self, record: logging.LogRecord) -> str:
        """JSON in ASCII: no control character, no text direction and no line break can reach a terminal through it."""
        ours = record.name.partition(".")[0] in HOUSE
        line: dict[str, Any] = {
            "at": iso(int(record.created * 1000)),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": record.getMessage() if ours else str(record.msg),
            **getattr(record, "told", {}),
        }
        if record.exc_info and record.exc_info[0]:
            line["error"] = record.exc_info[0].__name__
            frames = traceback.extract_tb(record.exc_info[2])[-DEEPEST:]
            line["where"] = [f"{f.filename}:{f.lineno} {f.name}" for f in frames]
        return json.dumps(line, ensure_ascii=True, default=lambda value: type(value).__name__)


def set_up(level: str) -> None:
    """Sends everything that this process logs through `Lines`; for the process of the service, not for its tests."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Lines())
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    for name in HOUSE:
        logging.getLogger(name).setLevel(level.upper())
    logging.captureWarnings(True)


def pseudonym(secret: bytes, account_id: str) -> str:
    """What an account is called in the logs: the same in every line, and no way back without the secret."""
    return hmac.new(secret, b"log " + account_id.encode(), hashlib.sha256).hexdigest()[:16]
