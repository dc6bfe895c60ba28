"""Who the bearer of a token is by now: asked anew at every request, so that revoked means at once."""

from collections.abc import Sequence
from typing import NamedTuple

import sqlalchemy
from sqlalchemy import BigInteger, bindparam
from sqlmodel import Session

from auth.accounts import grant_of, in_force
from auth.clients import refuse_revoked
from auth.errors import AccountInactive, AuthError, TokenInvalid
from auth.families import alive
from auth.models import Account, Client, Membership
from auth.principal import GUARDED, Principal
from auth.scopes import let_through
from auth.tokens import Claims

# Every request asks this, so it is built once, and of tables: rows need not become objects.
_CLIENT, _ACCOUNT, _MEMBER = (sqlalchemy.inspect(model).local_table for model in (Client, Account, Membership))
_CALLERS = (
    sqlalchemy.select(
        _CLIENT.c.id, _CLIENT.c.revoked_as, _MEMBER.c.unit, _MEMBER.c.role,
        _CLIENT.c.revoked_at, _CLIENT.c.drained_at, _ACCOUNT.c.active, _MEMBER.c.year,
    )
    .select_from(_CLIENT)
    .join(_ACCOUNT, _ACCOUNT.c.id == _CLIENT.c.account_id)
    .join(
        _MEMBER,
        (_MEMBER.c.account_id == _ACCOUNT.c.id) & in_force(bindparam("now", type_=BigInteger), _MEMBER.c),
        isouter=True,
    )
)  # fmt: skip
CALLER = _CALLERS.where(_CLIENT.c.id == bindparam("client_id"), _CLIENT.c.account_id == bindparam("account_id"))
# Those of several, each with the account behind what `CALLER` tells.
CALLERS = _CALLERS.add_columns(_CLIENT.c.account_id).where(_CLIENT.c.id.in_(bindparam("client_ids", expanding=True)))


class Known(NamedTuple):
    """A row of `CALLER`: one for each membership in force; without any, one of which `role` is None."""

    id: str
    revoked_as: str | None
    unit: str
    role: str | None
    revoked_at: int | None
    drained_at: int | None
    active: bool
    year: int


def principal_of(session: Session, claims: Claims, now: int, *, depositing: bool = False) -> Principal:
    """The caller as the database knows it now, in one statement: revoked means at once, not when the token ends.

    Roles of `GUARDED` count only in a session with a second factor. `depositing`: for what a retired device may still
    do, which is to send what waits on it. Raises TokenInvalid, ClientRevoked, AccountInactive.
    """
    asked = {"client_id": claims.client_id, "account_id": claims.account_id, "now": now}
    return judged(session, [Known(*row) for row in session.execute(CALLER, asked)], claims, now, depositing=depositing)


def principals_of(session: Session, callers: Sequence[Claims], now: int) -> list[Principal | AuthError]:
    """Those who send what waits on them, in one statement, each as `principal_of(…, depositing=True)` has them.

    A refusal stands in the place of who is refused.
    """
    found: dict[tuple[str, str], list[Known]] = {}
    for *row, account_id in session.execute(
        CALLERS, {"client_ids": sorted({c.client_id for c in callers}), "now": now}
    ):
        known = Known(*row)
        found.setdefault((known.id, account_id), []).append(known)
    answers: list[Principal | AuthError] = []
    for claims in callers:
        rows = found.get((claims.client_id, claims.account_id), [])
        try:
            answers.append(judged(session, rows, claims, now, depositing=True))
        except AuthError as refusal:
            answers.append(refusal)
    return answers


def judged(session: Session, rows: Sequence[Known], claims: Claims, now: int, *, depositing: bool = False) -> Principal:
    """The caller of whom the database knows this. Raises as `principal_of` does."""
    if not rows:
        raise TokenInvalid
    caller = rows[0]
    refuse_revoked(caller, now, depositing=depositing)
    if not caller.active:
        raise AccountInactive
    grants = sorted({grant_of(row) for row in rows if row.role is not None}, key=str)
    withheld = {g for g in grants if g.role in GUARDED and not claims.strong}
    kept = tuple(g for g in grants if g not in withheld)
    allowed = None if claims.scope is None else let_through(claims.scope)
    if allowed is not None and not alive(session, claims.family):
        raise TokenInvalid
    who = (claims.account_id, claims.client_id)
    return Principal(*who, kept, tuple(withheld), leaving=caller.revoked_at is not None, allowed=allowed)
