"""For administrators: the devices of an account, letting one in, and shutting one out."""

from typing import Annotated, Literal
from uuid import UUID

import segno
from fastapi import APIRouter, Depends, Query, status
from pydantic import Field

from auth import clients, enrolments
from service.deps import CALLER_CODES, Config, Secret, Witnessed, uncached
from service.fields import Answer, Body, Instant
from service.holdings import holdings_of, phones_of
from service.problems import responses

OF_ACCOUNT = (*CALLER_CODES, "not_permitted", "account_unknown")
OF_CLIENT = (*CALLER_CODES, "not_permitted", "client_unknown")
Unit = Annotated[str, Query(max_length=32, pattern=r"^[A-Za-z0-9_.-]+$")]
Year = Annotated[int, Query(ge=2000, le=2999)]
router = APIRouter(tags=["accounts"])


class Enrolment(Answer):
    """A code to hand over, as text, as a link for the app, and as a QR picture of that link."""

    code: str
    expires_at: Instant
    uri: str
    qr_svg: str


class Revocation(Body):
    """`lost`: refused from now on, and the app wipes itself when it next calls. `retired`: it may send what waits."""

    revoked_as: Literal["lost", "retired"]


class Client(Answer):
    """One install x account."""

    id: str
    name: str
    has_key: bool
    created_at: Instant
    revoked_at: Instant | None
    revoked_as: str | None
    drained_at: Annotated[Instant | None, Field(description="when a retired one said that nothing waits on it")]
    wiped_at: Annotated[Instant | None, Field(description="when a lost one called and was told to wipe itself")]


class Held(Answer):
    """Records of one scope that the device may hold, and how many of them name files."""

    scope: str
    records: int
    with_files: int


class Outbox(Answer):
    """What a device said of its outbox when it last pushed, and which of its ops never came."""

    client_id: str
    last_seen_at: Instant | None = None
    pending: Annotated[int | None, Field(description="ops that waited on the device when it last called")] = None
    last_dev_seq: Annotated[int | None, Field(description="the last op that has come from it")] = None
    missing_dev_seq: Annotated[
        list[int], Field(default_factory=list, description="ops before that one which never came, the first 100")
    ]


class Holdings(Outbox):
    """What a device may hold at most: what its account could read, and what it said of its own outbox."""

    scopes: list[Held]


class Phone(Outbox):
    """A device of a unit. `serves`: whether whoever carries it still has a role there."""

    name: str
    account_id: str
    account: str
    revoked_as: str | None
    serves: bool


@router.get("/v1/accounts/{account_id}/clients", operation_id="listClients", responses=responses(*OF_ACCOUNT))
def list_clients(account_id: UUID, at: Witnessed) -> list[Client]:
    """The devices of an account, oldest first."""
    found = at.db.read(clients.list_clients, at.caller, str(account_id), at.now)
    at.saw("viewed", str(account_id), what="clients")
    return [Client.model_validate(client) for client in found]


@router.post(
    "/v1/accounts/{account_id}/enrolments",
    operation_id="openEnrolment",
    status_code=status.HTTP_201_CREATED,
    responses=responses(*OF_ACCOUNT),
    dependencies=[Depends(uncached)],
)
def open_enrolment(account_id: UUID, at: Witnessed, config: Config, secret: Secret) -> Enrolment:
    """A code that lets one device in within 15 minutes, without a password."""
    whom = str(account_id)
    made = at.write("enrolment_opened", whom, {}, enrolments.open_enrolment, at.caller, whom, secret, at.now)
    uri = enrolments.enrolment_uri(config.public_url, made.code)
    picture = segno.make_qr(uri).svg_inline(scale=4)
    return Enrolment(code=made.code, expires_at=made.expires_at, uri=uri, qr_svg=picture)


@router.post("/v1/clients/{client_id}/revoke", operation_id="revokeClient", responses=responses(*OF_CLIENT))
def revoke_client(client_id: UUID, body: Revocation, at: Witnessed) -> Client:
    """Shuts a device out from its next request on."""
    which, how = str(client_id), body.revoked_as
    facts = {"revoked_as": how}
    done = at.write("client_revoked", which, facts, clients.revoke_client, at.caller, which, how, at.now)
    return Client.model_validate(done)


@router.get("/v1/clients/{client_id}/holdings", operation_id="clientHoldings", responses=responses(*OF_CLIENT))
def client_holdings(client_id: UUID, at: Witnessed) -> Holdings:
    """What a device may hold, at most: for the register of a lost phone."""
    found = Holdings.model_validate(at.db.read(holdings_of, at.caller, str(client_id), at.now))
    at.saw("viewed", str(client_id), what="holdings")
    return found


@router.get("/v1/clients", operation_id="listPhones", responses=responses(*CALLER_CODES, "not_permitted"))
def list_phones(unit: Unit, year: Year, at: Witnessed) -> list[Phone]:
    """The devices of a unit's people: when each was last here, what waits on it, and which of its ops never came.

    A device that was shut out, or of somebody who has no role there, is listed while it owes something.
    """
    found = at.db.read(phones_of, at.caller, unit, year, at.now)
    at.saw("viewed", f"{unit}/{year}", what="clients")
    return [Phone.model_validate(phone) for phone in found]
