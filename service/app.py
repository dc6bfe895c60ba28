"""The composition root: settings in, an application out. Importing this module does nothing."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

from fastapi import FastAPI
from fastapi.telemetry import TelemetryConfig
from sqlalchemy.util import LRUCache
from sqlmodel import Session
from starlette.datastructures import State
from starlette.middleware.cors import CORSMiddleware

from auth.errors import OAuthRefused
from auth.keyring import Keyring
from auth.keys import load_keys, load_secret
from auth.principal import Principal
from programme.registry import registry
from service import pages, problems
from service.bench import Bench
from service.boot import refuse_unsafe
from service.checkpoints import look_back
from service.clock import Clock, SystemClock
from service.db import Database
from service.edge import Service
from service.limits import Guesses, Limits
from service.metrics import Metrics
from service.oauth import refused
from service.provider import Provider
from service.pushing import Pushes
from service.routes import (
    accounts,
    apps,
    audit,
    auth,
    cases,
    catalogue,
    clients,
    delegations,
    desk,
    direct,
    erasures,
    events,
    external,
    health,
    imports,
    media,
    metrics,
    oauth,
    ops,
    papers,
    press,
    previews,
    privacy,
    progress,
    proofs,
    pull,
    quarantine,
    records,
    redactions,
    rescue,
    review_items,
    reviews,
    second_factor,
    signals,
    sync,
    uploads,
    year,
    yearly,
)
from service.settings import Settings
from service.short import Short
from service.stores import open_direct, open_store
from service.traces import Traces
from service.wakes import Wakes
from service.worker import Worker
from sync import files
from sync.types import Registry

VERSION = "0.1.0"
CALLERS = 4096  # whose rights a process has in mind
# FastAPI's own spans and logs, which hold addresses and messages (`service.traces` makes ours).
SILENT: TelemetryConfig = {"tracing": False, "metrics": False, "logs": False, "auto_configure": False}
ABOUT = (
    "Offline-first sync for evidence that has to stand up to review. Dịch vụ đồng bộ minh chứng, ưu tiên ngoại tuyến. "
    "Every failure is a problem document (RFC 9457) with a stable `code`, text in Vietnamese or English by "
    "`Accept-Language`, and one next `action`."
)
ROUTERS = (  # what phones ask most often first: they are tried in this order
    sync, pull, uploads, auth, external, second_factor, accounts, clients, delegations, apps, oauth, audit, catalogue,
    imports, rescue, ops, events, media, direct, previews, quarantine, records, redactions, signals, reviews, desk,
    review_items, progress, cases, year, yearly, press, papers, proofs, privacy, erasures, health, metrics,
)  # fmt: skip


# What a web app may read of tus and of the limits.
EXPOSED = (
    "Location", "Upload-Offset", "Upload-Length", "Upload-State", "Upload-Expires", "Retry-After", "RateLimit",
    "X-Request-Id",
)  # fmt: skip


def create_app(settings: Settings, clock: Clock | None = None) -> FastAPI:
    """The service, ready to serve a migrated database. Raises ValueError for settings that must not be served."""
    refuse_unsafe(settings)
    app = assemble(settings)
    furnish(app.state, settings, clock or SystemClock(), Database(settings.db_url))
    return app


def assemble(settings: Settings) -> FastAPI:
    """Routes and layers, as the settings want them, with nothing behind them yet: `furnish` its state before use."""
    app = Service(
        title="Minh Chứng",
        version=VERSION,
        description=ABOUT,
        lifespan=_life,
        max_body_size=settings.body_max_bytes,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,  # an address has one spelling
        telemetry=SILENT,
    )
    if settings.cors_origins:
        app.cors = partial(
            CORSMiddleware, allow_origins=settings.cors_origins, allow_methods=["*"], allow_headers=["*"],
            expose_headers=EXPOSED, max_age=3600,
        )  # fmt: skip
    problems.install(app)
    app.add_exception_handler(OAuthRefused, refused)
    pages.install(app)
    for module in ROUTERS:
        app.include_router(module.router)
    app.short = [route for module in ROUTERS for route in module.router.routes if isinstance(route, Short)]
    return app


def furnish(state: State, settings: Settings, clock: Clock, database: Database) -> None:
    """Everything that a process of the service holds; what is not in here survives it in the database or the store."""
    state.settings = settings
    state.clock = clock
    state.database = database
    state.wakes = wakes = Wakes(None if state.database.is_sqlite else settings.direct_url.replace("+psycopg", "", 1))
    state.metrics = Metrics(database, clock.now, lambda: wakes.waiting)
    state.database.announce = wakes.announce
    state.traces = traces = Traces(settings, VERSION)
    traces.watch(*{database.writer, database.reader})
    state.store = open_store(settings, state.database)
    state.direct = open_direct(settings, state.database)
    state.endings = {}
    state.keyring = Keyring(settings.data_dir / "keys")
    state.keys = load_keys(settings.data_dir / "keys")
    state.secret = load_secret(settings.data_dir, settings.secret)
    state.limits = Limits()
    state.callers = LRUCache[str, Principal](CALLERS)  # as they were at their last pull: `service/outset.py`
    state.guesses = Guesses(database, state.secret)
    state.provider = Provider(settings)
    state.types = registry()
    state.pushes = Pushes(database, state.types, settings.safe_backups)
    state.media_arrived = _arrival_hook(state.types)
    bench = Bench(state.database, state.store, state.types, state.clock, settings)
    state.worker = Worker(bench, state.metrics.busy, traces.span)


@asynccontextmanager
async def _life(app: FastAPI) -> AsyncIterator[None]:
    look_back(app.state.database, app.state.store)
    app.state.wakes.start()
    if app.state.settings.worker == "inside":
        app.state.worker.start()
    yield
    app.state.worker.stop()
    app.state.wakes.stop()
    app.state.traces.close()
    app.state.database.close()


def _arrival_hook(types: Registry) -> object:
    def arrived(session: Session, record_ids: list[str], now: int) -> None:
        files.arrived(session, types, record_ids, now)

    return arrived
