"""The list of what a folder of copies holds: a JWS, written last and in one step, so a folder that has one is whole."""

import os
from pathlib import Path
from typing import Any

from auth.keys import SigningKeys
from auth.tokens import sign
from proof import jws

NAME = "manifest.jws"


def write(folder: Path, keys: SigningKeys, typ: str, told: dict[str, Any]) -> dict[str, Any]:
    """Signs `told` and the public `keys` into `folder`, where all else has to be already; returns what was signed."""
    signed = told | {"keys": keys.jwks()["keys"]}
    draft = folder / "manifest.part"
    with draft.open("w", encoding="ascii") as file:
        file.write(sign(keys, typ, signed))
        file.flush()
        os.fsync(file.fileno())
    draft.replace(folder / NAME)
    return signed


def read(folder: Path, keys: SigningKeys | None, typ: str) -> tuple[dict[str, Any], bool]:
    """What the list of `folder` says, and whether one of `keys` signed it or else only a key that it brings itself.

    Raises OSError where there is none, jws.NotSigned.
    """
    try:
        signed = (folder / NAME).read_text(encoding="ascii")
    except UnicodeDecodeError as error:
        raise jws.NotSigned(str(error)) from error
    try:
        return jws.verify(signed, keys.jwks()["keys"] if keys else [], typ), True
    except jws.NotSigned:
        pass
    try:
        return jws.verify(signed, jws.unverified(signed)["keys"], typ), False
    except (KeyError, TypeError) as error:
        raise jws.NotSigned("it brings no keys") from error
