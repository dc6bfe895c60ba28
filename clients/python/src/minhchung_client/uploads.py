"""Bringing kept files to the service, piece by piece (tus 1.0). A file stays on the device whatever happens here."""

import json

from minhchung_client.errors import Busy, Garbled, Refused
from minhchung_client.files import Files
from minhchung_client.replica import Replica
from minhchung_client.transport import Transport
from minhchung_client.wire import Doc

ANEW = frozenset({"upload_unknown", "upload_gone", "hash_mismatch"})  # only a new upload helps
PASSING = frozenset({"upload_unknown", "upload_gone", "upload_superseded", "offset_mismatch", "checksum_mismatch"})


def waiting(replica: Replica) -> int:
    """How many files the service does not have yet."""
    return int(replica.connection.execute("select count(*) from file where state = 'waiting'").fetchone()[0])


def bring_next(replica: Replica, transport: Transport, files: Files, pieces: int | None = None) -> bool:
    """Goes on with the next waiting file, for at most `pieces` pieces; returns whether there was one.

    It goes on where the service says it is, so at most one piece is sent twice. A file that is refused goes to the end
    of the queue, with the reason. Raises Unreachable, Garbled, NeedsEnrolment.
    """
    names = ("sha256", "size", "mime", "name", "record_id", "url")
    query = f"select {', '.join(names)} from file where state = 'waiting' order by turn, sha256"  # noqa: S608
    row = replica.connection.execute(query).fetchone()
    if row is None:
        return False
    file = dict(zip(names, row, strict=True))
    try:
        _bring(replica, transport, files, file, pieces)
    except Refused as refused:
        anew, passing = refused.code in ANEW, refused.code in PASSING
        _put_back(replica, file, anew=anew, problem=None if passing else refused.problem)
    except OSError as error:  # of this device: the copy is gone or cannot be read
        problem = {"code": "file_unreadable", "title": str(error), "action": "contact_supervisor"}
        _put_back(replica, file, problem=problem)
    except (Busy, Garbled):
        _put_back(replica, file)  # others first: it may be about this file
        raise
    return True


def _bring(replica: Replica, transport: Transport, files: Files, file: Doc, pieces: int | None) -> None:
    if file["url"] is None:
        file["url"], offset, state = transport.begin_upload(file)
        replica.connection.execute("update file set url = ? where sha256 = ?", (file["url"], file["sha256"]))
    else:
        offset, state = transport.upload_offset(file["url"])
    while state == "open" and offset < file["size"] and pieces != 0:
        data = files.piece(file["sha256"], offset)
        if not data:
            raise OSError("the kept file has become shorter")
        before, (offset, state) = offset, transport.append(file["url"], offset, data)
        if offset <= before:
            raise Garbled("an upload that does not move")
        pieces = pieces - 1 if pieces is not None else None
    if state == "verified":
        done = "update file set state = 'sent', url = null, problem = null where sha256 = ?"
        replica.connection.execute(done, (file["sha256"],))
    elif state == "hash_mismatch":
        raise Refused({"code": state, "title": "the service received other bytes", "action": "upload_media"})
    elif offset >= file["size"]:
        _put_back(replica, file)  # all is there, and the service has yet to judge it


def drop_removed(replica: Replica, files: Files) -> None:
    """Deletes the copies of files that the service has said nobody may keep."""
    query = "select sha256 from file where state = 'remove'"
    for (sha256,) in replica.connection.execute(query).fetchall():
        files.drop(sha256)
        replica.connection.execute("update file set state = 'removed' where sha256 = ?", (sha256,))


def _put_back(replica: Replica, file: Doc, *, anew: bool = False, problem: Doc | None = None) -> None:
    url = None if anew else file["url"]
    replica.connection.execute(
        "update file set url = ?, problem = ?, turn = 1 + (select max(turn) from file) where sha256 = ?",
        (url, json.dumps(problem, ensure_ascii=False) if problem else None, file["sha256"]),
    )
