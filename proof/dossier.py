"""Checks the ZIP of a dossier offline: every byte of it, the signature over it, and that the log knew it all.

`ho_so.json` is the snapshot as it was sent; the log (`bang_chung.jsonl`) holds its digest; `MANIFEST.sha256` names
every other member, and `CHU_KY.jws` signs the manifest. A change of any byte is found.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from proof import bundle, jws, zipped

TYP = "mc-dossier+jws"
MANIFEST, SIGNATURE = "MANIFEST.sha256", "CHU_KY.jws"
SNAPSHOT, INDEX, LOG = "ho_so.json", "muc_luc.json", "bang_chung.jsonl"
KEEP = 2**28  # bytes of the members that are read as text


def manifest(digests: dict[str, str]) -> bytes:
    """A line for each member, as `sha256sum -c` reads it."""
    return "".join(f"{digest}  {name}\n" for name, digest in digests.items()).encode()


def check(path: Path, keys: list[jws.Key] | None = None) -> list[str]:
    """Faults of a dossier; empty when it holds. `keys`: those that are trusted; None takes its own word for them."""
    try:
        return list(_faults(path, keys))
    except zipped.NotInForm as error:
        return [str(error)]
    except (ValueError, KeyError, TypeError, IndexError, AttributeError, RecursionError, OSError) as error:
        return [f"cannot be read: {type(error).__name__}"]


def _faults(path: Path, keys: list[jws.Key] | None) -> Iterator[str]:
    digests: dict[str, str] = {}
    texts: dict[str, bytes] = {}
    with path.open("rb") as file:
        for name, digest, content in zipped.walk(file, KEEP):
            if name in digests:
                yield f"{name} is there twice"
            digests[name] = digest
            if name in (MANIFEST, SIGNATURE, SNAPSHOT, INDEX, LOG):
                texts[name] = content
    named = {name: digest for name, digest in digests.items() if name not in (MANIFEST, SIGNATURE)}
    if texts[MANIFEST] != manifest(named):
        yield "the manifest does not name these files"
    trusted = keys if keys is not None else json.loads(texts[LOG].splitlines()[1])["keys"]
    said = jws.verify(texts[SIGNATURE].decode("ascii"), trusted, TYP)
    if said["manifest"] != digests[MANIFEST] or said["snapshot"] != digests[SNAPSHOT]:
        yield "the manifest is not the one that was signed"
    yield from bundle.check(texts[LOG], keys)
    if digests[SNAPSHOT] not in _logged(texts[LOG], said["record_id"]):
        yield "the log does not hold this dossier"
    yield from _index_faults(json.loads(texts[SNAPSHOT]), json.loads(texts[INDEX]), digests)


def _logged(log: bytes, record_id: str) -> set[str]:
    """Digests of snapshots that the log says were sent."""
    found = set()
    for entry in bundle.entries(log):
        if entry["record_id"] == record_id and entry.get("payload"):
            found.add(json.loads(entry["payload"]).get("set", {}).get("digest"))
    return found


def _index_faults(snapshot: dict[str, Any], index: list[dict[str, Any]], digests: dict[str, str]) -> Iterator[str]:
    """Every file that was sent is in the index: here as it came, or told why not."""
    sent = {f["sha256"] for listed in snapshot["evidence"].values() for piece in listed for f in piece["files"]}
    told = {file["sha256"] for piece in index for file in piece["files"]}
    for digest in sorted(sent - told):
        yield f"file {digest} was sent and is not in the index"
    for file in (file for piece in index for file in piece["files"]):
        if file["state"] == "original" and digests.get(file["path"]) != file["sha256"]:
            yield f"{file['path']} is not what was verified"
