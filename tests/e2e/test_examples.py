"""What the documents show runs as shown: exchanges with the service, and the first push of both front pages.

An exchange is two ```http blocks, a request and its answer. In what comes back `…` stands for anything (in a list: for
any number of elements) and `<name>` for a text that the service chose; the same name again means the same text.
"""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest

from auth import accounts
from auth.accounts import OPERATOR
from auth.enrolments import open_enrolment
from auth.keys import load_secret
from auth.passwords import hash_password
from auth.principal import Grant, Role
from device_keys import DeviceKey, detached
from people import CHEAP, PASSWORD
from served import Served
from service.clock import SystemClock
from service.db import Database
from service.settings import Settings

ROOT = Path(__file__).parents[2]
FENCE = re.compile(r"^```([^\n]*)\n(.*?)\n```$", re.MULTILINE | re.DOTALL)
README = {page: (ROOT / page).read_text(encoding="utf-8") for page in ("README.md", "README.vi.md")}


class Message(NamedTuple):
    """A request or an answer as the page shows it."""

    start: str
    headers: dict[str, str]
    body: str


def message(text: str) -> Message:
    head, _, body = text.partition("\n\n")
    start, *lines = head.split("\n")
    return Message(start, dict(line.split(": ", 1) for line in lines), body)


def exchanges(page: str) -> list[tuple[Message, Message]]:
    shown = [message(text) for info, text in FENCE.findall(page) if info == "http"]
    return list(zip(shown[::2], shown[1::2], strict=True))


class Names(dict[str, str]):
    """What each `<name>` of the page stands for, as far as the answers have told."""

    def fill(self, text: str) -> str:
        return re.sub(r"<([a-z0-9-]+)>", lambda found: self.get(found[1], found[0]), text)

    def is_text(self, shown: str, got: str) -> bool:
        """Whether `got` is what `shown` says; learns the names in it."""
        parts = re.split(r"<([a-z0-9-]+)>", self.fill(shown))
        literal = [".*".join(map(re.escape, part.split("…"))) for part in parts[::2]]
        found = re.fullmatch("(.+)".join(literal), got, re.DOTALL)
        self.update(zip(parts[1::2], found.groups() if found else (), strict=found is not None))
        return found is not None

    def differences(self, shown: Any, got: Any, place: str = "") -> Iterator[str]:
        if shown == "…":
            return
        if isinstance(shown, dict) and isinstance(got, dict):
            wanted = {self.fill(key): value for key, value in shown.items() if key != "…"}
            if got.keys() - wanted.keys() and "…" not in shown:
                yield f"{place}: not shown: {sorted(got.keys() - wanted.keys())}"
            for key, value in wanted.items():
                yield from self.differences(value, got.get(key, "nothing"), f"{place}/{key}")
        elif isinstance(shown, list) and isinstance(got, list):
            at = shown.index("…") if "…" in shown else len(shown)
            tail = shown[at + 1 :]
            if len(got) < at + len(tail) or (len(got) > len(shown) and at == len(shown)):
                yield f"{place}: {len(got)} elements"
            pairs = [*zip(shown[:at], got, strict=False), *zip(tail, got[len(got) - len(tail) :], strict=False)]
            for n, (one, other) in enumerate(pairs):
                yield from self.differences(one, other, f"{place}/{n}")
        elif not (self.is_text(shown, got) if isinstance(shown, str) and isinstance(got, str) else shown == got):
            yield f"{place}: {got!r} instead of {shown!r}"


def send(server: str, request: Message, names: Names) -> httpx.Response:
    method, path = names.fill(request.start).split(" ")
    content = names.fill(request.body).encode()
    if "Device-Signature" in request.headers:
        names["signature"] = detached(TABLET.private, content, "mc-rescue+jws")
    headers = {name: names.fill(value) for name, value in request.headers.items()}
    if request.body and "Content-Type" not in headers:
        headers["Content-Type"] = "application/json"
    url = path if path.startswith("http") else server + path
    return httpx.request(method, url, headers=headers, content=content, timeout=30)


def differences(answer: Message, got: httpx.Response, names: Names) -> list[str]:
    status = answer.start.split(" ")[1]
    found = [] if str(got.status_code) == status else [f"status {got.status_code} instead of {status}"]
    found += names.differences(answer.headers, {n: got.headers.get(n) for n in answer.headers})
    is_json = answer.body.startswith(("{", "["))
    found += names.differences(*((json.loads(answer.body), got.json()) if is_json else (answer.body, got.text)), "body")
    return found


# Pages whose exchanges are sent, one page after the other, and who is signed in before the first exchange of each.
PAGES = {"protocol": ("minh", "ha", "tuan", "quan", "bao"), "year": ("lan", "ha", "mai", "tuan")}


TABLET = DeviceKey()


def test_every_exchange_of_the_documents_happens_as_shown(served: Served) -> None:
    code = prepared(served)
    for page, people in PAGES.items():
        names = Names({"code": code, "tablet-key": TABLET.pem.replace("\n", "\\n")})
        for name in people:
            with served.sign_in(name, PASSWORD, f"{page}-of-{name}") as client:
                names[name] = client.headers["Authorization"].removeprefix("Bearer ")
        for request, answer in exchanges((ROOT / f"docs/{page}.md").read_text(encoding="utf-8")):
            got = send(served.url, request, names)
            assert differences(answer, got, names) == [], f"{request.start}\n{request.body}\n{got.text}"


def prepared(served: Served) -> str:
    """Bảo protects data in the province; the code that lets Minh's tablet in."""
    settings, now = Settings(data_dir=served.folder), SystemClock().now()
    database, protects = Database(settings.db_url), (Grant("*", Role.DATA_PROTECTION_OFFICER),)
    stored = hash_password(PASSWORD, CHEAP)
    database.write(accounts.create_account, OPERATOR, "bao", "Bảo", now, grants=protects, password_hash=stored)
    minh = database.read(accounts.account_id_of, "minh")
    made = database.write(open_enrolment, OPERATOR, minh, load_secret(settings.data_dir, None), now)
    database.close()
    return made.code


def blocks(page: str) -> dict[str, str]:
    """Blocks of a front page by their info string."""
    return {info: text for info, text in FENCE.findall(README[page]) if " " in info}


def test_both_front_pages_show_the_same_commands() -> None:
    assert blocks("README.md") == blocks("README.vi.md")


@pytest.fixture
def desk(tmp_path: Path) -> dict[str, str]:
    """The environment of somebody who types in the commands of the front page, on a free port."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return {**os.environ, "PATH": path, "MINHCHUNG_PORT": "0", "MINHCHUNG_DATA_DIR": str(tmp_path / "var")}


@pytest.mark.slow
def test_the_first_push_of_the_front_page_runs_and_prints_what_it_says(desk: dict[str, str], tmp_path: Path) -> None:
    shown = blocks("README.md")
    serve = ["sh", "-eu", "-c", shown["sh terminal-1"]]
    with subprocess.Popen(
        serve, env=desk, cwd=tmp_path, stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as service:
        try:
            assert service.stdout
            said = iter(service.stdout.readline, "")
            url = next((found[0] for line in said if (found := re.search(r"http://\S+", line))), None)
            assert url, "the service did not start"
            script = shown["sh terminal-2"].replace("http://127.0.0.1:8000", url)
            printed = [
                subprocess.run(["sh", "-eu", "-c", script], env=desk, cwd=tmp_path, stdout=subprocess.PIPE, check=True)
                for _ in range(2)
            ]
        finally:
            os.killpg(service.pid, signal.SIGKILL)
    first, again = (run.stdout.decode().strip() for run in printed)
    assert first == shown["text terminal-2"]
    assert again == shown["text terminal-2"].replace("applied", "duplicate", 1)  # as the page says of a second run
