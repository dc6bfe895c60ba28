"""The engine's own record type: what became of a held or replayed op, told in its author's own scope. Pure."""

from typing import Any

from sync import canonical
from sync.op import Action, Op
from sync.outcome import Outcome
from sync.types import Field, Kind, RecordType

NOTICE = RecordType(
    "op_outcome",
    {name: Field(Kind.REGISTER, lambda _v: None) for name in ("op_id", "record_id", "status", "code", "fields")},
    shared=True,
)


def notice(op_id: str, actor: str, outcome: Outcome, at: int) -> Op:
    """A server op that creates the notice; one per op and outcome."""
    name = canonical.sha256(f"{op_id}{at}{outcome.status}{outcome.code or ''}".encode())
    values: dict[str, Any] = {
        "op_id": op_id,
        "record_id": outcome.record_id,
        "status": outcome.status,
        "code": outcome.code,
    }
    values["fields"] = outcome.fields
    return server_op(
        canonical.derived_id("notice-op", name),
        NOTICE.name,
        canonical.derived_id("notice", name),
        f"user:{actor}",
        Action.CREATE,
        values=values,
    )


def server_op(
    op_id: str,
    type_name: str,
    record_id: str,
    scope: str,
    action: Action,
    *,
    actor: str = "",
    base_ver: int = 0,
    values: dict[str, Any] | None = None,
    server: dict[str, Any] | None = None,
    add: dict[str, list[Any]] | None = None,
) -> Op:
    """An op that the service itself makes. It has no client and no `dev_seq`; its body is kept like any other."""
    body = canonical.encode(
        {
            "op_id": op_id,
            "action": action,
            "type": type_name,
            "record_id": record_id,
            "scope": scope,
            "actor": actor,
            "set": values or {},
            "server": server or {},
            **({"add": add} if add else {}),
        }
    )
    return Op(
        op_id,
        "",
        None,
        actor,
        action,
        type_name,
        record_id,
        scope,
        base_ver,
        canonical.sha256(body),
        body.decode(),
        set=dict(values or {}),
        server=dict(server or {}),
        add=dict(add or {}),
    )
