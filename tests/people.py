"""The people of the tests, and the service they speak to: real routes, real database, a clock that they move.

Lan and Minh are field officers of Kinh Bắc ward, Hà heads it; Nam is a field officer of Đa Mai ward. Tuấn reviews for
the province, Chị Mai coordinates, the Chair decides (`chu_tich`), Quản is the administrator.
"""

import hashlib
import shutil
import uuid
from base64 import b64encode
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import Any

from argon2 import PasswordHasher
from fastapi import FastAPI
from fastapi.testclient import TestClient
from httpx import Response

from auth import accounts, sessions
from auth.accounts import OPERATOR
from auth.clients import Install
from auth.passwords import hash_password
from auth.principal import Grant, Role
from auth.tokens import issue_access
from service.app import assemble, furnish
from service.clock import ManualClock
from service.db import Database
from service.settings import Settings

KINH_BAC, DA_MAI = "09187", "07228"
YEAR = 2026
NOW = 1_790_000_000_000
PASSWORD = "Kinh-Bac-2026"
CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
STAFF = {
    "lan": Grant(KINH_BAC, Role.FIELD_OFFICER),
    "minh": Grant(KINH_BAC, Role.FIELD_OFFICER),
    "ha": Grant(KINH_BAC, Role.UNIT_HEAD),
    "nam": Grant(DA_MAI, Role.FIELD_OFFICER),
    "tuan": Grant("*", Role.PROVINCE_APPRAISER),
    "mai": Grant("*", Role.PROVINCE_COORDINATOR),
    "chu_tich": Grant("*", Role.PROVINCE_DECIDER),
    "quan": Grant("*", Role.ADMINISTRATOR),
}


# Applications that no province uses. Their first request prepares every route, which costs more than most tests do.
UNUSED: list[tuple[Any, FastAPI]] = []


def assembled(settings: Settings) -> FastAPI:
    """Routes and layers as these settings want them, perhaps used before; what they hold has to be furnished."""
    for place, (shape, app) in enumerate(UNUSED):
        if shape == _shape(settings):
            del UNUSED[place]
            return app
    return assemble(settings)


def _shape(settings: Settings) -> Any:
    return settings.body_max_bytes, settings.cors_origins


class Province:
    """A service with its people, on a copy of a migrated database."""

    def __init__(self, folder: Path, template: Path, database_url: str | None = None, **more: Any) -> None:
        shutil.copytree(template, folder, dirs_exist_ok=True)
        self.settings = Settings(data_dir=folder, database_url=database_url, **more)
        self.clock = ManualClock(NOW)
        self.app = assembled(self.settings)
        furnish(self.app.state, self.settings, self.clock, Database(self.settings.db_url))
        self.db = self.app.state.database
        self.http = TestClient(self.app, raise_server_exceptions=False)
        self.people = {name: Person(self, name) for name in STAFF}

    def __getitem__(self, name: str) -> "Person":
        return self.people[name]

    def grant(self, name: str, unit: str, role: Role) -> None:
        """Gives somebody a role in a unit, from now on."""
        given = Grant(unit, role)
        self.db.write(accounts.grant, OPERATOR, self[name].account_id, given, self.clock.now())

    def revoke(self, name: str, unit: str, role: Role) -> None:
        """Takes it back, a moment later."""
        self.clock.advance(1)
        self.db.write(accounts.revoke_grant, OPERATOR, self[name].account_id, Grant(unit, role), self.clock.now())

    def work(self) -> None:
        """Does the work that waits behind the answers."""
        self.app.state.worker.drain()

    def close(self) -> None:
        self.http.close()
        self.db.close()
        UNUSED.append((_shape(self.settings), self.app))


class Person:
    """One account on one install; ops get their `dev_seq` in the order in which they are made."""

    def __init__(self, province: Province, name: str, install: str = "") -> None:
        self.province, self.name = province, name
        now = province.clock.now()
        account_id = province.db.read(accounts.account_id_of, name)
        phone = Install(install or f"phone-of-{name}", "Điện thoại")
        session = province.db.write(sessions.sign_in, account_id, phone, now)
        self.account_id, self.client_id = session.account_id, session.client_id
        self.dev_seq = 0
        self.language = "vi"

    @property
    def headers(self) -> dict[str, str]:
        state = self.province.app.state
        token = issue_access(
            state.keyring.current(),
            state.settings.public_url,
            self.account_id,
            self.client_id,
            self.province.clock.now(),
        )
        return {"Authorization": f"Bearer {token}", "Accept-Language": self.language}

    def get(self, path: str, **params: Any) -> Response:
        return self.province.http.get(path, params=params, headers=self.headers)

    def post(self, path: str, body: Any) -> Response:
        return self.province.http.post(path, json=body, headers=self.headers)

    def put(self, path: str, body: Any = None) -> Response:
        return self.province.http.put(path, json=body, headers=self.headers)

    def delete(self, path: str) -> Response:
        return self.province.http.delete(path, headers=self.headers)

    def op(
        self,
        action: str,
        record_id: str | None = None,
        *,
        type: str = "minutes",  # noqa: A002  # the name on the wire
        unit: str = KINH_BAC,
        **rest: Any,
    ) -> dict[str, Any]:
        """The next op of this install."""
        self.dev_seq += 1
        return {
            "op_id": str(uuid.uuid4()),
            "dev_seq": self.dev_seq,
            "action": action,
            "type": type,
            "record_id": record_id or str(uuid.uuid4()),
            "scope": f"{unit}/{YEAR}",
            "base_ver": 0,
            "schema": 1,
            **rest,
        }

    def push(self, *ops: Any, **envelope: Any) -> dict[str, Any]:
        """The answer to a push that the service took."""
        answer = self.post("/v1/sync/push", {"ops": list(ops), **envelope})
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def does(self, action: str, record_id: str | None = None, **rest: Any) -> dict[str, Any]:
        """Makes an op, pushes it, and returns its result."""
        return dict(self.push(self.op(action, record_id, **rest))["results"][0])

    def pull(self, cursor: str | None = None, limit: int = 1000) -> dict[str, Any]:
        """Everything after `cursor`, all pages in one."""
        found: dict[str, Any] = {"changes": [], "removed": [], "reload": [], "cursor": cursor, "more": True}
        while found["more"]:
            answer = self.post("/v1/sync/pull", {"cursor": found["cursor"], "limit": limit})
            assert answer.status_code == 200, answer.text
            page = answer.json()
            found = {**page, **{k: found[k] + page[k] for k in ("changes", "removed", "reload")}}
        return found

    def record(self, record_id: str, **params: Any) -> dict[str, Any]:
        answer = self.get(f"/v1/records/{record_id}", **params)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def upload(self, data: bytes, name: str = "ảnh.jpg", mime: str = "image/jpeg") -> Response:
        """Sends a whole file by tus, creation with upload."""
        sha256 = hashlib.sha256(data).hexdigest()
        parts = {"filename": name, "filetype": mime, "sha256": sha256}
        metadata = ",".join(f"{k} {b64encode(v.encode()).decode()}" for k, v in parts.items())
        headers = {"Tus-Resumable": "1.0.0", "Upload-Length": str(len(data)), "Upload-Metadata": metadata}
        headers |= {"Content-Type": "application/offset+octet-stream", **self.headers}
        return self.province.http.post("/v1/uploads", content=data, headers=headers)

    def decides(self, record: dict[str, Any], decision: str, **rest: Any) -> Response:
        """Decides on exactly what `record` shows."""
        on = {"ver": record["ver"], "content_digest": record["content_digest"]}
        body = {"review_id": str(uuid.uuid4()), "record_id": record["id"], "on": on, "decision": decision, **rest}
        return self.post("/v1/reviews", body)


def hire(province_settings: Settings, now: int = NOW) -> None:
    """Gives a fresh province its people, whose accounts are made at `now`."""
    database = Database(province_settings.db_url)
    stored = hash_password(PASSWORD, CHEAP)
    for name, grant in STAFF.items():
        database.write(
            accounts.create_account, OPERATOR, name, name.title(), now, grants=(grant,), password_hash=stored
        )
    database.close()


def file_entry(data: bytes, name: str = "ảnh.jpg", mime: str = "image/jpeg") -> dict[str, Any]:
    """The `media` element that names a file."""
    return {"sha256": hashlib.sha256(data).hexdigest(), "size": len(data), "mime": mime, "name": name}


def at_once(*acts: Callable[[], Any]) -> list[Any]:
    """What each of several people gets who act at the same moment, every one in a thread of their own."""
    gate = Barrier(len(acts))

    def run(act: Callable[[], Any]) -> Any:
        gate.wait()
        return act()

    with ThreadPoolExecutor(len(acts)) as threads:
        return list(threads.map(run, acts))
