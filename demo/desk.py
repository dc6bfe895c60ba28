"""What people do at a desk, through the HTTP API with a user name and a password: administer, review, look up."""

import hashlib
import time
import uuid
from typing import Any, Self

import httpx

from demo.ledger import Found

Doc = dict[str, Any]
PATIENCE = 30.0  # seconds for the service to look into the files that arrived


class Desk:
    """A signed-in session. Raises httpx.HTTPStatusError where the service refuses."""

    def __init__(self, server: str, username: str, password: str) -> None:
        self._http = httpx.Client(base_url=server, timeout=30, trust_env=False, headers={"Accept-Language": "vi"})
        sign_in = {"username": username, "password": password, "install_id": uuid.uuid4().hex, "device_name": "Bàn"}
        session = self._post("/v1/auth/sign-in", sign_in)
        self._http.headers["Authorization"] = f"Bearer {session['access_token']}"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    # An administrator's.

    def year(self) -> str:
        """The programme year that the service is in."""
        scopes: list[str] = self._get("/v1/auth/me")["scopes"]
        return next(s.partition("/")[2] for s in scopes if s.startswith("programme/"))

    def hire(self, username: str, name: str, password: str, unit: str, role: str) -> str:
        """Makes an account with one role; returns its id."""
        grants = [{"unit": unit, "role": role}]
        body = {"username": username, "name": name, "password": password, "grants": grants}
        return str(self._post("/v1/accounts", body)["id"])

    def enrolment_code(self, account_id: str) -> str:
        """A code that lets one device in, once."""
        return str(self._post(f"/v1/accounts/{account_id}/enrolments", None)["code"])

    # A reviewer's.

    def queue(self) -> list[Doc]:
        """Everything that waits for a decision."""
        found: list[Doc] = []
        cursor: str | None = None
        while True:
            page = self._get("/v1/reviews/queue", **({"cursor": cursor} if cursor else {}))
            found += page["records"]
            cursor = page["cursor"]
            if cursor is None:
                return found

    def looked_into_queue(self) -> list[Doc]:
        """The queue, once the service has looked into every file in it; as it is when that takes too long."""
        end = time.monotonic() + PATIENCE
        while True:
            found = self.queue()
            marks = {file.get("check") for doc in found for file in doc.get("files", {}).values()}
            if "pending" not in marks or time.monotonic() > end:
                return found
            time.sleep(0.1)

    def decide(self, doc: Doc, decision: str, **reason: str) -> Any:
        """Decides on exactly what `doc` shows; `reason`: reason_code, comment. Returns the record as it is then."""
        on = {"ver": doc["ver"], "content_digest": doc["content_digest"]}
        body = {"review_id": str(uuid.uuid4()), "record_id": doc["id"], "on": on, "decision": decision, **reason}
        return self._post("/v1/reviews", body)

    def progress(self, unit: str) -> Any:
        return self._get(f"/v1/units/{unit}/progress")

    def everything(self) -> Found:
        """All evidence that the service has: a pull from the start, every version, and the bytes of every file."""
        found = Found()
        for record_id in self._pulled():
            lines = self._get(f"/v1/records/{record_id}/history")
            found.ops[record_id] = {line["ver"]: line["op_id"] for line in lines}
            versions = [self._get(f"/v1/records/{record_id}", ver=ver) for ver in sorted(found.ops[record_id])]
            found.versions[record_id] = versions
            for sha256 in versions[-1].get("files", {}):
                found.files[record_id, sha256] = self._digest(f"/v1/media/{record_id}/{sha256}")
        return found

    def _pulled(self) -> list[str]:
        """Ids of the records outside the programme's own, as a fresh phone would get them."""
        ids: list[str] = []
        page: Doc = {"cursor": None, "more": True}
        while page["more"]:
            page = self._post("/v1/sync/pull", {"cursor": page["cursor"], "limit": 1000})
            puts = [c for c in page["changes"] if c["kind"] == "put"]
            ids += [c["record"]["id"] for c in puts if not c["scope"].startswith(("programme/", "user:"))]
        return ids

    def _digest(self, path: str) -> str | None:
        digest = hashlib.sha256()
        with self._http.stream("GET", path) as answer:
            if not answer.is_success:
                return None
            for part in answer.iter_bytes():
                digest.update(part)
        return digest.hexdigest()

    def _get(self, path: str, **params: Any) -> Any:
        return self._http.get(path, params=params).raise_for_status().json()

    def _post(self, path: str, body: Any) -> Any:
        return self._http.post(path, json=body).raise_for_status().json()
