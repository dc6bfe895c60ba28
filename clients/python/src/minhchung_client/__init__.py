"""Reference client of the Minh Chứng sync protocol: what a phone has to do so that nothing captured is ever lost.

`Replica` is the durable local part, `Device` adds the network. The rules it keeps are those of the protocol's client:
edits are durable before anything is sent, bases are frozen, a page and its cursor are one transaction, and no answer,
whatever it says, empties the outbox.
"""

from minhchung_client.clock import Clock, SystemClock
from minhchung_client.device import Device, enrol, open_device
from minhchung_client.errors import Busy, ClientError, Garbled, NeedsEnrolment, OtherAccount, Refused, Unreachable
from minhchung_client.http import HttpTransport
from minhchung_client.ids import uuid7
from minhchung_client.replica import Replica
from minhchung_client.transport import Transport

__all__ = [
    "Busy", "ClientError", "Clock", "Device", "Garbled", "HttpTransport", "NeedsEnrolment", "OtherAccount", "Refused",
    "Replica", "SystemClock", "Transport", "Unreachable", "enrol", "open_device", "uuid7",
]  # fmt: skip
