"""The answer that lets a client in, whichever way it came."""

from typing import Annotated, Literal

from pydantic import Field

from auth.keys import SigningKeys
from auth.sessions import ClientSession
from auth.tokens import LIFETIME, issue_access
from service.fields import Answer, Instant
from service.settings import Settings


class Session(Answer):
    """RFC 6749 §5.1 token answer, and who it is for. Store it durably before the old refresh token is forgotten."""

    access_token: str
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105  # the name of a scheme
    expires_in: Annotated[int, Field(description="seconds")] = LIFETIME
    refresh_token: str
    refresh_expires_at: Instant
    account_id: str
    client_id: str


def admitted(keys: SigningKeys, config: Settings, session: ClientSession, now: int) -> Session:
    """The session with its first, or next, access token."""
    access = issue_access(keys, config.public_url, session.account_id, session.client_id, now, strong=session.strong)
    return Session(
        access_token=access,
        refresh_token=session.refresh_token,
        refresh_expires_at=session.refresh_expires_at,
        account_id=session.account_id,
        client_id=session.client_id,
    )
