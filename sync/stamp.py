"""What the service adds to a record that an op has changed. Pure but for the world it asks."""

from dataclasses import dataclass
from typing import Any

from sync.instant import iso
from sync.op import Op
from sync.plan import Plan, World
from sync.state import State
from sync.types import MEDIA, RecordType

# Reasons that people give, for which no phone may keep its copy (domain L7, L8).
REMOVED = frozenset({"file_secret", "file_personal_data"})


def stamp(world: World, plan: Plan, op: Op, state: State, record_type: RecordType, files: set[str], at: int) -> None:
    """Server-owned parts: who wrote, when it came, numbers of set elements, which files are here."""
    state.ver += 1
    state.server["updated_at"] = iso(at)
    if op.client_id and op.actor not in state.marks.authors:
        state.marks.authors.append(op.actor)
        state.server["authors"] = list(state.marks.authors)
    for name, value in op.server.items():
        held = state.server.get(name)
        state.server[name] = {**held, **value} if isinstance(held, dict) and isinstance(value, dict) else value
    for name in record_type.numbered:
        numbers = state.server.setdefault("numbers", {})
        for element in state.data.get(name, ()):
            if element not in numbers:
                numbers[element] = plan.next_number(world, state.scope, element)
    now = {m["sha256"] for m in state.data.get(MEDIA, ())}
    if now != files:
        shown = {k: v for k, v in state.server.get("files", {}).items() if k in now}
        for sha256 in sorted(now - files):
            shown[sha256] = world.file(sha256, op.actor) or {"state": "missing"}
            plan.attached[state.id, sha256] = (op.actor, shown[sha256]["state"])
        plan.detached += [(state.id, sha256) for sha256 in files - now]
        state.server["files"] = shown


@dataclass(frozen=True, slots=True)
class FileState:
    """A file that is here, as its row has it; fields in the order of `world.FILE_STATE`."""

    mime: str
    check: str
    backed_up_at: int | None
    held: str | None
    previews: str
    scan: str


def file_entry(file: FileState) -> dict[str, Any]:
    """What a record says of a file that is here. Safe to delete from a phone: verified, and a second copy is good.

    A quarantined file carries the code of the reason; with `remove` every phone has to delete its copy.
    """
    backed_up = file.backed_up_at is not None
    entry = {"state": "verified", "mime": file.mime, "check": file.check, "backed_up": backed_up}
    entry |= {"safe_to_delete": backed_up and file.held is None, "previews": file.previews, "scan": file.scan}
    if file.held:
        entry |= {"state": "quarantined", "code": file.held, "previews": "none", "remove": file.held in REMOVED}
    return entry
