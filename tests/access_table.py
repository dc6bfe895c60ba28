"""`docs/access.md` and the roles of `docs/protocol.md`, read as the expectations that they are."""

import re
from dataclasses import dataclass
from pathlib import Path

DOCS = Path(__file__).parent.parent / "docs"
ROW = re.compile(r"^\| `(\w+)` \| ([\w ]+?) \|(?: `(\w+)`)? \|(?: `(\w+)`)? \|$", re.MULTILINE)
ROLES = re.compile(r"^\| ((?:`\w+`(?:, )?)+) \| ([a-z_, ]+) \|$", re.MULTILINE)


@dataclass(frozen=True)
class Rule:
    """What an operation needs, and the answer to those who lack it or may not even read there."""

    needs: str
    refused: str
    unseen: str

    def answer(self, permissions: set[str]) -> str:
        """What a caller with these permissions in the unit gets; `ok` when it is let through."""
        if self.needs in permissions or self.needs in ("anyone", "signed in"):
            return "ok"
        return self.refused if "read" in permissions else self.unseen


def rules() -> dict[str, Rule]:
    """Operation -> rule."""
    text = (DOCS / "access.md").read_text(encoding="utf-8")
    return {name: Rule(needs, refused or "ok", unseen or "ok") for name, needs, refused, unseen in ROW.findall(text)}


def permissions() -> dict[str, set[str]]:
    """Role -> permissions, as the protocol page says; a role without a row has none."""
    text = (DOCS / "protocol.md").read_text(encoding="utf-8").split("## Signing in", 1)[1].split("\n## ", 1)[0]
    found: dict[str, set[str]] = {}
    for roles, may in ROLES.findall(text):
        found |= {role: set(may.split(", ")) for role in re.findall(r"\w+", roles)}
    return found
