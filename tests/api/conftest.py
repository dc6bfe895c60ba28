"""What tests of signing in share: a service with its people, before anything is synced."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from fastapi import FastAPI
from fastapi.testclient import TestClient
from httpx import Response
from sqlmodel import SQLModel

from auth import accounts, audit
from auth.accounts import OPERATOR
from auth.keyring import Keyring
from auth.keys import SigningKeys, load_keys, load_secret
from auth.passwords import hash_password
from auth.principal import Grant, Role
from device_keys import DeviceKey
from people import Province
from service import problems
from service.clock import ManualClock
from service.db import Database
from service.limits import Guesses, Limits
from service.routes import accounts as account_routes
from service.routes import auth as auth_routes
from service.routes import clients as client_routes
from service.routes import delegations as delegation_routes
from service.routes import second_factor as second_factor_routes
from service.settings import Settings

KINH_BAC = "09187"


class Office:
    """Lan is a field officer of Kinh Bắc, Minh her colleague without a password, Hà the ward's administrator.

    Chị Mai is the administrator of the province. All who have a password have the same.
    """

    NOW = 1_790_000_000_000
    PASSWORD = "Lan-2026-kb"
    CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)

    def __init__(self, folder: Path) -> None:
        self.app = FastAPI()
        for module in (auth_routes, account_routes, client_routes, second_factor_routes, delegation_routes):
            self.app.include_router(module.router)
        problems.install(self.app)
        url = "https://minhchung.example/bn?a=1&b=2"
        self.settings = Settings(data_dir=folder, public_url=url, second_factor=False, own_passwords=False)
        self.db = Database(self.settings.db_url)
        SQLModel.metadata.create_all(self.db.writer)
        self.clock = ManualClock(self.NOW)
        self.keyring, self.evidence_keys = Keyring(folder / "keys"), load_keys(folder / "keys")
        self.secret = load_secret(folder, None)
        state = self.app.state
        state.database, state.settings, state.clock, state.store = self.db, self.settings, self.clock, None
        state.keys, state.keyring = self.evidence_keys, self.keyring
        state.secret, state.limits = self.secret, Limits()
        state.guesses = Guesses(self.db, self.secret)
        self.http = TestClient(self.app)
        self.lan = self.account("lan", "Nguyễn Thị Lan", Grant(KINH_BAC, Role.FIELD_OFFICER))
        self.minh = self.account("minh", "Minh", Grant(KINH_BAC, Role.FIELD_OFFICER), password=None)
        self.ha = self.account("ha", "Trần Thu Hà", Grant(KINH_BAC, Role.ADMINISTRATOR))
        self.mai = self.account("mai", "Chị Mai", Grant("*", Role.ADMINISTRATOR))

    @property
    def keys(self) -> SigningKeys:
        """What signs tokens now."""
        return self.keyring.current()

    def account(self, username: str, name: str, *grants: Grant, password: str | None = PASSWORD) -> str:
        stored = hash_password(password, self.CHEAP) if password else None
        make = accounts.create_account
        return self.db.write(make, OPERATOR, username, name, self.NOW, grants=grants, password_hash=stored).id

    def sign_in(
        self, username: str, install: str = "install-of-the-phone", password: str = PASSWORD, **more: str
    ) -> Response:
        device = {"install_id": install, "device_name": "Điện thoại"}
        body = {"username": username, "password": password, **device, **more}
        return self.http.post("/v1/auth/sign-in", json=body)

    def bearer(self, username: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.sign_in(username).json()['access_token']}"}

    def refresh(self, token: str, key: DeviceKey | None = None, **more: str) -> Response:
        """With a proof by `key`, where the device has one."""
        proof = {"DPoP": key.proof(token, self.refresh_url)} if key else {}
        return self.http.post("/v1/auth/refresh", json={"refresh_token": token, **more}, headers=proof)

    @property
    def refresh_url(self) -> str:
        return self.settings.public_url.rstrip("/") + "/v1/auth/refresh"

    def trail(self) -> list[tuple[str, str]]:
        """Act and actor of every entry of the audit trail."""
        return [(entry.act, entry.actor) for entry in self.db.read(audit.entries)]

    def enrol(self, code: str, device: dict[str, str], **more: str) -> Response:
        return self.http.post("/v1/auth/enrol", json={"code": code, **device, **more})

    def me(self, access: str) -> Response:
        return self.http.get("/v1/auth/me", headers={"Authorization": f"Bearer {access}"})

    def stored(self) -> str:
        """Every row of every table, as text."""
        tables = SQLModel.metadata.sorted_tables
        return str([self.db.read(lambda session, t=t: session.connection().execute(t.select()).all()) for t in tables])

    @staticmethod
    def code_of(answer: Response) -> tuple[int, str]:
        """Status and code of a problem."""
        assert answer.headers["content-type"] == "application/problem+json"
        return answer.status_code, answer.json()["code"]


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    made = Office(tmp_path)
    yield made
    made.http.close()
    made.db.close()


@pytest.fixture
def ward(tmp_path, migrated):
    """The same service on SQLite alone, where no row is asked for that the three stories on both do not ask for."""
    made = Province(tmp_path / "var", migrated, None)
    yield made
    made.close()
