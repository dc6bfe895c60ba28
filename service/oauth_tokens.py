"""The token endpoint, and what becomes of its tokens: revocation (RFC 7009), introspection (RFC 7662)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, Response
from fastapi.responses import JSONResponse
from sqlmodel import Session

from auth import app_grants, audit, callers, sessions
from auth.app_grants import Granted, Reused
from auth.apps import CODE, DEVICE, REFRESH, SERVICE
from auth.audit import Trace
from auth.errors import AuthError, OAuthRefused, RefreshReused
from auth.families import alive, app_of, close_family, family_of
from auth.models import Client
from auth.scopes import wanted
from auth.tokens import Claims, verify_access
from service.deps import Db, Now, Secret, Source, TokenKeys
from service.oauth import NO_STORE, Form, Issuer, ProvedApp


@dataclass(frozen=True, slots=True)
class _Counter:
    """One app at the token endpoint, already proved."""

    app: ProvedApp
    form: Form
    db: Db
    secret: Secret
    keys: TokenKeys
    issuer: Issuer
    source: Source
    now: Now

    def tokens(self) -> Response:
        """Raises OAuthRefused."""
        kind = self.form.get("grant_type", "")
        if kind not in KINDS:
            raise OAuthRefused("unsupported_grant_type" if kind else "invalid_request")
        return self.issuer.tokens(self.app, KINDS[kind](self), refreshable=kind != SERVICE)

    def by_code(self) -> Granted:
        """RFC 6749 §4.1.3 with RFC 7636 §4.5."""
        code, uri, verifier = (self._said(name) for name in ("code", "redirect_uri", "code_verifier"))
        made = self.db.write(self._by_code, code, uri, verifier)
        if isinstance(made, Reused):
            raise OAuthRefused("invalid_grant")
        return made

    def _by_code(self, session: Session, code: str, uri: str, verifier: str) -> Granted | Reused:
        made = app_grants.exchange(session, self.app, code, uri, verifier, self.now)
        if isinstance(made, Reused):
            trace = Trace("", made.client_id, self.source)
            audit.note(session, trace, "refresh_reused", made.client_id, self.now, app=self.app.id)
        return made

    def as_itself(self) -> Granted:
        """RFC 6749 §4.4."""
        return self.db.write(app_grants.as_itself, self.app, self.form.get("scope", ""), self.now)

    def by_device(self) -> Granted:
        """RFC 8628 §3.4."""
        made = self.db.write(app_grants.poll_device, self.app, self._said("device_code"), self.now)
        if isinstance(made, str):
            raise OAuthRefused(made)
        return made

    def by_refresh(self) -> Granted:
        """RFC 6749 §6; what is asked for less, the access token can do less."""
        token = self._said("refresh_token")
        try:
            made = self.db.write(self._refresh, token)
        except AuthError:
            raise OAuthRefused("invalid_grant") from None
        if isinstance(made, RefreshReused):
            raise OAuthRefused("invalid_grant")
        scope = wanted(self.form.get("scope", ""), made.scope or "")
        if scope is None:
            raise OAuthRefused("invalid_scope")
        return Granted(made, scope)

    def _refresh(self, session: Session, token: str) -> sessions.ClientSession | RefreshReused:
        made = sessions.refresh(session, token, self.secret, self.now, app_id=self.app.id)
        if isinstance(made, RefreshReused):
            client_id = made.params["client_id"]
            audit.note(session, Trace("", client_id, self.source), "refresh_reused", client_id, self.now)
        return made

    def begin_device(self) -> tuple[str, str]:
        """Raises OAuthRefused."""
        asked = self.form.get("scope", "")
        return self.db.write(app_grants.begin_device, self.app, asked, self.secret, self.now)

    def revoke(self) -> Response:
        """Closes the session of a token of this app; whatever else comes is as good as revoked (RFC 7009 §2.2)."""
        self.db.write(self._revoke, self._said("token"))
        return Response(status_code=200, headers=NO_STORE)

    def _revoke(self, session: Session, token: str) -> None:
        found = self._session_of(session, token)
        if found is not None:
            close_family(session, found[0])
            trace = Trace(found[1].account_id, found[1].id, self.source)
            audit.note(session, trace, "signed_out", found[1].id, self.now, app=self.app.id)

    def introspect(self) -> Response:
        """What a token is good for, told to the app that holds it and shows a secret. Raises OAuthRefused."""
        if self.app.secret_hash is None:
            raise OAuthRefused("invalid_client")
        return JSONResponse(self.db.read(self._introspect, self._said("token")), headers=NO_STORE)

    def _introspect(self, session: Session, token: str) -> dict[str, Any]:
        found = self._session_of(session, token)
        if found is None or not alive(session, found[0]):
            return {"active": False}
        claims, about = self._claims(token), {"iss": self.issuer.config.public_url, "client_id": self.app.id}
        if claims is not None:
            try:
                callers.principal_of(session, claims, self.now)
            except AuthError:
                return {"active": False}
            times = {"exp": claims.expires_at // 1000, "token_type": "Bearer", "jti": claims.token_id}
            return {"active": True, **about, "sub": claims.account_id, "scope": claims.scope, **times}
        row = family_of(session, token)
        if row is None or row.used_at is not None or row.expires_at <= self.now:
            return {"active": False}
        return {"active": True, **about, "sub": row.account_id, "scope": row.scope, "exp": row.expires_at // 1000}

    def _session_of(self, session: Session, token: str) -> tuple[str, Client] | None:
        """Session and client of an access or refresh token, where they are of this app."""
        claims, row = self._claims(token), family_of(session, token)
        if claims is not None:
            client, family = session.get(Client, claims.client_id), claims.family
        elif row is not None:
            client, family = session.get(Client, row.client_id), row.family
        else:
            return None
        return (family, client) if client is not None and app_of(client) == self.app.id else None

    def _claims(self, token: str) -> Claims | None:
        try:
            return verify_access(token, self.keys, self.issuer.config.public_url, self.now)
        except AuthError:
            return None

    def _said(self, name: str) -> str:
        if not self.form.get(name):
            raise OAuthRefused("invalid_request")
        return self.form[name]


KINDS: Mapping[str, Callable[[_Counter], Granted]] = {
    CODE: _Counter.by_code,
    REFRESH: _Counter.by_refresh,
    SERVICE: _Counter.as_itself,
    DEVICE: _Counter.by_device,
}
Counter = Annotated[_Counter, Depends()]
