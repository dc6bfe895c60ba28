"""Where a person answers an app: the page of an authorization request, and that of a device's code."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Response
from sqlmodel import Session

from auth import audit, second_factor
from auth.app_grants import Asked, answer_device, give_code, waiting_device
from auth.apps import live_app
from auth.audit import Trace
from auth.errors import AppUnknown, AuthError, OAuthRefused, TooManyRequests
from auth.guesses import ADDRESS
from service import oauth, oauth_pages
from service.deps import Config, Db, Language
from service.doorway import Doorway
from service.oauth import back
from service.problems import message

KEPT = (
    "client_id", "redirect_uri", "response_type", "scope", "state", "nonce", "code_challenge", "code_challenge_method",
)  # fmt: skip
DEVICE_PAGE = "/oauth/device"


@dataclass(frozen=True, slots=True)
class _Desk:
    """One person before one of the pages. What a form holds is trusted no more than an address is."""

    door: Doorway
    db: Db
    config: Config
    language: Language

    def show(self, query: dict[str, str]) -> Response:
        """Asks for leave; a fault goes to the app only where the address is its own (RFC 6749 §4.1.2.1)."""
        try:
            app, uri = oauth.asked(query, self.db)
        except (AppUnknown, OAuthRefused):
            return oauth_pages.told(self.language, "refused", status=400)
        try:
            want = oauth.checked(app, query)
        except OAuthRefused as refused:
            return back(self.config, query, error=refused.error)
        return self._consent("/oauth/authorize", app.name, want.scope, _kept(query), uri)

    def answer(self, form: dict[str, str]) -> Response:
        """The person has pressed a button: the browser goes back with a code or with `access_denied`."""
        page = self.show(form)
        if page.status_code != 200:
            return page
        app, uri = oauth.asked(form, self.db)
        want = oauth.checked(app, form)
        if form.get("answer") != "allow":
            return back(self.config, form, error="access_denied")

        def give(session: Session, account_id: str, *, strong: bool) -> str:
            second_factor.require(session, account_id, shown=strong)  # an app keeps what it is given for long
            self._note(session, account_id, app.id, want.scope)
            return give_code(session, account_id, want, self.door.now, strong=strong)

        try:
            code = self.door.known(form.get("username", ""), form.get("password", ""), form.get("otp") or None, give)
        except AuthError as fault:
            return self._again(fault, "/oauth/authorize", app.name, want, _kept(form), uri)
        return back(self.config, form, code=code)

    def show_device(self, user_code: str | None) -> Response:
        """Says which app waits under a code, so that nobody lets in what another one has begun (RFC 8628 §5.4)."""
        if not user_code:
            return oauth_pages.ask_for_code(self.language)
        found = self._waiting(user_code)
        if found is None:
            return oauth_pages.ask_for_code(self.language, oauth_pages.WORDS[self.language]["refused"])
        return self._consent(DEVICE_PAGE, found[0], found[1].scope, {"user_code": user_code})

    def answer_device(self, form: dict[str, str]) -> Response:
        """Lets the device in, or sends it away. Sending away takes no password: whoever has the code has the device."""
        user_code = form.get("user_code", "")
        found = self._waiting(user_code)
        if found is None:
            return oauth_pages.ask_for_code(self.language, oauth_pages.WORDS[self.language]["refused"])
        if form.get("answer") != "allow":
            self.db.write(self._settle, user_code, None, strong=False)
            return oauth_pages.told(self.language, "done")

        def give(session: Session, account_id: str, *, strong: bool) -> None:
            second_factor.require(session, account_id, shown=strong)
            self._settle(session, user_code, account_id, strong=strong)

        try:
            self.door.known(form.get("username", ""), form.get("password", ""), form.get("otp") or None, give)
        except AuthError as fault:
            return self._again(fault, DEVICE_PAGE, *found, {"user_code": user_code})
        return oauth_pages.told(self.language, "done")

    def _settle(self, session: Session, user_code: str, account_id: str | None, *, strong: bool) -> None:
        row = waiting_device(session, user_code, self.door.secret, self.door.now)
        if row is None:
            raise AppUnknown
        if account_id:
            self._note(session, account_id, row.app_id, row.scope)
        answer_device(session, row, account_id, self.door.now, strong=strong)

    def _waiting(self, user_code: str) -> tuple[str, Asked] | None:
        """The app's name, and what it asks for. Guessing costs (RFC 8628 §5.1)."""
        self.door.guesses.ask(self.door.now, (ADDRESS, self.door.source))

        def look(session: Session) -> tuple[str, Asked] | None:
            row = waiting_device(session, user_code, self.door.secret, self.door.now)
            return (live_app(session, row.app_id).name, Asked(row.app_id, "", row.scope, "")) if row else None

        try:
            found = self.db.write(look)
        except AppUnknown:
            found = None
        if found is None:
            self.door.guesses.spend(self.door.now, (ADDRESS, self.door.source))
        return found

    def _note(self, session: Session, account_id: str, app_id: str, scope: str) -> None:
        trace = Trace(account_id, "", self.door.source)
        audit.note(session, trace, "consent_given", app_id, self.door.now, scope=scope)

    def _consent(self, action: str, app: str, scope: str, hidden: dict[str, str], uri: str = "") -> Response:
        return oauth_pages.consent(self.language, action, app, scope, hidden, uri)

    def _again(
        self, fault: AuthError, action: str, app: str, want: Asked, hidden: dict[str, str], uri: str = ""
    ) -> Response:
        """The same page, with what was wrong."""
        text = message(fault.code, self.language, fault.params)
        page = oauth_pages.consent(self.language, action, app, want.scope, hidden, uri, text)
        if isinstance(fault, TooManyRequests):
            page.status_code = 429
            page.headers.update(fault.params["headers"])
        return page


def _kept(query: dict[str, str]) -> dict[str, str]:
    return {name: query[name] for name in KEPT if name in query}


Desk = Annotated[_Desk, Depends()]
