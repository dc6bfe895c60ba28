"""The service over HTTP: problems become errors, a dead access token is refreshed once, tokens are kept durably."""

import base64
import gzip
import json
from typing import Any
from uuid import uuid4

import httpx

from minhchung_client.errors import Busy, ClientError, Garbled, NeedsEnrolment, OtherAccount, Refused, Unreachable
from minhchung_client.replica import Replica

TIMEOUT = httpx.Timeout(30.0, connect=10.0)
WORTHWHILE = 1024  # bytes from which a body is compressed
TUS = {"Tus-Resumable": "1.0.0"}
# After these only a new sign-in or enrolment helps; the outbox waits for it.
CLOSED = frozenset({"refresh_invalid", "refresh_reused", "client_revoked", "account_inactive", "password_due"})
EXPIRED = frozenset({"token_expired", "token_invalid", "token_missing"})
UNPACKED_ONLY = "unsupported_media_type"
OF_HEAD = {401: "token_expired", 404: "upload_unknown", 410: "upload_gone"}  # an answer to HEAD has no body


class HttpTransport:
    """A `Transport` whose tokens live in the replica's own database."""

    def __init__(
        self, server: str, replica: Replica, *, language: str = "vi", http: httpx.Client | None = None
    ) -> None:
        self.server, self.replica = server.rstrip("/"), replica
        self.http = http or httpx.Client(timeout=TIMEOUT)
        self.http.headers["Accept-Language"] = language
        self.packs = True

    def close(self) -> None:
        self.http.close()

    def push(self, body: dict[str, Any]) -> Any:
        """Packed; a service that does not take that (415) gets it plain, from then on."""
        if self.packs:
            try:
                return self._json(self._signed("POST", "/v1/sync/push", **self._packed(body)))
            except Refused as refused:
                if refused.code != UNPACKED_ONLY:
                    raise
                self.packs = False
        return self._json(self._signed("POST", "/v1/sync/push", json=body))

    def reconcile(self, op_ids: list[str]) -> Any:
        return self._json(self._signed("POST", "/v1/sync/reconcile", json={"op_ids": op_ids}))

    def pull(self, body: dict[str, Any]) -> Any:
        return self._json(self._signed("POST", "/v1/sync/pull", json=body))

    def begin_upload(self, file: dict[str, Any]) -> tuple[str, int, str]:
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
        # Only its path counts: tokens and files go to no other host, whatever an answer says.
        url = answer.request.url.join(answer.headers["Location"]).raw_path.decode()
        # tus lets a service leave out what an upload that was only just made holds.
        return url, *(self._progress(answer) if "Upload-Offset" in answer.headers else self.upload_offset(url))

    def upload_offset(self, url: str) -> tuple[int, str]:
        return self._progress(self._signed("HEAD", url, headers=TUS))

    def append(self, url: str, offset: int, data: bytes) -> tuple[int, str]:
        headers = {**TUS, "Upload-Offset": str(offset), "Content-Type": "application/offset+octet-stream"}
        return self._progress(self._signed("PATCH", url, headers=headers, content=data))

    def _packed(self, body: dict[str, Any]) -> dict[str, Any]:
        """A request with a JSON body, compressed where that saves something on a slow network."""
        content = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
        headers = {"Content-Type": "application/json"}
        if len(content) < WORTHWHILE:
            return {"content": content, "headers": headers}
        return {"content": gzip.compress(content, 6), "headers": {**headers, "Content-Encoding": "gzip"}}

    def _progress(self, answer: httpx.Response) -> tuple[int, str]:
        offset = answer.headers.get("Upload-Offset", "")
        if not (offset.isascii() and offset.isdigit()):
            raise Garbled("not an answer to an upload")
        return int(offset), answer.headers.get("Upload-State", "open")

    def _signed(self, method: str, path: str, **request: Any) -> httpx.Response:
        try:
            return self._send(method, path, self.replica.get("access_token"), **request)
        except Refused as refused:
            if refused.code not in EXPIRED:
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
        headers = {**request.pop("headers", {}), **({"Authorization": f"Bearer {token}"} if token else {})}
        try:
            answer = self.http.request(method, self._at(path), headers=headers, **request)
        except httpx.DecodingError as error:
            raise Garbled(type(error).__name__) from error
        except httpx.TransportError as error:
            raise Unreachable(type(error).__name__) from error
        if answer.is_success:
            return answer
        raise _failure(answer)

    def _at(self, path: str) -> httpx.URL:
        """An address of the service; where an upload is, the service has said with its whole path."""
        base = httpx.URL(self.server)
        if path.startswith(base.path.rstrip("/") + "/v1/"):
            return base.copy_with(raw_path=path.encode())
        return httpx.URL(self.server + path)

    def _json(self, answer: httpx.Response) -> Any:
        try:
            return answer.json()
        except (ValueError, RecursionError) as error:
            raise Garbled("the answer is not JSON") from error


def _failure(answer: httpx.Response) -> ClientError:
    problem = _problem(answer)
    if answer.status_code == 415:  # a service or proxy of before may say no more than that
        return Refused({"title": "not taken", **problem, "code": UNPACKED_ONLY})
    code = str(problem.get("code", ""))
    if code in CLOSED:
        return NeedsEnrolment(code)
    if answer.status_code >= 500 or answer.status_code == 429:
        return Busy(f"{answer.status_code} {code}".rstrip())
    return Refused(problem) if code else Garbled(f"status {answer.status_code} without a problem document")


def _problem(answer: httpx.Response) -> dict[str, Any]:
    """The problem document (RFC 9457) of an answer; empty where there is none."""
    if answer.request.method == "HEAD" and answer.status_code in OF_HEAD:
        return {"code": OF_HEAD[answer.status_code]}
    if not answer.headers.get("content-type", "").startswith("application/problem+json"):
        return {}
    try:
        problem = answer.json()
    except ValueError:
        return {}
    return problem if isinstance(problem, dict) else {}


def store_session(replica: Replica, session: Any) -> None:
    """Keeps a session durably, before anything is sent with it. Raises Garbled, OtherAccount."""
    names = ("access_token", "refresh_token", "account_id", "client_id")
    if not isinstance(session, dict) or not all(isinstance(session.get(n), str) for n in names):
        raise Garbled("not a session")
    if replica.get("account_id") not in (None, session["account_id"]):
        raise OtherAccount("what waits here was written by another account")
    with replica.transaction():
        for name in names:
            replica.put(name, session[name])
