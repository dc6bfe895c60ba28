"""The list of what a folder of copies holds: a JWS, written last and in one step, so a folder that has one is whole."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from auth.keys import SigningKeys
from auth.tokens import sign
from proof import jws

NAME = "manifest.jws"


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a folder of copies says of itself; `told` is what was signed. `trusted`: by a key of this deployment."""

    root: Path
    name: str
    told: dict[str, Any]
    trusted: bool

    @property
    def folder(self) -> Path:
        return self.root / self.name


def write(root: Path, name: str, keys: SigningKeys, typ: str, told: dict[str, Any]) -> Manifest:
    """Signs `told` and the public `keys` into the folder `name`, where all else has to be already."""
    folder = root / name
    signed = told | {"keys": keys.jwks()["keys"]}
    draft = folder / "manifest.part"
    with draft.open("w", encoding="ascii") as file:
        file.write(sign(keys, typ, signed))
        file.flush()
        os.fsync(file.fileno())
    draft.replace(folder / NAME)
    return Manifest(root, name, signed, trusted=True)


def read(root: Path, name: str, keys: SigningKeys | None, typ: str) -> Manifest:
    """What the folder `name` says, signed by one of `keys` or else by a key that it brings itself.

    Raises OSError where there is none, jws.NotSigned.
    """
    try:
        signed = (root / name / NAME).read_text(encoding="ascii")
    except UnicodeDecodeError as error:
        raise jws.NotSigned(str(error)) from error
    try:
        return Manifest(root, name, jws.verify(signed, keys.jwks()["keys"] if keys else [], typ), trusted=True)
    except jws.NotSigned:
        pass
    try:
        return Manifest(root, name, jws.verify(signed, jws.unverified(signed)["keys"], typ), trusted=False)
    except (KeyError, TypeError) as error:
        raise jws.NotSigned("it brings no keys") from error


def checked(faults: Iterator[str]) -> list[str]:
    """Faults of a folder of copies as they are found; one that cannot be read to its end has that fault too."""
    try:
        return list(faults)
    except (OSError, ValueError, KeyError, TypeError) as error:
        return [f"cannot be read: {error}"]
