"""The tables of a replica. `base` mirrors the service, `outbox` is the device's own; neither is made from the other.

A `base` row without `doc` is a record that left: its `ver` stays, so that a late answer cannot bring it back.
"""

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
create table if not exists lost_scope (scope text primary key) without rowid;
create table if not exists file (
    sha256 text primary key, size integer not null, mime text not null, name text not null, record_id text,
    url text, state text not null
) without rowid;
"""
