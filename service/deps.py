"""The names that routes take as parameters. Each says what a route needs; none keeps a connection open."""

from typing import Annotated

from fastapi import Depends, Header, Request, Response
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from auth import sessions, tokens
from auth.errors import TokenMissing
from auth.keys import SigningKeys
from auth.principal import Principal
from auth.tokens import Claims
from service.clock import Clock
from service.db import Database
from service.settings import Settings
from storage.store import BlobStore
from sync.types import Registry


def _database(request: Request) -> Database:
    database: Database = request.app.state.database
    return database


def _settings(request: Request) -> Settings:
    settings: Settings = request.app.state.settings
    return settings


def _store(request: Request) -> BlobStore:
    store: BlobStore = request.app.state.store
    return store


def _now(request: Request) -> int:
    clock: Clock = request.app.state.clock
    return clock.now()


def _language(accept_language: Annotated[str, Header(include_in_schema=False)] = "vi") -> str:
    """`en` when the caller's first choice is English, else `vi`."""
    return "en" if accept_language.strip().lower().startswith("en") else "vi"


def uncached(response: Response) -> None:
    """For answers that hold a secret (RFC 6749 §5.1)."""
    response.headers["Cache-Control"] = "no-store"


Db = Annotated[Database, Depends(_database)]
Config = Annotated[Settings, Depends(_settings)]
Store = Annotated[BlobStore, Depends(_store)]
Now = Annotated[int, Depends(_now)]
Language = Annotated[str, Depends(_language)]


def _keys(request: Request) -> SigningKeys:
    keys: SigningKeys = request.app.state.keys
    return keys


def _secret(request: Request) -> bytes:
    secret: bytes = request.app.state.secret
    return secret


def _types(request: Request) -> Registry:
    types: Registry = request.app.state.types
    return types


Keys = Annotated[SigningKeys, Depends(_keys)]
Types = Annotated[Registry, Depends(_types)]
Secret = Annotated[bytes, Depends(_secret)]

_bearer = HTTPBearer(auto_error=False, bearerFormat="JWT", description="Access token from sign-in, enrol or refresh.")


def _claims(
    config: Config, keys: Keys, now: Now, bearer: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]
) -> Claims:
    """Raises TokenMissing, TokenInvalid, TokenExpired."""
    if bearer is None:
        raise TokenMissing
    return tokens.verify_access(bearer.credentials, keys, config.public_url, now)


# What the token says, for a route that reads who the caller is in a transaction of its own.
Bearer = Annotated[Claims, Depends(_claims)]


def _caller(db: Db, now: Now, claims: Bearer) -> Principal:
    """Raises TokenMissing, TokenInvalid, TokenExpired, ClientRevoked, AccountInactive."""
    return db.read(sessions.principal_of, claims, now)


Caller = Annotated[Principal, Depends(_caller)]
CALLER_CODES = ("token_missing", "token_invalid", "token_expired", "client_revoked", "account_inactive")
