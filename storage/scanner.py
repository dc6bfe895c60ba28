"""The virus scanner, where there is one: clamd, asked by INSTREAM. Without it a file is not scanned, and says so."""

from __future__ import annotations

import logging
from typing import IO, TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import clamd

log = logging.getLogger(__name__)
TIMEOUT_SECONDS = 60.0
Scan = Literal["not_scanned", "clean", "found", "too_large"]


def ready(address: str | None) -> bool:
    """Whether a scanner is set up and answers."""
    if address is None:
        return False
    import clamd  # noqa: PLC0415  # a quarter of a second that services without a scanner save

    try:
        return bool(_daemon(address).ping() == "PONG")
    except (clamd.ClamdError, OSError):
        return False


def scan(source: IO[bytes], address: str | None) -> Scan:
    """Has a whole file scanned. `not_scanned` where no scanner is set up or it does not answer.

    `address`: `host:port`, or the path of a socket. Set `StreamMaxLength` of clamd to the largest upload, and
    `AlertExceedsMax yes`, or clamd calls what it did not look at clean.
    """
    if address is None:
        return "not_scanned"
    import clamd  # noqa: PLC0415  # as above

    source.seek(0)
    try:
        verdict, _name = _daemon(address).instream(source)["stream"]
    except (clamd.BufferTooLongError, BrokenPipeError):  # it hangs up in the middle of what is too long for it
        return "too_large"
    except (clamd.ClamdError, OSError) as error:
        log.warning("virus scanner: %s", type(error).__name__)
        return "not_scanned"
    return {"OK": "clean", "FOUND": "found"}.get(verdict, "not_scanned")  # type: ignore[return-value]


def _daemon(address: str) -> clamd.ClamdNetworkSocket | clamd.ClamdUnixSocket:
    import clamd  # noqa: PLC0415  # as above

    host, colon, port = address.rpartition(":")
    if colon and port.isdecimal():
        return clamd.ClamdNetworkSocket(host, int(port), TIMEOUT_SECONDS)
    return clamd.ClamdUnixSocket(address, TIMEOUT_SECONDS)
