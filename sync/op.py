"""An op: what a device did. Reading one from the wire. Pure (protocol C.1, C.4).

A fault here never loses the op: it becomes a rejected result with the body kept.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from sync import canonical
from sync.capture import Captured, estimate

Signed = Callable[[str, bytes, str], bool]  # client id, what was signed, detached JWS: is it that device's?

UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
DEP = re.compile(rf"(op|record):{UUID.pattern}")
DIGEST = re.compile(r"[0-9a-f]{64}")
SCOPE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,31}/[0-9]{4}")
MAPS = ("set", "add", "remove", "inc")
MAX_DEPS = 50


class Action(StrEnum):
    CREATE = "create"
    PATCH = "patch"
    DELETE = "delete"
    RESTORE = "restore"
    MOVE = "move"
    RESOLVE = "resolve"


class OpFault(Exception):
    """Why an op is rejected: a code of the catalogue and the place, as a JSON pointer."""

    def __init__(self, code: str, path: str = "", **params: Any) -> None:
        super().__init__(code)
        self.code, self.path, self.params = code, path, params


@dataclass(frozen=True, slots=True)
class Op:
    """One op as the engine sees it. `server` holds server-owned values; only ops made here have any.

    `epoch`: the lineage that `base_ver` counts in.
    """

    op_id: str
    client_id: str
    dev_seq: int | None
    actor: str
    action: Action
    type: str
    record_id: str
    scope: str
    base_ver: int
    digest: bytes
    body: str
    set: dict[str, Any] = field(default_factory=dict)
    add: dict[str, list[Any]] = field(default_factory=dict)
    remove: dict[str, list[Any]] = field(default_factory=dict)
    inc: dict[str, int] = field(default_factory=dict)
    deps: tuple[str, ...] = ()
    tx: str | None = None
    schema: int = 1
    captured: Captured | None = None
    signed: bool = False
    base_hash: str | None = None
    epoch: str | None = None
    server: dict[str, Any] = field(default_factory=dict)

    @property
    def fields(self) -> frozenset[str]:
        return frozenset((*self.set, *self.add, *self.remove, *self.inc))

    @property
    def changes(self) -> dict[str, dict[str, Any]]:
        return {name: getattr(self, name) for name in MAPS}


@dataclass(frozen=True, slots=True)
class Envelope:
    """What is known of an op before it is understood; enough to store it and to answer for it.

    `odd`: why the op cannot be canonical; then `raw` is None, for nothing in it may be looked up in a database.
    """

    op_id: str
    client_id: str
    dev_seq: int | None
    digest: bytes
    body: str
    raw: Any
    odd: canonical.OddValue | None = None
    captured: Captured | None = None

    @property
    def scope(self) -> str | None:
        """Where the op says that it belongs."""
        named = self.raw.get("scope") if isinstance(self.raw, dict) else None
        return named if isinstance(named, str) and SCOPE.fullmatch(named) else None

    @property
    def tx(self) -> str | None:
        """The group of the op, if it has one."""
        named = self.raw.get("tx") if isinstance(self.raw, dict) else None
        return named if isinstance(named, str) and 0 < len(named) <= canonical.NAME_LENGTH else None

    def taken(self, captured: Captured | None) -> "Envelope":
        """The same with the estimate that was made when it came."""
        return replace(self, captured=captured)


def envelope(raw: Any, client_id: str, clock: Any = None, now: int = 0) -> Envelope:
    """Names an op. One without a usable id gets an id made from its content, so that a retry is a duplicate.

    `clock`: the device's, as the push that came at `now` tells it.
    """
    odd = None
    try:
        canonical.check(raw)
        body = canonical.encode(raw)
    except canonical.OddValue as error:
        body, odd = canonical.keep(raw).encode(), error
    digest = canonical.sha256(body)
    named = isinstance(raw, dict)
    op_id = raw.get("op_id") if named else None
    dev_seq = raw.get("dev_seq") if named else None
    if not (isinstance(op_id, str) and UUID.fullmatch(op_id)):
        op_id = canonical.derived_id(client_id, digest)
    valid = isinstance(dev_seq, int) and not isinstance(dev_seq, bool) and dev_seq > 0
    captured = estimate(raw.get("captured"), clock, now) if named and not odd else None
    dev_seq = dev_seq if valid else None
    return Envelope(op_id, client_id, dev_seq, digest, body.decode(), None if odd else raw, odd, captured)


def read(env: Envelope, account_id: str, signed: Signed) -> Op:
    """The op of an envelope. Raises OpFault `malformed_op`, `actor_mismatch`, `signature_invalid`."""
    if env.odd:
        raise OpFault("malformed_op", env.odd.path, why=str(env.odd)) from env.odd
    raw = env.raw
    if not isinstance(raw, dict):
        raise OpFault("malformed_op", "")
    if raw.get("op_id") != env.op_id:
        raise OpFault("malformed_op", "/op_id")
    if env.dev_seq is None:
        raise OpFault("malformed_op", "/dev_seq")
    if raw.get("actor", account_id) != account_id:
        raise OpFault("actor_mismatch", "/actor")
    if raw.get("tx") is not None and env.tx is None:
        raise OpFault("malformed_op", "/tx")
    _optional_map(raw, "captured")
    action = _one_of(raw, "action", Action)
    return Op(
        op_id=env.op_id,
        client_id=env.client_id,
        dev_seq=env.dev_seq,
        actor=account_id,
        action=action,
        type=_text(raw, "type"),
        record_id=_match(raw, "record_id", UUID),
        scope=_match(raw, "scope", SCOPE),
        base_ver=_count(raw, "base_ver"),
        digest=env.digest,
        body=env.body,
        deps=tuple(_deps(raw)),
        tx=env.tx,
        schema=schema if type(schema := raw.get("schema")) is int else 1,
        captured=env.captured,
        signed=_signed(env, signed),
        base_hash=_match(raw, "base_hash", DIGEST) if "base_hash" in raw else None,
        epoch=_text(raw, "epoch") if raw.get("epoch") is not None else None,
        **_changes(raw),
    )


def _signed(env: Envelope, signed: Signed) -> bool:
    """Whether the device signed the op: everything of it but `sig`, as canonical bytes (protocol C.4)."""
    jws = env.raw.get("sig")
    if jws is None:
        return False
    said = canonical.encode({name: value for name, value in env.raw.items() if name != "sig"})
    if not isinstance(jws, str) or not signed(env.client_id, said, jws):
        raise OpFault("signature_invalid", "/sig")
    return True


def _changes(raw: dict[str, Any]) -> dict[str, Any]:
    """`set add remove inc` and `media`, which is the set of files: naming one is adding it."""
    found: dict[str, Any] = {name: dict(_optional_map(raw, name) or {}) for name in MAPS}
    media = raw.get("media", [])
    if not isinstance(media, list):
        raise OpFault("malformed_op", "/media")
    for name in ("add", "remove"):
        for key, elements in found[name].items():
            if not isinstance(elements, list):
                raise OpFault("malformed_op", f"/{name}/{key}")
    if media:
        found["add"]["media"] = [*found["add"].get("media", []), *media]
    for key, delta in found["inc"].items():
        if not isinstance(delta, int) or isinstance(delta, bool):
            raise OpFault("malformed_op", f"/inc/{key}")
    return found


def _text(raw: dict[str, Any], name: str) -> str:
    value = raw.get(name)
    if not isinstance(value, str) or not 0 < len(value) <= canonical.NAME_LENGTH:
        raise OpFault("malformed_op", f"/{name}")
    return value


def _deps(raw: dict[str, Any]) -> list[str]:
    value = raw.get("deps", [])
    if not isinstance(value, list) or len(value) > MAX_DEPS:
        raise OpFault("malformed_op", "/deps")
    if not all(isinstance(v, str) and DEP.fullmatch(v) for v in value):
        raise OpFault("malformed_op", "/deps")
    return value


def _match(raw: dict[str, Any], name: str, pattern: re.Pattern[str]) -> str:
    value = raw.get(name)
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise OpFault("malformed_op", f"/{name}")
    return value


def _count(raw: dict[str, Any], name: str) -> int:
    value = raw.get(name, 0)
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise OpFault("malformed_op", f"/{name}")
    return value


def _one_of(raw: dict[str, Any], name: str, choices: type[Action]) -> Action:
    try:
        return choices(str(raw.get(name)))
    except ValueError as error:
        raise OpFault("malformed_op", f"/{name}") from error


def _optional_map(raw: dict[str, Any], name: str) -> dict[str, Any] | None:
    value = raw.get(name)
    if value is not None and not isinstance(value, dict):
        raise OpFault("malformed_op", f"/{name}")
    return value
