"""Very many records, straight into the tables: the rows that the service writes for one, copied as often as wanted."""

from sqlalchemy import Connection, inspect, text

from service.db import Database

EACH = 1000  # records of each of the scopes that hold the other half
NUMBERS = {
    True: "(with recursive n(i) as (select {first} union all select i + 1 from n where i < {last}) select i from n)",
    False: "(select generate_series({first}::bigint, {last}::bigint) as i)",
}
IDS = {
    True: "printf('%08x-0000-{kind}-8000-%012x', n.i, n.i)",
    False: "lpad(to_hex(n.i), 8, '0') || '-0000-{kind}-8000-' || lpad(to_hex(n.i), 12, '0')",
}

OTHERS = {
    True: "printf('x%05d/2026', n.i / {each})",
    False: "'x' || lpad((n.i / {each})::text, 5, '0') || '/2026'",
}


def fill(database: Database, template: str, scope: str, first: int, last: int) -> None:
    """Copies `template`, the only record in its `scope`, into records `first` to `last`: half there, half in others."""
    lite = database.is_sqlite
    record_id, op_id = (IDS[lite].format(kind=kind) for kind in ("4000", "4001"))
    with database.writer.begin() as connection:
        if not lite:  # millions of rows take longer than a request may
            connection.execute(text("set local statement_timeout = 0"))
        base = connection.execute(text("select seq from scope_head where scope = :s"), {"s": scope}).scalar_one()
        here = "n.i % 2 = 0"
        other = OTHERS[lite].format(each=2 * EACH)
        where = f"case when {here} then '{scope}' else {other} end"
        seq = f"case when {here} then {base} + (n.i - {first}) / 2 + 1 else (n.i / 2) % {EACH} + 1 end"
        changed = {
            "record": {"id": record_id, "scope": where, "seq": seq, "doc": f"replace(t.doc, t.id, {record_id})"},
            "op": {"op_id": op_id, "record_id": record_id, "scope": where, "client_id": "'copies'", "dev_seq": "n.i"},
            "change_log": {"scope": where, "seq": seq, "record_id": record_id, "op_id": op_id},
            "desk_item": {"record_id": record_id, "scope": where, "since": "t.since + n.i"},
        }
        numbers = NUMBERS[lite].format(first=first, last=last)
        for table, values in changed.items():
            names = _columns(database, table)
            chosen = ", ".join(values.get(name, f't."{name}"') for name in names)
            key = "id" if table == "record" else "record_id"
            quoted = ", ".join(f'"{name}"' for name in names)
            query = f"insert into {table} ({quoted}) select {chosen} from {numbers} n, {table} t where t.{key} = :t"
            connection.execute(text(query), {"t": template})
        _heads(connection, template, scope)
    with database.writer.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        if not lite:
            connection.execute(text("set statement_timeout = 0"))
        connection.execute(text("analyze" if lite else "vacuum analyze"))
        if not lite:
            connection.execute(text("set statement_timeout = '60s'"))


def _columns(database: Database, table: str) -> list[str]:
    return [column["name"] for column in inspect(database.reader).get_columns(table)]


def _heads(connection: Connection, template: str, scope: str) -> None:
    """Brings the heads after; every copied line of a log has the hash of the one that was copied."""
    for which in ("scope = :scope", "scope like 'x%'"):
        query = f"""
            insert into scope_head (scope, seq, hash, n, counted)
            select e.scope, e.seq, h.entry_hash, e.n, e.seq
            from (select scope, max(seq) as seq, count(*) as n from record where {which} group by scope) e,
                 (select entry_hash from change_log where record_id = :template) h
            where true
            on conflict (scope) do update
            set seq = excluded.seq, hash = excluded.hash, n = excluded.n, counted = excluded.counted
        """
        connection.execute(text(query), {"scope": scope, "template": template})
