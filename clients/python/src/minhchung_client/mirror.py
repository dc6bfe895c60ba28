"""The part of a replica that mirrors the service: pages of a pull, and records out of answers."""

import json
from typing import Any

from minhchung_client.errors import Garbled
from minhchung_client.keeping import note_safe, place_files
from minhchung_client.local import Local
from minhchung_client.notes import take_note
from minhchung_client.wire import Doc, check_page, storable, tally, text


class Mirror(Local):
    """Holds what the service says and knows nothing of the outbox."""

    def scopes(self) -> list[str]:
        """Scopes of which the replica holds records."""
        return [s for (s,) in self.connection.execute("select distinct scope from base order by scope")]

    def base(self, scope: str | None = None) -> list[Doc]:
        """Records as the service last told them, without unsent edits."""
        query = "select doc from base where doc is not null and (? is null or scope = ?) order by id"
        return [json.loads(doc) for (doc,) in self.connection.execute(query, (scope, scope))]

    def apply_page(self, page: Any) -> bool:
        """Takes a page and its cursor in one transaction; the outbox is not touched. Returns whether there is more.

        Raises Garbled, with nothing changed, for anything that is not a page.
        """
        check_page(page)
        with storable(), self.transaction() as db:
            self._in_epoch(page["epoch"])
            for scope in page["removed"]:
                db.execute("delete from base where scope = ?", (scope,))
                db.execute("insert or ignore into lost_scope values (?)", (scope,))
                db.execute("delete from diverged where scope = ?", (scope,))
            for scope in page["reload"]:
                db.execute("update base set stale = 1, ver = 0 where scope = ?", (scope,))
                db.execute("update diverged set reload = 0 where scope = ?", (scope,))
            for change in page["changes"]:
                db.execute("delete from lost_scope where scope = ?", (change["scope"],))
                if change["kind"] == "put":
                    self._put(change["record"])
                    place_files(db, change)
                else:
                    self._leave(change)
            self._compare(page.get("count_digest", {}))
            if not page["more"]:
                db.execute("delete from base where stale = 1")
            note_safe(db, page)
            self.put("cursor", page["cursor"])
            self.put("base_epoch", page["epoch"])
        return bool(page["more"])

    def _compare(self, digests: Doc) -> None:
        """Marks scopes that do not hold what the service holds; one that differs again at the same seq is left."""
        db = self.connection
        for scope, told in digests.items():
            held = db.execute("select id, ver from base where scope = ? and doc is not null and stale = 0", (scope,))
            if tally(held) == (told["n"], told["xor"]):
                db.execute("delete from diverged where scope = ?", (scope,))
                continue
            db.execute(
                "insert into diverged values (?, ?, 1) on conflict do update"
                " set reload = as_of <> excluded.as_of, as_of = excluded.as_of",
                (scope, told["as_of"]),
            )

    def diverged(self) -> list[str]:
        """Scopes whose copy here is not what the service holds, to be asked for anew."""
        return [s for (s,) in self.connection.execute("select scope from diverged where reload = 1 order by scope")]

    def _leave(self, change: Doc) -> None:
        """What left stays away when an answer comes late: also a record that only own edits in the outbox tell of."""
        self.connection.execute(
            "insert into base select :id, '', :scope, :ver, 0, null"
            " where exists (select 1 from base where id = :id) or exists (select 1 from outbox where record_id = :id)"
            " on conflict do update set doc = null, ver = excluded.ver"
            " where scope = excluded.scope and ver < excluded.ver",
            {name: change[name] for name in ("id", "scope", "ver")},
        )

    def _in_epoch(self, epoch: str) -> None:
        """The first answer tells the epoch. Raises Garbled for what comes from another lineage of the service."""
        known = self.get("epoch")
        if known not in (None, epoch):
            raise Garbled("an answer from another epoch")
        if known is None:
            self.put("base_epoch", epoch)
            self.put("epoch", epoch)

    def _adopt(self, doc: Doc) -> None:
        """A record out of an answer: taken, unless its scope was lost since, or a later version is known."""
        lost = self.connection.execute("select 1 from lost_scope where scope = ?", (doc["scope"],)).fetchone()
        if lost is None:
            self._put(doc)

    def _put(self, doc: Doc) -> None:
        held = self.connection.execute("select ver from base where id = ?", (doc["id"],)).fetchone()
        if held is None or doc["ver"] > held[0]:
            new = (doc["id"], doc["type"], doc["scope"], doc["ver"], text(doc))
            self.connection.execute("insert or replace into base values (?, ?, ?, ?, 0, ?)", new)
        elif doc["ver"] == held[0]:
            same = (doc["type"], doc["scope"], text(doc), doc["id"])
            self.connection.execute("update base set stale = 0, type = ?, scope = ?, doc = ? where id = ?", same)
        take_note(self.connection, doc)

    def forget_cursor(self) -> None:
        """The next pull starts anew; what it does not bring again is dropped at its end."""
        with self.transaction():
            self._pull_anew()

    def _pull_anew(self) -> None:
        self.connection.execute("update base set stale = 1, ver = 0")
        self.put("cursor", None)
