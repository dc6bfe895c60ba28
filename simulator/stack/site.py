"""The service of a schedule: a machine with a disk, two processes on it, and a clock that others move.

A process that dies loses everything but the database and the store; the other one goes on.
"""

from collections import Counter
from contextlib import nullcontext
from random import Random
from typing import Any

import httpx
from sqlalchemy import select
from sqlmodel import Session, col

from auth import accounts, sessions
from auth.accounts import OPERATOR
from auth.clients import Install
from auth.principal import Grant
from auth.tokens import issue_access
from service import backup
from service.checkpoints import open_epoch
from service.db import Database
from service.signed_list import Manifest
from simulator.failpoints import Blackout, Killed
from simulator.stack.workshop import luck, workshop
from sync.models import Op, Upload
from sync.uploads import VERIFIED


class Site:
    """Two processes of the service on one machine, for one schedule."""

    def __init__(self, rng: Random) -> None:
        self.rng, self.luck, self.shop = rng, Random(rng.random()), workshop()  # noqa: S311  # a schedule is its seed
        self.shop.clear()
        self.points, self.turns, self.clock = self.shop.points, self.shop.turns, self.shop.clock
        self.generations = [0, 0]
        self.apps = [self.shop.furnish(number) for number in range(2)]
        self.deaths = 0
        self.expired = Counter[str]()

    @property
    def database(self) -> Database:
        """A process's way to the database; both lead to one file."""
        database: Database = self.apps[0].state.database
        return database

    @property
    def state(self) -> Any:
        """What the first process holds."""
        return self.apps[0].state

    def carry(self, request: httpx.Request, body: list[bytes], *, whole: bool = True) -> httpx.Response:
        """The answer of one of the processes. Raises httpx.ReadError where it died over the request."""
        number = self.rng.randrange(2)
        born = self.generations[number]

        def alive() -> None:
            if self.generations[number] != born:
                raise Killed

        try:
            with luck(self.luck):
                return self.turns.run(self.apps[number], request, body, whole=whole, alive=alive)
        except Killed as death:
            if isinstance(death, Blackout):
                self.lose_power()
            elif self.generations[number] == born:
                self.kill(number)
            raise httpx.ReadError("the service died", request=request) from None

    def kill(self, number: int) -> None:
        """A process dies, and another takes its place at once."""
        self.deaths += 1
        self.generations[number] += 1
        self.shop.furnish(number)

    def lose_power(self) -> None:
        """The machine stops and starts again: of files, what was synced is there."""
        self.shop.power.fail()
        for number in range(2):
            self.kill(number)

    def back_up(self) -> Manifest:
        """A backup of everything, as `minhchung backup` makes it."""
        self.pass_time(1)
        state = self.state
        keys, issuer, now = state.keys, state.settings.public_url, self.clock.now()
        with self.points.safe(), luck(self.luck), self.shop.schema_known():
            return backup.take(self.database, state.store, state.types, keys, issuer, self.shop.backups, now)

    def bring_back(self, manifest: Manifest) -> set[str]:
        """All is lost and comes back as the backup has it, and a new epoch is opened; ids of the ops that are there."""
        self.pass_time(1)
        with self.points.safe(), luck(self.luck):
            self.shop.restore(manifest)
            for number in range(2):
                self.kill(number)
            state, now = self.state, self.clock.now()
            parts = (self.database, state.store, state.keys, state.settings.public_url)
            open_epoch(*parts, reason="drill", now=now)
            return self.database.read(lambda session: set(session.scalars(select(col(Op.op_id)))))

    def pass_time(self, ms: int) -> None:
        """The clock moves on. `expired`: account id -> bytes of unfinished uploads that were forgotten over it."""
        since = self.clock.now()
        self.clock.advance(ms)
        with self.points.safe():
            self.database.read(self._note_expired, since)

    def _note_expired(self, session: Session, since: int) -> None:
        ended = col(Upload.expires_at).between(since + 1, self.clock.now())
        uploads = select(col(Upload.account_id), col(Upload.id)).where(ended, col(Upload.state) != VERIFIED)
        for account_id, upload_id in session.execute(uploads):
            self.expired[account_id] += self.state.store.size(upload_id)

    def work(self) -> int:
        """A worker does what waits; it may die over it."""
        try:
            with luck(self.luck):
                return int(self.state.worker.drain())
        except Killed:
            self.kill(0)
        except Exception:  # noqa: BLE001, S110  # whatever it is: the job is due again when its lease ends
            pass
        return 1

    def attend(self) -> None:
        """The duties that have come round."""
        with self.points.safe(), luck(self.luck):
            self.state.worker.attend()

    def grant(self, account: str, given: Grant, *, safe: bool = True) -> None:
        """The office gives a role; its own work fails only where that is wanted."""
        with self.points.safe() if safe else nullcontext(), luck(self.luck):
            self.database.write(accounts.grant, OPERATOR, self._id(account), given, self.clock.now())

    def revoke(self, account: str, given: Grant) -> None:
        """The office takes it back."""
        with self.points.safe(), luck(self.luck):
            self.database.write(accounts.revoke_grant, OPERATOR, self._id(account), given, self.clock.now())

    def sign_in(self, account: str, install: str, device: str) -> dict[str, str]:
        """A session for somebody who stands in the office, without the slow password."""
        state, now = self.state, self.clock.now()
        with self.points.safe(), luck(self.luck):
            account_id = self._id(account)
            made = self.database.write(sessions.sign_in, account_id, Install(install, device), now)
            token = issue_access(state.keyring.current(), state.settings.public_url, account_id, made.client_id, now)
        names = {"account_id": account_id, "client_id": made.client_id, "refresh_token": made.refresh_token}
        return names | {"access_token": token}

    def _id(self, account: str) -> str:
        return self.database.read(accounts.account_id_of, account)
