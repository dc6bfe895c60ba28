"""What a push answer is signed over: what came, and what became of each op (protocol C.9).

A receipt is made after the commit and from stored facts alone, so the same push can be receipted again later.
"""

from typing import Any

from auth.principal import Principal
from sync.instant import iso
from sync.push import Pushed

TYP = "mc-receipt+jws"
COLUMNS = ("op_id", "digest", "dev_seq", "status", "code", "scope", "seq", "ver", "entry_hash")


def receipt(pushed: Pushed, principal: Principal, issuer: str, now: int) -> dict[str, Any]:
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
        "iss": issuer, "epoch": pushed.epoch, "client_id": principal.client_id, "actor": principal.account_id,
        "received_at": iso(now), "columns": list(COLUMNS), "ops": rows,
    }  # fmt: skip
