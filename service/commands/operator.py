"""Who runs a command on the server itself: what the operator does there stands in the audit trail too."""

from auth.accounts import OPERATOR
from service.db import Database
from service.deps import Witness


def operator(database: Database, now: int) -> Witness:
    """The operator at work, whose address is this machine."""
    return Witness(OPERATOR, database, "", now)
