"""Letting people in: signing in, enrolling, refreshing, signing out, each with its line in the audit trail.

Stands between the routes and `auth`, because a refusal has to be noted too, in a transaction of its own.
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Annotated, TypeVar

from fastapi import Depends
from sqlmodel import Session

from auth import audit, enrolments, families, own_password, second_factor, sessions
from auth.audit import Trace
from auth.clients import Install
from auth.errors import AuthError, PasswordDue, PasswordUsed, PasswordWeak, RefreshReused
from auth.guesses import ADDRESS, GUESSES
from auth.passwords import hash_password
from auth.sessions import ClientSession, Login
from auth.tokens import Proof
from service.deps import Config, Db, Guessed, Now, Secret, Source

log = logging.getLogger(__name__)
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Doorway:
    """One stranger at the door."""

    db: Db
    config: Config
    secret: Secret
    guesses: Guessed
    source: Source
    now: Now

    def sign_in(self, username: str, password: str, otp: str | None, install: Install) -> ClientSession:
        """Raises CredentialsInvalid, SecondFactorInvalid, PasswordDue, AccountInactive, ClientRevoked,
        TooManyRequests."""

        def enter(session: Session, account_id: str, *, strong: bool) -> ClientSession:
            return self._noted(
                session, sessions.sign_in(session, account_id, install, self.now, strong=strong), "signed_in"
            )

        return self.known(username, password, otp, enter)

    def choose_password(
        self, username: str, password: str, new: str, otp: str | None, install: Install
    ) -> ClientSession:
        """Raises PasswordWeak, PasswordUsed, and as `sign_in` does. Every other session of the account is closed."""

        def enter(session: Session, account_id: str, *, strong: bool) -> ClientSession:
            second_factor.require(session, account_id, shown=strong)
            own_password.choose(session, account_id, stored, self.now)
            made = sessions.sign_in(session, account_id, install, self.now, strong=strong)
            return self._noted(session, made, "password_changed")

        with self._guessing(username) as login:
            account_id = sessions.check_login(login, password)
            own_password.refuse_used(new, self.db.read(own_password.remembered, account_id))
            stored = hash_password(new)
            return self.db.write(self._known, account_id, otp, enter)

    def known(self, username: str, password: str, otp: str | None, work: Callable[..., T]) -> T:
        """Does `work(session, account_id, strong=...)` for somebody whose password, and code if any, are right.

        Raises CredentialsInvalid, SecondFactorInvalid, PasswordDue, TooManyRequests, and what `work` raises.
        """

        def current(session: Session, account_id: str, *, strong: bool) -> T:
            if self.config.own_passwords_asked:
                own_password.refuse_given(session, account_id)
                own_password.refuse_old(session, account_id, self.now)
            return work(session, account_id, strong=strong)

        with self._guessing(username) as login:
            account_id = sessions.check_login(login, password)  # slow, so between the transactions
            return self.db.write(self._known, account_id, otp, current)

    @contextmanager
    def _guessing(self, username: str) -> Iterator[Login | None]:
        """What is stored of a user name, for somebody who says to be behind it; who is not is counted and noted."""
        counts = (GUESSES, f"{username.lower()} {self.source}"), (ADDRESS, self.source)
        self.guesses.ask(self.now, *counts)
        login = self.db.read(sessions.find_login, username)
        who = login.account_id if login else ""
        try:
            yield login
        except (PasswordDue, PasswordUsed, PasswordWeak):  # nothing was guessed
            raise
        except AuthError as refused:
            self.guesses.spend(self.now, *counts)  # right ones do not count
            self.db.write(audit.note, Trace(who, "", self.source), "sign_in_failed", who, self.now, code=refused.code)
            raise

    def _known(self, session: Session, account_id: str, otp: str | None, work: Callable[..., T]) -> T:
        if otp is not None:
            second_factor.show(session, account_id, otp, self.secret, self.now)
        return work(session, account_id, strong=otp is not None)

    def enrol(self, code: str, install: Install) -> ClientSession:
        """Raises EnrolmentInvalid, AccountInactive, ClientRevoked, TooManyRequests."""
        self.guesses.ask(self.now, (ADDRESS, self.source))
        try:
            return self.db.write(self._enrol, code, install)
        except AuthError as refused:
            self.guesses.spend(self.now, (ADDRESS, self.source))
            trace = Trace("", "", self.source)
            self.db.write(audit.note, trace, "sign_in_failed", "", self.now, code=refused.code)
            raise

    def _enrol(self, session: Session, code: str, install: Install) -> ClientSession:
        return self._noted(session, enrolments.enrol(session, code, install, self.secret, self.now), "enrolled")

    def refresh(self, token: str, otp: str | None, proof: Proof | None) -> ClientSession | RefreshReused:
        """Raises RefreshInvalid, ProofInvalid, SecondFactorInvalid, PasswordDue, ClientRevoked, AccountInactive."""
        if otp is not None:  # counted before it is tried: of a million codes, ten in a quarter of an hour
            self.guesses.spend(self.now, (GUESSES, f"otp {self.db.read(families.owner_of, token)}"))
        return self.db.write(self._refresh, token, otp, proof)

    def _refresh(
        self, session: Session, token: str, otp: str | None, proof: Proof | None
    ) -> ClientSession | RefreshReused:
        strong = otp is not None
        made = sessions.refresh(session, token, self.secret, self.now, proof=proof, strong=strong)
        if isinstance(made, RefreshReused):
            client_id = made.params["client_id"]
            log.warning("refresh token reused, session closed: client %s", client_id)
            audit.note(session, Trace("", client_id, self.source), "refresh_reused", client_id, self.now)
        elif otp is not None:
            second_factor.show(session, made.account_id, otp, self.secret, self.now)
            self._noted(session, made, "signed_in")
        if self.config.own_passwords_asked and not isinstance(made, RefreshReused):
            own_password.refuse_old(session, made.account_id, self.now)
        return made

    def sign_out(self, token: str) -> None:
        """Signing out twice is as good as once."""
        self.db.write(self._sign_out, token)

    def _sign_out(self, session: Session, token: str) -> None:
        client = sessions.sign_out(session, token)
        if client is not None:
            trace = Trace(client.account_id, client.id, self.source)
            audit.note(session, trace, "signed_out", client.id, self.now)

    def _noted(self, session: Session, made: ClientSession, act: audit.Act) -> ClientSession:
        trace = Trace(made.account_id, made.client_id, self.source)
        audit.note(session, trace, act, made.client_id, self.now, strong=made.strong)
        return made


Doorway = Annotated[_Doorway, Depends()]
