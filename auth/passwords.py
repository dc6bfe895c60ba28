"""Passwords: argon2id, and what a password must be. Slow on purpose: never call it inside a transaction."""

import secrets
import string
import unicodedata
from threading import BoundedSemaphore

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from auth.errors import PasswordWeak

SHORTEST, LONGEST = 8, 128
OWASP = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)  # 19 MiB; OWASP Password Storage Cheat Sheet
_LETTERS = string.ascii_letters + string.digits + "-_.+"
_room = BoundedSemaphore(2)  # a burst of sign-ins may take two cores and 38 MiB, no more


def hash_password(password: str, hasher: PasswordHasher = OWASP) -> str:
    """The argon2id string to store. Raises PasswordWeak."""
    checked = _normal(password)
    if not _strong(checked):
        raise PasswordWeak(min=SHORTEST, max=LONGEST)
    with _room:
        return hasher.hash(checked)


def password_matches(stored: str | None, password: str, hasher: PasswordHasher = OWASP) -> bool:
    """Whether `password` is the one behind `stored`. Takes the same work when there is nothing stored."""
    given = _normal(password)
    if len(given) > LONGEST:
        return False
    with _room:
        if stored is None:
            hasher.hash(given)
            return False
        try:
            return hasher.verify(stored, given)
        except (VerificationError, InvalidHashError):
            return False


def generate_password() -> str:
    """Twenty random characters of all four classes, to be shown once."""
    while not _strong(password := "".join(secrets.choice(_LETTERS) for _ in range(20))):
        pass
    return password


def _normal(password: str) -> str:
    """One spelling per text: Vietnamese keyboards differ in how they compose letters."""
    return unicodedata.normalize("NFC", password)


def _strong(password: str) -> bool:
    """Eight characters, four classes (QCVN 12:2026/BCA 3.7.2)."""
    kinds = (str.islower, str.isupper, str.isdigit, lambda c: not c.isalnum())
    return (
        SHORTEST <= len(password) <= LONGEST
        and not any(unicodedata.category(c) in ("Cc", "Cs") for c in password)
        and all(any(kind(c) for c in password) for kind in kinds)
    )
