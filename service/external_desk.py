"""Signing in through the outside provider: sending a browser away, taking it back, letting the app in.

Each step is short transactions with the provider's answer between them, and has its line in the audit trail.
"""

import hashlib
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Response
from sqlmodel import Session

from auth import audit, external
from auth.apps import leads_to
from auth.audit import Trace
from auth.clients import Install
from auth.errors import AuthError, EnrolmentInvalid, ExternalInvalid, ExternalOff, ReturnUriUnknown
from auth.external import Sought, derived
from auth.guesses import ADDRESS, TRIPS
from auth.id_tokens import Arrived, LoggedOut
from auth.sessions import ClientSession
from service import oauth_pages
from service.deps import Config, Db, Guessed, Language, Now, Outside, Secret, Source
from service.oauth import back


@dataclass(frozen=True, slots=True)
class _Desk:
    """One stranger who comes by way of the provider."""

    db: Db
    config: Config
    provider: Outside
    secret: Secret
    guesses: Guessed
    source: Source
    now: Now
    language: Language

    def send(self, sought: Sought, invitation: str | None) -> str:
        """The address to open in a browser.

        Raises ExternalOff, ReturnUriUnknown, EnrolmentInvalid, ProviderUnavailable, TooManyRequests.
        """
        self.guesses.ask(self.now, (ADDRESS, self.source))
        self.guesses.spend(self.now, (TRIPS, self.source))
        if self.config.oidc_issuer is None:
            raise ExternalOff
        if not leads_to(self.config.oidc_return_uris, sought.return_uri):
            raise ReturnUriUnknown
        try:
            state = self.db.write(external.begin, sought, invitation, self.secret, self.now)
        except EnrolmentInvalid:
            self.guesses.spend(self.now, (ADDRESS, self.source))
            raise
        verifier = derived(self.secret, "verifier", state)
        challenge = urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        return self.provider.sign_in_address(state, derived(self.secret, "nonce", state), challenge, self.now)

    def take_back(self, query: Mapping[str, str]) -> Response:
        """Sends the browser on to the app, with a code or with the code of a problem; to nobody whom no app sent."""
        state = query.get("state", "")
        try:
            sought = self.db.write(external.come_back, state, self.now)
        except ExternalInvalid:
            return oauth_pages.told(self.language, "refused", status=400)
        to = {"redirect_uri": sought.return_uri, "state": sought.state}
        try:
            return back(self.config, to, code=self.db.write(self._arrive, state, self._asked(query, state)))
        except AuthError as refused:
            trace = Trace("", "", self.source)
            self.db.write(audit.note, trace, "sign_in_failed", "", self.now, code=refused.code, via="provider")
            known = refused.code if refused.code != "token_invalid" else ExternalInvalid.code
            return back(self.config, to, error=known)

    def _asked(self, query: Mapping[str, str], state: str) -> Arrived:
        """Whom the provider names for this code. Raises ExternalInvalid, ProviderUnavailable, TokenInvalid."""
        if not self.provider.answers_as(query.get("iss"), self.now) or not query.get("code"):
            raise ExternalInvalid
        verifier, nonce = (derived(self.secret, what, state) for what in ("verifier", "nonce"))
        return self.provider.exchange(query["code"], verifier, nonce, self.now)

    def _arrive(self, session: Session, state: str, who: Arrived) -> str:
        made = external.arrive(session, state, who, self.now)
        if made.tied:
            audit.note(session, Trace(made.account_id, "", self.source), "identity_tied", made.account_id, self.now)
        return made.code

    def let_in(self, code: str, verifier: str, install: Install) -> ClientSession:
        """Raises ExternalInvalid, AccountInactive, ClientRevoked, TooManyRequests."""
        self.guesses.ask(self.now, (ADDRESS, self.source))
        try:
            return self.db.write(self._let_in, code, verifier, install)
        except ExternalInvalid:
            self.guesses.spend(self.now, (ADDRESS, self.source))
            raise

    def _let_in(self, session: Session, code: str, verifier: str, install: Install) -> ClientSession:
        made = external.finish(session, code, verifier, install, self.now)
        trace = Trace(made.account_id, made.client_id, self.source)
        audit.note(session, trace, "signed_in", made.client_id, self.now, strong=made.strong, via="provider")
        return made

    def log_out(self, token: str) -> None:
        """The provider says that somebody has left. Raises ExternalOff, TokenInvalid, ProviderUnavailable."""
        self.db.write(self._log_out, self.provider.logged_out(token, self.now))

    def _log_out(self, session: Session, said: LoggedOut) -> None:
        account_id = external.log_out(session, said)
        if account_id is not None:
            audit.note(session, Trace("provider", "", self.source), "signed_out", account_id, self.now)


Desk = Annotated[_Desk, Depends()]
