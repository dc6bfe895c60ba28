"""What people write in a schedule: words that nobody else uses, and one change at a time to what is on their screen."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from random import Random
from typing import Any

from simulator.handset import Handset

Doc = dict[str, Any]


@dataclass
class Pen:
    """That of a schedule. `short`: fields of a few words. `besides`: what else a patch made on a phone may bring."""

    rng: Random
    year: int
    short: tuple[str, str]
    besides: Callable[[Any], Doc]
    words: int = 0

    def word(self) -> str:
        """One that was never written before."""
        self.words += 1
        return f"w{self.words}"

    def values(self, shown: Doc | None) -> Doc:
        """Some fields anew; a long text is added to."""
        names = self.rng.sample((*self.short, "note"), self.rng.randint(1, 3))
        return {name: self._value(name, shown) for name in names}

    def change(self, phone: Handset, shown: Doc, units: Collection[str]) -> str:
        """Captures one change of the record on the screen; which one, in words. `units`: where its author may write."""
        scope, record_id, dice = shown["scope"], shown["id"], self.rng.random()
        if shown["conflicts"] and dice < 0.4:
            name = self.rng.choice(shown["conflicts"])["field"]
            settled = {name: self._value(name, shown)} if name in (*self.short, "note") else {}
            phone.capture("resolve", scope, record_id, set=settled)
            return f"resolves {name}"
        if dice < 0.81:
            change = self._patch(phone, shown)
            phone.capture("patch", scope, record_id, **change)
            return f"patches {sorted(change)}"
        if dice < 0.9:
            action = "delete" if not shown["deleted"] else "restore"
            phone.capture(action, scope, record_id)
            return f"{action}s it"
        elsewhere = sorted(unit for unit in units if not scope.startswith(unit))
        if elsewhere:
            phone.capture("move", f"{elsewhere[0]}/{self.year}", record_id)
            return f"moves it to {elsewhere[0]}"
        return "leaves it as it is"

    def _patch(self, phone: Handset, shown: Doc) -> Doc:
        dice, tags = self.rng.random(), shown["data"].get("tags")
        if dice < 0.6:
            return {"set": self.values(shown)}
        if dice < 0.75:
            return self.besides(phone)
        if tags and dice < 0.85:
            return {"remove": {"tags": [self.rng.choice(tags)]}}
        return {"add": {"tags": [self.word()]}}

    def _value(self, name: str, shown: Doc | None) -> str:
        if name != "note":
            return self.word()
        said: list[str] = (shown or {"data": {}})["data"].get("note", "một hai ba bốn năm sáu").split(" ")
        said.insert(self.rng.randrange(len(said) + 1), self.word())
        return " ".join(said)
