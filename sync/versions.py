"""Earlier versions of a record, those that the batch itself made included. Pure but for the world it asks."""

import orjson

from sync.op import Op
from sync.plan import Plan, World
from sync.state import State, content_digest
from sync.types import RecordType


def text_at(world: World, plan: Plan, record_id: str, name: str, ver: int) -> str | None:
    """What stood in a text field at a version."""
    changed = plan.changed.get(record_id)
    if changed and ver in changed.docs:
        found = orjson.loads(changed.docs[ver])["data"].get(name)
        return found if isinstance(found, str) else None
    return world.text_at(record_id, name, ver)


def seen_in(world: World, plan: Plan, op: Op, state: State, record_type: RecordType) -> int:
    """The version that an op was made over, among those of the present lineage (protocol P14).

    A number is worth what its lineage shares with this one: after a restore the same numbers come again for others'
    words, and an op that has waited on a phone all that time has not seen them.
    """
    if op.base_hash:
        return ver_of(world, plan, state, record_type, op.base_hash)
    if not op.base_ver or not op.client_id:
        return op.base_ver
    shared = world.shared_ver(state.id, op.epoch)
    return op.base_ver if shared is None else min(op.base_ver, shared)


def ver_of(world: World, plan: Plan, state: State, record_type: RecordType, digest: str) -> int:
    """The newest version with this content: for clients that know what they saw, and not its number.

    An unknown one has seen nothing, so nothing that stands here is displaced by it.
    """
    if content_digest(state, record_type) == digest:
        return state.ver
    changed = plan.changed.get(state.id)
    planned = [v for v, (_, d) in changed.shown.items() if d == digest] if changed else []
    return max(planned, default=world.ver_of(state.id, digest) or 0)
