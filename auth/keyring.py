"""The keys of access tokens: apart from those of evidence, and changed while the service runs.

Evidence has to be verifiable for years, a token for a quarter of an hour: a key of tokens that was retired is forgotten
as soon as no token that it signed can be alive.
"""

import os
from pathlib import Path
from threading import Lock

from auth.keys import CURRENT, NEXT, RETIRED, SigningKeys, adopt_public, announce_key, load_keys, rotate_keys
from auth.tokens import LEEWAY, LIFETIME

FOLDER = "tokens"
ANNOUNCED = 60 * 60 * 1000  # for so long others may keep the published set (`max-age` of jwks.json)
OUTLIVED = (LIFETIME + 2 * LEEWAY) * 1000


class TooEarly(Exception):
    """The next key was not announced, or not for long enough: others would meet it before they have heard of it."""


class Keyring:
    """The keys of `directory/tokens`, read again when a command has changed them there.

    Where tokens were signed by the keys of evidence before, those keep counting for tokens that are still alive.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory / FOLDER
        self._lock = Lock()
        first = (directory / CURRENT).exists() and not (self._directory / CURRENT).exists()
        load_keys(self._directory)
        if first:
            adopt_public(self._directory, load_keys(directory).jwks()["keys"])
        self._read()

    def current(self) -> SigningKeys:
        """The keys as they are now: a look at the directory, and a read when it is another than before."""
        if self._directory.stat().st_mtime_ns != self._seen:
            with self._lock:
                self._read()
        return self._keys

    def _read(self) -> None:
        self._seen = self._directory.stat().st_mtime_ns
        self._keys = load_keys(self._directory)


def announce(directory: Path, now: int) -> str:
    """Makes the key that signs tokens next and publishes it; returns its `kid`. `now` is ms since 1970."""
    path = directory / NEXT
    fresh = not path.exists()
    kid = announce_key(directory)
    if fresh:
        _date(path, now)
    return kid


def rotate(directory: Path, now: int, *, at_once: bool = False) -> SigningKeys:
    """The announced key takes over; the one before keeps counting. Raises TooEarly unless it is `at_once`."""
    path = directory / NEXT
    if not at_once and (not path.exists() or _dated(path) + ANNOUNCED > now):
        raise TooEarly
    old = load_keys(directory).kid
    made = rotate_keys(directory)
    _date(directory / RETIRED.format(kid=old), now)
    return made


def forget_outlived(directory: Path, now: int) -> list[str]:
    """Removes retired keys of tokens that no living token was signed by; returns their `kid`s."""
    old = [path for path in directory.glob(RETIRED.format(kid="*")) if _dated(path) + OUTLIVED <= now]
    for path in old:
        path.unlink(missing_ok=True)
    return [path.stem.removeprefix("retired-") for path in old]


def _date(path: Path, now: int) -> None:
    """A file's own time carries when its key was announced or retired."""
    os.utime(path, ns=(now * 1_000_000, now * 1_000_000))


def _dated(path: Path) -> int:
    return path.stat().st_mtime_ns // 1_000_000
