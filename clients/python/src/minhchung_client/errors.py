"""What can go wrong between a device and the service. None of it touches what waits to be sent.

ClientError
├── Unreachable      no answer
│   └── Busy         an answer that says: later
├── Garbled          an answer that is not the service's (a captive portal, a proxy's page)
├── Refused          a problem document; `code` says what it is
├── NeedsEnrolment   this install has to sign in anew; its outbox stays and goes on afterwards
└── OtherAccount     the folder belongs to another account, whose edits must not be sent as this one's
"""

from typing import Any


class ClientError(Exception):
    """Base of all."""


class Unreachable(ClientError):
    pass


class Busy(Unreachable):
    pass


class Garbled(ClientError):
    pass


class NeedsEnrolment(ClientError):
    pass


class OtherAccount(ClientError):
    pass


class Refused(ClientError):
    """The service's own refusal (RFC 9457)."""

    def __init__(self, problem: dict[str, Any]) -> None:
        super().__init__(f"{problem.get('code')}: {problem.get('title')}")
        self.problem = problem
        self.code = str(problem.get("code"))
