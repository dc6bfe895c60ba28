"""What a push answer is signed over: what came, and what became of each op (protocol C.9).

A receipt is made after the commit and from stored facts alone, so the same push can be receipted again later.
"""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import select
from sqlmodel import Session, col

from auth.principal import Principal
from sync import bulk
from sync.instant import iso
from sync.models import Op
from sync.outcome import Known
from sync.push import Pushed

TYP, MEDIA_TYP = "mc-receipt+jws", "mc-media-receipt+jws"
COLUMNS = ("op_id", "digest", "dev_seq", "status", "code", "scope", "seq", "ver", "entry_hash")


def receipt(pushed: Pushed, actor: str, client_id: str, issuer: str) -> dict[str, Any]:
    """The payload: who, when, in which lineage, and a row of `COLUMNS` for each op that was taken.

    Received and applied are different words.
    """
    rows = []
    for outcome, digest in zip(pushed.outcomes, pushed.digests, strict=True):
        if outcome.status == "retry":
            continue  # not taken
        entry = outcome.entry
        place = [entry.scope, entry.seq, entry.ver, entry.entry_hash.hex()] if entry else [None] * 4
        rows.append([outcome.op_id, digest, outcome.dev_seq, outcome.status, outcome.code, *place])
    return {
        "iss": issuer, "epoch": pushed.epoch, "client_id": client_id, "actor": actor,
        "received_at": iso(pushed.at), "columns": list(COLUMNS), "ops": rows,
    }  # fmt: skip


def restated(
    session: Session, known: Collection[Known], epoch: str, principal: Principal, issuer: str, now: int
) -> dict[str, Any]:
    """The payload for ops that came at some time, whose receipt was lost: as they stand now, each with when it came.

    The columns of a receipt, with the client that sent each and its own `received_at` behind them.
    """
    wanted = sorted(one.op_id for one in known)
    query = select(col(Op.op_id), col(Op.dev_seq), col(Op.client_id), col(Op.received_at))
    came = {op_id: rest for op_id, *rest in session.execute(query.where(bulk.among(col(Op.op_id), wanted)))}
    rows = []
    for one in sorted(known, key=lambda one: (came[one.op_id][2], came[one.op_id][0] or 0, one.op_id)):
        dev_seq, client_id, received_at = came[one.op_id]
        entry = one.entry
        place = [entry.scope, entry.seq, entry.ver, entry.entry_hash.hex()] if entry else [None] * 4
        said = [one.op_id, one.digest.hex(), dev_seq, one.status, one.result.get("code"), *place]
        rows.append([*said, client_id, iso(received_at)])
    return {
        "iss": issuer, "epoch": epoch, "actor": principal.account_id, "stated_at": iso(now),
        "columns": [*COLUMNS, "client_id", "received_at"], "ops": rows,
    }  # fmt: skip


def media_receipt(files: Sequence[tuple[str, str]], principal: Principal, issuer: str, now: int) -> dict[str, Any]:
    """The payload for files (record id, digest) whose every byte is here and was hashed by this service."""
    return {
        "iss": issuer, "actor": principal.account_id, "stated_at": iso(now),
        "columns": ["record_id", "sha256"], "files": [list(file) for file in files],
    }  # fmt: skip
