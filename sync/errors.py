"""What can go wrong in the engine, for a whole request. Faults of one op are results, not exceptions.

SyncError
├── Malformed            the envelope cannot be read
├── EpochChanged         the server was restored; re-push what receipts say, then pull
├── Restored             the server was restored, and waits for its operator
├── ReplicaForked        two installs share one client id
├── BatchTooLarge        more ops than a push may carry
├── CursorInvalid        not a cursor of this service
├── Behind               what the client knows of has not come here yet
├── RecordUnknown        no such record, or none that the caller may see
├── NotRedactable        a record that the service alone writes; single fields of it may be erased
├── OpUnknown            no such op, or none that the caller may see
├── OpSettled            an op that there is nothing to decide on
├── RescueLimit          a device has sent more without a session than is taken in a day
└── upload errors        see `uploads.py`
"""

from typing import Any, ClassVar


class SyncError(Exception):
    """Base; `params` fill the text of the problem whose `code` this is."""

    code: ClassVar[str] = "internal"

    def __init__(self, **params: Any) -> None:
        super().__init__(self.code)
        self.params = params


class Malformed(SyncError):
    code = "malformed"


class EpochChanged(SyncError):
    code = "epoch_changed"


class Restored(SyncError):
    code = "restored"


class ReplicaForked(SyncError):
    code = "replica_forked"


class BatchTooLarge(SyncError):
    code = "batch_too_large"


class CursorInvalid(SyncError):
    code = "cursor_invalid"


class Behind(SyncError):
    code = "behind"


class RecordUnknown(SyncError):
    code = "record_unknown"


class NotRedactable(SyncError):
    code = "not_redactable"


class OpUnknown(SyncError):
    code = "op_unknown"


class OpSettled(SyncError):
    code = "op_settled"


class RescueLimit(SyncError):
    code = "rescue_limit"
