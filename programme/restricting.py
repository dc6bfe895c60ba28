"""Restricting the processing of a record, as a data subject may ask (Law 91/2025/QH15; domain L19).

A restricted record lives in a scope of its own, `restricted:<unit>/<year>`, which only those who protect personal data
there may read: so the one predicate of visibility takes it from every phone, list, count, file and paper at once, and
nothing can forget to ask. Lifting brings it back to its unit's year. Both are moves in the log, and prove themselves.
"""

from collections.abc import Collection

from sqlmodel import Session

from auth.principal import RESTRICTED, Permission, Principal
from programme.errors import NotRestrictable
from programme.evidence import EVIDENCE_NAMES
from sync import canonical
from sync.append import append
from sync.notice import server_op
from sync.op import Action
from sync.records import lock, readable
from sync.types import Registry


def restrict(
    session: Session, registry: Registry, principal: Principal, record_ids: Collection[str], *, lift: bool, wish: str,
    now: int,
) -> list[str]:  # fmt: skip
    """Restricts evidence, or lifts that; the ids of what has moved. What stands so already is left as it is.

    `wish` names the wish, so that a retry moves nothing twice. Raises RecordUnknown, NotPermitted, NotRestrictable.
    """
    ops = []
    for record_id in sorted(set(record_ids)):
        lock(session, record_id)
        shown = readable(session, principal, record_id)
        principal.require(Permission.PROTECT, shown.scope)
        if shown.type not in EVIDENCE_NAMES:
            raise NotRestrictable
        plain = shown.scope.removeprefix(RESTRICTED)
        scope = plain if lift else RESTRICTED + plain
        if scope == shown.scope:
            continue
        op_id = canonical.derived_id("restriction", canonical.sha256(f"{wish}/{record_id}".encode()))
        who = {"actor": principal.account_id, "base_ver": shown.ver}
        ops.append(server_op(op_id, shown.type, record_id, scope, Action.MOVE, **who))  # type: ignore[arg-type]
    append(session, registry, ops, now)
    return [op.record_id for op in ops]
