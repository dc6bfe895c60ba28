"""`minhchung demo --year`: the service in this process, on a calendar that the story turns (see `demo/year.py`)."""

import tempfile
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
from anyio.from_thread import BlockingPortal, start_blocking_portal
from fastapi import FastAPI

from auth import accounts, sessions
from auth.accounts import OPERATOR
from auth.clients import Install
from auth.principal import EVERY_UNIT, Grant, Role
from auth.tokens import issue_access
from demo import year_story
from demo.report import Report
from demo.year import PEOPLE, Year, YearFailed
from service.app import create_app
from service.clock import ManualClock
from service.migration import prepare
from service.settings import Settings

PLAIN = {"Accept-Encoding": "identity"}  # nothing is sent, so nothing is worth packing
START = datetime.fromisoformat("2026-01-02T08:00:00+07:00")


def play_year(most: int | None = None) -> int:
    """Plays the year 2026 with every unit of the province, or with `most` of them. 0 when nothing was lost."""
    with tempfile.TemporaryDirectory(prefix="minhchung-year-") as folder:
        settings = Settings(data_dir=Path(folder), programme_year=START.year, client_requests_per_minute=10**6)
        clock = ManualClock(int(START.timestamp() * 1000))
        prepare(settings, clock.now())
        app = create_app(settings, clock)
        report = Report()
        try:
            with start_blocking_portal() as portal:
                http = httpx.Client(transport=InProcess(app, portal), base_url=settings.public_url, headers=PLAIN)
                return _play(http, app.state, clock, report, most)
        except YearFailed as failed:
            report.failed("Dịch vụ không làm như kế hoạch yêu cầu", str(failed))
            return 1
        finally:
            app.state.database.close()


class InProcess(httpx.BaseTransport):
    """Requests go to the application itself, one at a time; no socket, so no time passes but the calendar's."""

    def __init__(self, app: FastAPI, portal: BlockingPortal) -> None:
        self._asgi, self._portal = httpx.ASGITransport(app), portal

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        return self._portal.call(self._answer, request)

    async def _answer(self, request: httpx.Request) -> httpx.Response:
        answer = await self._asgi.handle_async_request(request)
        return httpx.Response(answer.status_code, headers=answer.headers, content=await answer.aread())


def _play(http: httpx.Client, state: Any, clock: ManualClock, report: Report, most: int | None) -> int:
    tokens = _hire(state, clock)
    units = http.get("/v1/units", params={"limit": 500}, headers=tokens("mai")).json()["units"]
    chosen = units if most is None else units[:: max(1, len(units) // most)][:most]
    report.title(
        f"Một năm chương trình: {len(chosen)} đơn vị của tỉnh Bắc Ninh",
        f"a year of the programme: {len(chosen)} units of Bắc Ninh, on a virtual calendar",
    )

    def turn(moment: datetime) -> None:
        clock.advance(int(moment.timestamp() * 1000) - clock.now())

    return year_story.play(Year(http, tokens, turn, report, START.year, chosen))


def _hire(state: Any, clock: ManualClock) -> Callable[[str], dict[str, str]]:
    """Makes the people of the year; returns what signs their requests."""
    sessions_of = {}
    for name, role in PEOPLE.items():
        grants = (Grant(EVERY_UNIT, Role(role)),)
        state.database.write(accounts.create_account, OPERATOR, name, name.title(), clock.now(), grants=grants)
        account_id = state.database.read(accounts.account_id_of, name)
        install = Install(f"install-of-{name}", "Máy trực")
        sessions_of[name] = state.database.write(sessions.sign_in, account_id, install, clock.now())

    def headers(name: str) -> dict[str, str]:
        held, url = sessions_of[name], state.settings.public_url
        token = issue_access(state.keyring.current(), url, held.account_id, held.client_id, clock.now())
        return {"Authorization": f"Bearer {token}"}

    return headers
