"""The service that these tests talk to: uploads and media alone. Also a program, so that a test can kill it.

    python server.py FOLDER [die] [large]

prints its port and serves; with `die` it is killed in the middle of the transaction that judges a file.
"""

import os
import signal
import socket
import sys
from pathlib import Path
from typing import Annotated, get_args

import uvicorn
from fastapi import FastAPI, Header
from sqlmodel import Session, SQLModel

from auth.principal import Grant, Principal, Role
from service import problems
from service.clock import ManualClock
from service.db import Database
from service.deps import Caller, Depositor
from service.routes import media as media_routes
from service.routes import uploads as upload_routes
from service.settings import Settings
from service.stores import open_store

NOW = 1_790_000_000_000
LIMIT = 2**26
KINH_BAC, VU_NINH = "09187", "09169"

# Bearer -> caller. Lan has a phone and a tablet; Minh is her colleague; Hùng works in another ward; Tuấn reviews.
PEOPLE = {
    "lan": Principal("a-lan", "lan-phone", (Grant(KINH_BAC, Role.FIELD_OFFICER),)),
    "lan-tablet": Principal("a-lan", "lan-tablet", (Grant(KINH_BAC, Role.FIELD_OFFICER),)),
    "minh": Principal("a-minh", "minh-phone", (Grant(KINH_BAC, Role.FIELD_OFFICER),)),
    "hung": Principal("a-hung", "hung-phone", (Grant(VU_NINH, Role.FIELD_OFFICER),)),
    "tuan": Principal("a-tuan", "tuan-desk", (Grant("*", Role.PROVINCE_APPRAISER),)),
}


def _caller(authorization: Annotated[str, Header()]) -> Principal:
    return PEOPLE[authorization.removeprefix("Bearer ")]


def make_app(folder: Path) -> FastAPI:
    """The routes over a database and a store in `folder`; `app.state.told` lists the records that heard of a file."""
    app = FastAPI(max_body_size=1000)
    app.include_router(upload_routes.router)
    app.include_router(media_routes.router)
    for who in (Caller, Depositor):
        app.dependency_overrides[get_args(who)[1].dependency] = _caller
    problems.install(app)
    app.state.settings = Settings(data_dir=folder, upload_max_bytes=LIMIT, upload_idle_seconds=1)
    app.state.database = Database(app.state.settings.db_url)
    SQLModel.metadata.create_all(app.state.database.writer)
    app.state.clock, app.state.store = ManualClock(NOW), open_store(app.state.settings, app.state.database)
    app.state.told, app.state.endings = [], {}
    app.state.media_arrived = lambda _session, record_ids, _now: app.state.told.extend(record_ids)
    return app


def _die(_session: Session, _record_ids: list[str], _now: int) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _serve(folder: Path, *, die: bool, limit: int) -> None:
    app = make_app(folder)
    app.state.settings = app.state.settings.model_copy(update={"upload_max_bytes": limit})
    if die:
        app.state.media_arrived = _die
    with socket.create_server(("127.0.0.1", 0)) as listening:
        print(listening.getsockname()[1], flush=True)
        uvicorn.Server(uvicorn.Config(app, log_level="warning")).run(sockets=[listening])


if __name__ == "__main__":
    _serve(Path(sys.argv[1]), die="die" in sys.argv, limit=2**30 if "large" in sys.argv else LIMIT)
