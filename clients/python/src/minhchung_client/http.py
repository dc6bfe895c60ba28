"""The service over HTTP: problems become errors, a dead access token is refreshed once, tokens are kept durably."""

import base64
import json
from typing import Any
from uuid import uuid4

import httpx

from minhchung_client.errors import Garbled, NeedsEnrolment, Refused, Unreachable
from minhchung_client.replica import Replica

TIMEOUT = httpx.Timeout(30.0, connect=10.0)
TUS = {"Tus-Resumable": "1.0.0"}
# After these only a new sign-in or enrolment helps; the outbox waits for it.
CLOSED = frozenset({"refresh_invalid", "refresh_reused", "client_revoked", "account_inactive", "token_missing"})


class HttpTransport:
    """A `Transport` whose tokens live in the replica's own database."""

    def __init__(
        self, server: str, replica: Replica, *, language: str = "vi", http: httpx.Client | None = None
    ) -> None:
        self.server, self.replica = server.rstrip("/"), replica
        self.http = http or httpx.Client(timeout=TIMEOUT)
        self.http.headers["Accept-Language"] = language

    def close(self) -> None:
        self.http.close()

    def push(self, body: dict[str, Any]) -> Any:
        return self._json(self._signed("POST", "/v1/sync/push", json=body))

    def pull(self, body: dict[str, Any]) -> Any:
        return self._json(self._signed("POST", "/v1/sync/pull", json=body))

    def begin_upload(self, file: dict[str, Any]) -> str:
        parts = {
            "filename": file["name"],
            "filetype": file["mime"],
            "sha256": file["sha256"],
            "record": file["record_id"],
        }
        metadata = ",".join(f"{k} {base64.b64encode(v.encode()).decode()}" for k, v in parts.items() if v)
        headers = {**TUS, "Upload-Length": str(file["size"]), "Upload-Metadata": metadata}
        answer = self._signed("POST", "/v1/uploads", headers=headers)
        if answer.status_code != 201 or "Location" not in answer.headers:
            raise Garbled("not an answer to the creation of an upload")
        return str(answer.headers["Location"])

    def upload_offset(self, url: str) -> tuple[int, str]:
        return self._progress(self._signed("HEAD", url, headers=TUS))

    def append(self, url: str, offset: int, data: bytes) -> tuple[int, str]:
        headers = {**TUS, "Upload-Offset": str(offset), "Content-Type": "application/offset+octet-stream"}
        return self._progress(self._signed("PATCH", url, headers=headers, content=data))

    def _progress(self, answer: httpx.Response) -> tuple[int, str]:
        try:
            return int(answer.headers["Upload-Offset"]), answer.headers.get("Upload-State", "open")
        except (KeyError, ValueError) as error:
            raise Garbled("not an answer to an upload") from error

    def _signed(self, method: str, path: str, **request: Any) -> httpx.Response:
        try:
            return self._send(method, path, self.replica.get("access_token"), **request)
        except Refused as refused:
            if refused.code not in ("token_expired", "token_invalid", "token_missing"):
                raise
        self.refresh()
        return self._send(method, path, self.replica.get("access_token"), **request)

    def enrol(self, code: str, device_name: str) -> None:
        """Exchanges a one-time code for a session. Raises Unreachable, Garbled, Refused, NeedsEnrolment."""
        if self.replica.get("install_id") is None:
            self.replica.put("install_id", uuid4().hex)
        body = {"code": code, "install_id": self.replica.get("install_id"), "device_name": device_name}
        store_session(self.replica, self._json(self._send("POST", "/v1/auth/enrol", None, json=body)))

    def refresh(self) -> None:
        """Exchanges the refresh token; after a lost answer the same exchange gives the same tokens again."""
        token = self.replica.get("refresh_token")
        if token is None:
            raise NeedsEnrolment("no session")
        store_session(
            self.replica, self._json(self._send("POST", "/v1/auth/refresh", None, json={"refresh_token": token}))
        )

    def _send(self, method: str, path: str, token: str | None, **request: Any) -> httpx.Response:
        url = path if path.startswith("http") else self.server + path
        headers = {**request.pop("headers", {}), **({"Authorization": f"Bearer {token}"} if token else {})}
        try:
            answer = self.http.request(method, url, headers=headers, **request)
        except httpx.TransportError as error:
            raise Unreachable(type(error).__name__) from error
        if answer.is_success:
            return answer
        raise _failure(answer)

    def _json(self, answer: httpx.Response) -> Any:
        try:
            return answer.json()
        except json.JSONDecodeError as error:
            raise Garbled("the answer is not JSON") from error


def _failure(answer: httpx.Response) -> Exception:
    problem: dict[str, Any] = {}
    if answer.headers.get("content-type", "").startswith("application/problem+json"):
        problem = answer.json()
    elif answer.request.method == "HEAD":  # an answer to HEAD has no body; tus says these two by status alone
        problem = {404: {"code": "upload_unknown"}, 410: {"code": "upload_gone"}, 401: {"code": "token_expired"}}.get(
            answer.status_code, {}
        )
    if problem.get("code") in CLOSED - {"token_missing"}:
        return NeedsEnrolment(problem["code"])
    if answer.status_code >= 500 or answer.status_code == 429:
        return Unreachable(f"{answer.status_code} {problem.get('code', '')}")
    return Refused(problem) if problem else Garbled(f"status {answer.status_code} without a problem document")


def store_session(replica: Replica, session: Any) -> None:
    """Keeps a session durably, before anything is sent with it."""
    names = ("access_token", "refresh_token", "account_id", "client_id")
    if not isinstance(session, dict) or not all(isinstance(session.get(n), str) for n in names):
        raise Garbled("not a session")
    with replica.transaction():
        for name in names:
            replica.put(name, session[name])
