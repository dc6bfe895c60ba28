"""The names that routes take as parameters. Each says what a route needs; none keeps a connection open."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from typing import Annotated, Any, Concatenate, ParamSpec, TypeVar

from fastapi import Depends, Request, Response
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from sqlmodel import Session

from auth import audit, callers, clients, tokens
from auth.audit import Act, Trace
from auth.errors import ClientRevoked, ScopeInsufficient, TokenInvalid, TokenMissing
from auth.keyring import Keyring
from auth.keys import SigningKeys
from auth.principal import Principal
from auth.tokens import Claims
from programme.calendar import Calendar
from programme.reading import is_restricted
from service.app_scopes import opens
from service.clock import Clock
from service.db import Database
from service.limits import Guesses, Limits, requests_of_client
from service.metrics import Metrics
from service.provider import Provider
from service.settings import Settings
from service.wakes import Wakes
from storage.store import BlobStore
from sync.types import Registry


def _part(name: str) -> Any:
    """A part that `service.app.furnish` put into the state of the application.

    A coroutine, as all that waits for nothing: the framework runs plain functions in a thread each.
    """

    async def found(request: Request) -> Any:
        return getattr(request.app.state, name)

    return Depends(found)


Db = Annotated[Database, _part("database")]
Config = Annotated[Settings, _part("settings")]
Store = Annotated[BlobStore, _part("store")]
Links = Annotated[Any, _part("direct")]  # a `storage.direct.Direct`, which loads slowly, or None
Types = Annotated[Registry, _part("types")]
Keys = Annotated[SigningKeys, _part("keys")]  # of evidence
Secret = Annotated[bytes, _part("secret")]
Ticking = Annotated[Clock, _part("clock")]  # for a request that lasts
Waking = Annotated[Wakes, _part("wakes")]
Metered = Annotated[Metrics, _part("metrics")]
Limited = Annotated[Limits, _part("limits")]
Guessed = Annotated[Guesses, _part("guesses")]
Outside = Annotated[Provider, _part("provider")]
Keyrings = Annotated[Keyring, _part("keyring")]


async def _calendar(config: Config) -> Calendar:
    return config.calendar


async def _now(request: Request) -> int:
    clock: Clock = request.app.state.clock
    return clock.now()


async def _token_keys(keyring: Keyrings) -> SigningKeys:
    return keyring.current()


async def _language(request: Request) -> str:
    """`en` when the caller's first choice is English, else `vi`."""
    return "en" if request.headers.get("accept-language", "").strip().lower().startswith("en") else "vi"


def uncached(response: Response) -> None:
    """For answers that hold a secret (RFC 6749 §5.1)."""
    response.headers["Cache-Control"] = "no-store"


Now = Annotated[int, Depends(_now)]
Deadlines = Annotated[Calendar, Depends(_calendar)]
Language = Annotated[str, Depends(_language)]
TokenKeys = Annotated[SigningKeys, Depends(_token_keys)]

_bearer = HTTPBearer(auto_error=False, bearerFormat="JWT", description="Access token from sign-in, enrol or refresh.")


async def _claims(
    request: Request, now: Now, bearer: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]
) -> Claims:
    """Where no second factor is asked for, every session counts as one that has shown it.

    Asked by nearly every request, so it takes what it needs by itself: each dependency costs the framework time.
    Raises TokenMissing, TokenInvalid, TokenExpired, ScopeInsufficient, TooManyRequests.
    """
    held = request.app.state
    if bearer is None:
        raise TokenMissing
    if len(request.headers.getlist("authorization")) > 1:  # a proxy may have read the other one
        raise TokenInvalid
    config: Settings = held.settings
    claims = tokens.verify_access(bearer.credentials, held.keyring.current(), config.public_url, now)
    if claims.scope is not None and not opens(claims.scope, getattr(request.scope.get("route"), "operation_id", "")):
        raise ScopeInsufficient
    request.state.account_id = claims.account_id
    policy = requests_of_client(config.client_requests_per_minute, config.processes)
    request.state.room = held.limits.spend(policy, claims.client_id, now).headers()
    return claims if config.second_factor_asked else replace(claims, strong=True)


# What the token says, for a route that reads who the caller is in a transaction of its own.
Bearer = Annotated[Claims, Depends(_claims)]


def address_of(request: Request) -> str:
    """The network address that the request came from; a trusted proxy has told it (`service/edge.py`)."""
    return request.client.host if request.client else ""


async def _source(request: Request) -> str:
    return address_of(request)


Source = Annotated[str, Depends(_source)]


def _caller(request: Request, now: Now, claims: Bearer) -> Principal:
    """Raises ClientRevoked, AccountInactive, and what `_claims` raises."""
    return _admitted(request, now, claims, depositing=False)


def _depositor(request: Request, now: Now, claims: Bearer) -> Principal:
    """Also a retired device that still has to send what waits on it. Raises as `_caller` does."""
    return _admitted(request, now, claims, depositing=True)


def _admitted(request: Request, now: int, claims: Claims, *, depositing: bool) -> Principal:
    db: Database = request.app.state.database
    with _wiping(db, now, claims, address_of(request)):
        return db.read(callers.principal_of, claims, now, depositing=depositing)


@contextmanager
def _wiping(db: Database, now: int, claims: Claims, source: str) -> Iterator[None]:
    """Where a lost phone is refused inside, it has just been told to wipe itself."""
    try:
        yield
    except ClientRevoked as revoked:
        if (revoked.params.get("current") or {}).get("revoked_as") == "lost":
            db.write(_note_wipe, claims, now, source)
        raise


def _note_wipe(session: Session, claims: Claims, now: int, source: str) -> None:
    if clients.told_to_wipe(session, claims.client_id, now):
        trace = Trace(claims.account_id, claims.client_id, source)
        audit.note(session, trace, "client_wiped", claims.client_id, now)


Caller = Annotated[Principal, Depends(_caller)]
Depositor = Annotated[Principal, Depends(_depositor)]
CALLER_CODES = (
    "token_missing",
    "token_invalid",
    "token_expired",
    "client_revoked",
    "account_inactive",
    "scope_insufficient",
    "too_many_requests",
)

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Witness:
    """A caller at work: what is done through `write` stands in the audit trail, in the same transaction.

    `subject` is the id of what it was done to, or tells it from what came of it; `facts` are ids, codes and numbers.
    """

    caller: Caller
    db: Db
    source: Source
    now: Now

    def write(
        self,
        act: Act,
        subject: str | Callable[[T], str],
        facts: Mapping[str, Any],
        work: Callable[Concatenate[Session, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        def noted(session: Session) -> T:
            done = work(session, *args, **kwargs)
            whom = subject if isinstance(subject, str) else subject(done)
            audit.note(session, Trace.of(self.caller, self.source), act, whom, self.now, **facts)
            return done

        return self.db.write(noted)

    def saw(self, act: Act, subject: str, **facts: Any) -> None:
        """Notes that the caller was shown something, before the answer leaves."""
        self.db.write(audit.note, Trace.of(self.caller, self.source), act, subject, self.now, **facts)

    def saw_records(self, shown: Iterable[tuple[str, str | bytes | None]]) -> None:
        """Of records that are told (id, JSON), notes those of the highest level: each view of them counts (L10)."""
        found = sorted(record_id for record_id, doc in shown if doc and is_restricted(doc))
        if found:
            self.saw("restricted_read", found[0], records=found[:1000], count=len(found))


Witnessed = Annotated[Witness, Depends()]


@dataclass(frozen=True, slots=True)
class Sender:
    """A device that sends what waits on it, a retired one too: let in by the transaction that takes what it sends."""

    claims: Claims
    db: Database
    source: str
    now: int

    def wiped_if_lost(self) -> AbstractContextManager[None]:
        """Around the work: a lost phone that is refused there has been told to wipe itself, which is noted."""
        return _wiping(self.db, self.now, self.claims, self.source)


async def _sender(request: Request, claims: Bearer, now: Now) -> Sender:
    return Sender(claims, request.app.state.database, address_of(request), now)


Sending = Annotated[Sender, Depends(_sender)]
