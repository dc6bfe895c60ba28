"""Writing checkpoints, and looking at the newest one when the service starts."""

import logging

from auth.keys import SigningKeys
from auth.tokens import sign
from service.db import Database
from storage.store import BlobStore
from sync import checkpoint, epoch

log = logging.getLogger(__name__)


def write_checkpoint(database: Database, store: BlobStore, keys: SigningKeys, issuer: str, now: int) -> int:
    """Signs the heads that moved since the last checkpoint; returns how many. Raises Restored, StoreUnavailable."""
    due = database.read(checkpoint.due)
    if not due.moved:
        return 0
    where = checkpoint.key(now)
    signed = sign(keys, checkpoint.TYP, checkpoint.payload(due.epoch, due.moved, issuer, now))
    store.put(where, checkpoint.stored(signed, due.moved))
    _put_latest(store, keys, due, issuer, now)
    database.write(checkpoint.note, due.moved, where)
    return len(due.moved)


def _put_latest(store: BlobStore, keys: SigningKeys, due: checkpoint.Due, issuer: str, now: int) -> None:
    signed = sign(keys, checkpoint.TYP, checkpoint.payload(due.epoch, due.all, issuer, now))
    store.put(checkpoint.LATEST, checkpoint.stored(signed, due.all))


def open_epoch(database: Database, store: BlobStore, keys: SigningKeys, issuer: str, *, reason: str, now: int) -> str:
    """Opens a new epoch and makes it the one that the next start looks for."""
    opened = database.write(epoch.open_epoch, reason, now)
    _put_latest(store, keys, database.read(checkpoint.due), issuer, now)
    return opened


def look_back(database: Database, store: BlobStore) -> None:
    """At start: a log that does not hold what was witnessed of it was restored. Its lineage ends until an operator
    opens the next; no phone is told before that something is durable here. Raises StoreUnavailable."""
    lost = database.read(checkpoint.behind, checkpoint.latest(store))
    if lost:
        log.error("%d scopes are behind the newest checkpoint, %s first; `minhchung epoch open`", len(lost), lost[0])
        database.write(epoch.close_epoch)
