"""Signing in, enrolling a device, refreshing, signing out, and who one is."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Response, status
from pydantic import Field, StringConstraints

from auth import accounts
from auth.clients import Install
from auth.errors import RefreshReused
from auth.keys import p256_public_pem
from auth.principal import Permission
from auth.tokens import Proof
from service.admitted import Session, admitted
from service.deps import CALLER_CODES, Caller, Config, Db, Keys, Now, TokenKeys, uncached
from service.doorway import Doorway
from service.fields import Answer, Body, GrantItem, ShortText
from service.problems import responses

router = APIRouter(tags=["auth"], dependencies=[Depends(uncached)])

Otp = Annotated[
    str | None,
    StringConstraints(pattern=r"^[0-9a-fA-F -]{6,14}$"),
    Field(description="code of the second factor, or a recovery code"),
]
ProofHeader = Annotated[
    str | None, Header(alias="DPoP", max_length=4096, description="RFC 9449 proof; required where the client has a key")
]
ADMISSION_CODES = ("account_inactive", "client_revoked", "too_many_requests")
REFRESH_CODES = (
    "refresh_invalid",
    "refresh_reused",
    "proof_invalid",
    "second_factor_invalid",
    "password_due",
    *ADMISSION_CODES,
)
InstallId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{8,64}$")]
RefreshText = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{40,64}$")]


class SignIn(Body):
    """`install_id` is random text that the app made at first start; with it a new login keeps the same `client_id`."""

    username: ShortText
    password: Annotated[str, StringConstraints(min_length=1, max_length=256)]
    install_id: InstallId
    device_name: ShortText
    otp: Otp = None


class NewPassword(SignIn):
    """`otp` is needed where the account has a second factor."""

    new_password: Annotated[str, StringConstraints(max_length=256)]


class Enrol(Body):
    """The same `install_id` may present its code again while the first answer is unused and the code in force."""

    code: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9 -]{10,20}$")]
    install_id: InstallId
    device_name: ShortText
    public_key: Annotated[str | None, Field(max_length=512, description="P-256 public key, PEM")] = None


class Refresh(Body):
    """The newest refresh token that the client has stored; `otp` makes the session strong from here on."""

    refresh_token: RefreshText
    otp: Otp = None


class SignOut(Body):
    """Any refresh token of the session."""

    refresh_token: RefreshText


class Me(Answer):
    """The caller; `scopes` are those it may pull, `*/<year>` standing for every unit."""

    id: str
    username: str
    name: str
    client_id: str
    grants: list[GrantItem]
    withheld: Annotated[list[GrantItem], Field(description="roles that wait for a second factor in this session")]
    scopes: list[str]


@router.post(
    "/v1/auth/sign-in",
    operation_id="signIn",
    responses=responses(
        "credentials_invalid", "second_factor_invalid", "password_due", "account_inactive", "client_revoked",
        "too_many_requests",
    ),
)  # fmt: skip
def sign_in(body: SignIn, at: Doorway, config: Config, keys: TokenKeys) -> Session:
    """Signs in by user name and password, and by the second factor where `otp` is there."""
    install = Install(body.install_id, body.device_name)
    return admitted(keys, config, at.sign_in(body.username, body.password, body.otp, install), at.now)


@router.post(
    "/v1/auth/password",
    operation_id="choosePassword",
    responses=responses(
        "credentials_invalid", "second_factor_invalid", "password_weak", "password_used", "account_inactive",
        "client_revoked", "too_many_requests",
    ),
)  # fmt: skip
def choose_password(body: NewPassword, at: Doorway, config: Config, keys: TokenKeys) -> Session:
    """Replaces one's password and signs in by the new one; every other session of the account is closed."""
    install = Install(body.install_id, body.device_name)
    made = at.choose_password(body.username, body.password, body.new_password, body.otp, install)
    return admitted(keys, config, made, at.now)


@router.post(
    "/v1/auth/enrol",
    operation_id="enrol",
    responses=responses(
        "enrolment_invalid", "public_key_invalid", "account_inactive", "client_revoked", "too_many_requests"
    ),
)
def enrol(body: Enrol, at: Doorway, config: Config, keys: TokenKeys) -> Session:
    """Signs a device in by a one-time code."""
    key = p256_public_pem(body.public_key) if body.public_key is not None else None
    install = Install(body.install_id, body.device_name, key)
    return admitted(keys, config, at.enrol(body.code, install), at.now)


@router.post("/v1/auth/refresh", operation_id="refresh", responses=responses(*REFRESH_CODES))
def refresh(body: Refresh, at: Doorway, config: Config, keys: TokenKeys, dpop: ProofHeader = None) -> Session:
    """Exchanges a refresh token. After a lost answer, ask again with the same token: the answer is the same."""
    proof = Proof(dpop, "POST", f"{config.public_url.rstrip('/')}/v1/auth/refresh") if dpop else None
    session = at.refresh(body.refresh_token, body.otp, proof)
    if isinstance(session, RefreshReused):
        raise session
    return admitted(keys, config, session, at.now)


@router.post("/v1/auth/sign-out", operation_id="signOut", status_code=status.HTTP_204_NO_CONTENT, responses=responses())
def sign_out(body: SignOut, at: Doorway) -> None:
    """Closes the session. What waits on the device to be sent is not touched, and a later login goes on from there."""
    at.sign_out(body.refresh_token)


@router.get("/v1/auth/me", operation_id="whoAmI", responses=responses(*CALLER_CODES))
def me(caller: Caller, db: Db, config: Config, now: Now) -> Me:
    """Who the caller is, and what it may pull."""
    account = db.read(accounts.view, caller.account_id, now)
    reach = sorted({f"{unit}/{year or config.programme_year}" for unit, year in caller.reach(Permission.READ)})
    year = config.programme_year
    return Me(
        id=account.id,
        username=account.username,
        name=account.name,
        client_id=caller.client_id,
        grants=[GrantItem.model_validate(grant) for grant in caller.grants],
        withheld=[GrantItem.model_validate(grant) for grant in caller.withheld],
        scopes=[*reach, f"programme/{year}", caller.own_scope],
    )


@router.get("/.well-known/jwks.json", operation_id="jwks")
def jwks(keys: Keys, token_keys: TokenKeys, response: Response) -> dict[str, Any]:
    """RFC 7517 key set: what verifies tokens, then what verifies evidence, retired keys included."""
    response.headers["Cache-Control"] = "max-age=3600"
    return {"keys": token_keys.jwks()["keys"] + keys.jwks()["keys"]}


@router.get("/.well-known/minhchung-keys.json", operation_id="evidenceKeys")
def evidence_keys(keys: Keys) -> dict[str, Any]:
    """Public keys, old ones too, of all that the service signs as evidence: `--keys` of `minhchung verify`."""
    return keys.jwks()
