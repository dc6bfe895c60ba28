"""Names in a blob store: keys of objects, ids of uploads.

A name is checked here before a store makes a path or an address of it. File names of people are never among them.
"""

import re

_SHA256 = re.compile(r"[0-9a-f]{64}")
_UPLOAD_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,199}(/[A-Za-z0-9][A-Za-z0-9._-]{0,199}){0,9}")


def is_sha256(text: str) -> bool:
    """Whether `text` is a SHA-256 in lower-case hex."""
    return _SHA256.fullmatch(text) is not None


def is_upload_id(text: str) -> bool:
    """Whether `text` is a UUID in its usual lower-case form."""
    return _UPLOAD_ID.fullmatch(text) is not None


def is_key(text: str) -> bool:
    """Whether `text` is parts of ASCII letters, digits and `._-` joined by `/`, none beginning with a dot."""
    return _KEY.fullmatch(text) is not None


def of_digest(sha256: str) -> str:
    """The key of a file by its content. Raises ValueError for anything but a digest."""
    if not is_sha256(sha256):
        raise ValueError("not a SHA-256 in lower-case hex")
    return f"sha256/{sha256[:2]}/{sha256[2:4]}/{sha256}"


def of_derivative(sha256: str, name: str) -> str:
    """The key of a picture that was made from a file; `name` is `thumbnail` or `preview`."""
    return f"derived/{of_digest(sha256).removeprefix('sha256/')}.{name}.jpg"
