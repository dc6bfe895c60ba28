"""What goes into the ZIP of a dossier beside the evidence itself, and which of the evidence may go.

All of it follows from the snapshot, but for files that were quarantined, erased or lost since: those are told as such.
"""

from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any, NamedTuple

import orjson
from sqlmodel import Session

from auth.principal import RESTRICTED
from papers.contents import archive_fields, pieces
from papers.dossiers import about_unit, criteria_of, reviews_of
from papers.facts import of_snapshot
from papers.kinds import IN_A_DOSSIER
from papers.render import files as rendered
from programme.errors import SnapshotUnknown
from programme.models import Snapshot
from programme.units import get_unit
from proof import dossier, zipped
from sync import canonical
from sync.errors import SyncError
from sync.instant import iso
from sync.media import find
from sync.records import current, version

NAMES: Mapping[str, str] = {
    "dossier_cover": "01_bia_ho_so", "dossier_index": "02_muc_luc", "score_sheet": "03_bang_cham_diem",
}  # fmt: skip
VERIFIER = "kiem_tra.pyz"
IN_THE_VERIFIER = ("__init__", "__main__", "bundle", "chain", "dossier", "jws", "logs", "p256", "zipped")


class Source(NamedTuple):
    """A file of evidence: where it goes, its digest as it was sent, and whether a picture stands for it."""

    path: str
    sha256: str
    derived: bool


class Contents(NamedTuple):
    """`texts`: small members by name, in their order; the log and the signature are added by who holds the keys."""

    texts: dict[str, bytes]
    sources: list[Source]
    scope: str
    record_id: str
    at: int


def index_of(session: Session, row: Snapshot) -> list[dict[str, Any]]:
    """The pieces of a dossier, and of each file how it stands: `original`, `derived`, or why it is not here."""
    sent = orjson.loads(row.content)
    listed = pieces(sent, {code: orjson.loads(c.privacy) for code, c in criteria_of(session, sent).items()})
    held = current(session, [piece["record_id"] for piece in listed])
    for piece in listed:
        now = held[piece["record_id"]]
        shown = version(session, now, piece["ver"])
        for file in piece["files"]:
            if now.scope.startswith(RESTRICTED):
                file |= {"state": "processing_restricted", "path": ""}
                continue
            try:
                found = find(session, shown, file["sha256"])
            except SyncError as error:
                file |= {"state": error.code, "path": ""}
                continue
            state = "original" if not file["derived"] else "derived" if found.previews == "ready" else "no_picture"
            file |= {"state": state, "path": "" if state == "no_picture" else file["path"]}
        piece["files"] += [{**f, "path": "", "derived": False, "state": "index_only"} for f in piece.pop("withheld")]
    return listed


def index_bytes(session: Session, record_id: str) -> bytes:
    """The index as the ZIP has it now. Raises SnapshotUnknown."""
    row = session.get(Snapshot, record_id)
    if row is None:
        raise SnapshotUnknown
    return canonical.encode(index_of(session, row))


def contents(session: Session, record_id: str, fonts: Path | None) -> Contents:
    """Everything but the log and the signature. Raises SnapshotUnknown, PaperNotRendered."""
    index = index_bytes(session, record_id)
    row = session.get_one(Snapshot, record_id)
    sent, listed = orjson.loads(row.content), orjson.loads(index)
    unit = about_unit(get_unit(session, row.unit))
    facts = {"year": row.year, **of_snapshot(session, row, "submit_dossier")}
    texts = {
        "DOC_TRUOC.txt": files("papers").joinpath("templates", "DOC_TRUOC.txt").read_bytes(),
        dossier.SNAPSHOT: row.content.encode(),
        dossier.INDEX: index,
        "luu_tru.json": canonical.encode(archive_fields(unit, sent, listed)),
        "nhat_ky_tham_dinh.jsonl": b"".join(
            canonical.encode({**review, "at": iso(review["at"])}) + b"\n"
            for review in reviews_of(session, sent, row.at)
        ),
    }
    for kind in IN_A_DOSSIER:
        made = rendered(kind, {"kind": kind, **facts}, row.digest, fonts)
        texts |= {f"{NAMES[kind]}.{form}": data for form, data in made.items() if form != "docx"}
    texts[VERIFIER] = verifier()
    there = [f for piece in listed for f in piece["files"] if f["path"]]
    sources = [Source(f["path"], f["sha256"], f["state"] == "derived") for f in there]
    return Contents(texts, sources, f"{row.unit}/{row.year}", record_id, row.at)


def verifier() -> bytes:
    """The package `proof` as one file that Python runs (PEP 441)."""
    package = files("proof")
    start = b"from proof.__main__ import main\nraise SystemExit(main())\n"
    parts = {f"proof/{name}.py": package.joinpath(f"{name}.py").read_bytes() for name in IN_THE_VERIFIER}
    return zipped.packed({"__main__.py": start, **parts})
