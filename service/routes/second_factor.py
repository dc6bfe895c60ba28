"""One's own second factor: a key for an authenticator app, and codes on paper."""

from typing import Annotated

import segno
from fastapi import APIRouter, Depends, status
from pydantic import StringConstraints

from auth import second_factor
from service.deps import CALLER_CODES, Secret, Witnessed, uncached
from service.fields import Answer, Body
from service.problems import responses

router = APIRouter(prefix="/v1/auth/second-factor", tags=["auth"], dependencies=[Depends(uncached)])
Code = Annotated[str, StringConstraints(pattern=r"^[0-9a-fA-F -]{6,14}$")]


class Prepared(Answer):
    """Shown once. Type the key into an authenticator or scan the picture; keep the recovery codes on paper."""

    key: str
    uri: str
    qr_svg: str
    recovery_codes: list[str]


class Confirmation(Body):
    """The code that the authenticator shows now."""

    code: Code


@router.post(
    "",
    operation_id="prepareSecondFactor",
    status_code=status.HTTP_201_CREATED,
    responses=responses(*CALLER_CODES, "second_factor_exists"),
)
def prepare(at: Witnessed, secret: Secret) -> Prepared:
    """Makes a key that counts once it is confirmed. Refused where one counts already: an administrator resets it."""
    who = at.caller.account_id
    made = at.write("second_factor_changed", who, {"prepared": True}, second_factor.prepare, who, secret, at.now)
    picture = segno.make_qr(made.uri).svg_inline(scale=4)
    return Prepared(key=made.key, uri=made.uri, qr_svg=picture, recovery_codes=list(made.recovery_codes))


@router.post(
    "/confirm",
    operation_id="confirmSecondFactor",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=responses(*CALLER_CODES, "second_factor_invalid"),
)
def confirm(body: Confirmation, at: Witnessed, secret: Secret) -> None:
    """From here on a sign-in or refresh with a code counts as strong: go on with a refresh that brings the next one."""
    who, code = at.caller.account_id, body.code
    facts = {"confirmed": True}
    at.write("second_factor_changed", who, facts, second_factor.confirm, who, code, secret, at.now)
