"""The tables of a replica. `base` mirrors the service, `outbox` is the device's own; neither is made from the other.

A `base` row without `doc` is a record that left: its `ver` stays, so that a late answer cannot bring it back. Rows
with `stale` are read anew: their `ver` is 0, for nothing is known to have been seen of what the service has now.
`sent` keeps every op with what was answered, `receipt` the service's signed word for it. `waiting`: own edits that the
service's word does not show yet, because they are still to be sent, or because the service holds them until others
come. A `file` is `waiting`, `sent`, or `verified` by its record; `problem` is why the service did not take it,
`scope` and `seq` where the log said that it has it. `safe`: by scope, how far a backup of the service holds its log.
`diverged`: scopes that did not hold what the service holds at `as_of`; those with `reload` are still to be read anew.
"""

from zlib import crc32

SCHEMA = """
create table if not exists meta (name text primary key, value text not null) without rowid;
create table if not exists base (
    id text primary key, type text not null, scope text not null, ver integer not null,
    stale integer not null default 0, doc text
) without rowid;
create table if not exists outbox (
    dev_seq integer primary key, op_id text not null unique, record_id text not null,
    base_ver integer not null, body text not null
);
create index if not exists outbox_record on outbox (record_id, dev_seq);
create table if not exists sent (
    dev_seq integer primary key, op_id text not null unique, record_id text not null,
    base_ver integer not null, body text not null, status text not null, result text not null,
    dismissed integer not null default 0
);
create index if not exists sent_held on sent (record_id) where status = 'held';
create view if not exists waiting as
    select record_id, dev_seq, base_ver, body from outbox
    union all
    select record_id, dev_seq, base_ver, body from sent
    where status = 'held' and dev_seq not in (select dev_seq from outbox);
create table if not exists receipt (id integer primary key, jws text not null);
create table if not exists diverged (
    scope text primary key, as_of integer not null, reload integer not null
) without rowid;
create table if not exists lost_scope (scope text primary key) without rowid;
create table if not exists file (
    sha256 text primary key, size integer not null, mime text not null, name text not null, record_id text,
    url text, state text not null, problem text, turn integer not null default 0, scope text, seq integer
) without rowid;
create table if not exists copied (sha256 text primary key) without rowid;
create table if not exists safe (scope text primary key, seq integer not null) without rowid;
"""

SCHEMA_MARK = crc32(SCHEMA.encode()) >> 1  # `user_version` of a database that has these tables: a signed 32 bit number
