"""What a device proves with its own key: who made an op, and who asks for rescue (protocol C.4)."""

from dataclasses import dataclass

from sqlmodel import Session

from auth.errors import DeviceProofInvalid
from auth.models import Client
from auth.tokens import verify_detached

OP = "mc-op+jws"
RESCUE = "mc-rescue+jws"


@dataclass(frozen=True, slots=True)
class Proved:
    """A client that has proved its key, whatever has become of its sessions and of its account."""

    account_id: str
    client_id: str


def signed(session: Session, client_id: str, payload: bytes, jws: str, typ: str = OP) -> bool:
    """Whether the key of a client made this detached JWS (RFC 7515 appendix F) over `payload`."""
    client = session.get(Client, client_id)
    return (
        client is not None and client.public_key is not None and verify_detached(jws, payload, client.public_key, typ)
    )


def prove(session: Session, client_id: str, body: bytes, jws: str) -> Proved:
    """The client whose key has signed a request's body. Raises DeviceProofInvalid, which never says why."""
    if not signed(session, client_id, body, jws, RESCUE):
        raise DeviceProofInvalid
    client = session.get_one(Client, client_id)
    return Proved(client.account_id, client.id)
