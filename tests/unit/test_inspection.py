"""The child that reads files: what it may not do, and what becomes of it when a file kills it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from hostile_files import EICAR, picture
from storage.decoders.outcome import Decoded, frame
from storage.inspection import Bounds, DecoderDied, _read, look, spooled
from storage.kinds import says_otherwise

TRIES = """
import os, socket, threading
from storage.decoders import confine
confine.limit(1 << 30, 5)
assert confine.lock()
for name, act in {
    "network": lambda: socket.socket(),
    "local socket": lambda: socket.socketpair(),
    "program": lambda: os.execv("/bin/true", ["true"]),
    "fork": lambda: os.fork(),
    "write": lambda: open("/tmp/minhchung-escape", "w"),
    "append": lambda: os.open("/etc/hostname", os.O_WRONLY | os.O_APPEND),
    "remove": lambda: os.unlink("/etc/hostname"),
    "rename": lambda: os.rename("/etc/hostname", "/etc/hostname2"),
    "kill": lambda: os.kill(os.getppid(), 0),
}.items():
    try:
        act()
    except PermissionError:
        continue
    print(name)
threading.Thread(target=print, args=("done",)).start()
"""


@pytest.mark.skipif(sys.platform != "linux" or os.uname().machine not in ("x86_64", "aarch64"), reason="no filter here")
def test_the_child_reaches_no_network_no_program_and_no_file() -> None:
    done = subprocess.run([sys.executable, "-I", "-c", TRIES], capture_output=True, text=True, check=False, env={})
    assert (done.stdout.split(), done.stderr) == (["done"], "")


@pytest.mark.parametrize(
    ("bounds", "why"),
    [(Bounds(memory=90 << 20), "exit code"), (Bounds(seconds=0.01), "time-out"), (Bounds(cpu_seconds=0), "exit code")],
)
def test_a_child_that_takes_too_much_is_killed_and_leaves_nothing(bounds: Bounds, why: str) -> None:
    children = Path(f"/proc/self/task/{os.getpid()}/children")
    others = children.read_text(encoding="ascii")  # servers that other tests have started
    with spooled([picture("JPEG", (3000, 3000))]) as source, pytest.raises(DecoderDied, match=why):
        look(source, bounds)
    assert children.read_text(encoding="ascii") == others


@pytest.mark.parametrize(
    "words",
    [
        b"",
        b"{}",
        b'{"kind": "jpeg", "refusal": "../etc"}\n',
        b'{"kind": "jpeg", "check": "certainly"}\n',
        b'{"kind": "jpeg", "facts": {"lat": {"deep": 1}}}\n',
        b'{"kind": "jpeg", "check": "ok", "more": 1}\n',
        frame(Decoded("jpeg"), {"thumbnail": b"\xff\xd8\xff" + b"x" * 90})[:-5],
        frame(Decoded("jpeg"), {"thumbnail": b"<script>"}),
    ],
)
def test_the_words_of_a_child_that_was_taken_over_are_not_believed(words: bytes) -> None:
    with pytest.raises(DecoderDied):
        _read(words)


def test_what_a_client_says_is_compared_with_the_content() -> None:
    assert says_otherwise("jpeg", "ảnh.JPG", "image/jpg") == []
    assert says_otherwise("jpeg", "ảnh", "") == []
    assert says_otherwise("heif", "IMG_1.HEIC", "image/heif") == []
    assert says_otherwise("pdf", "biên bản.docx", "image/png; q=1") == ["extension", "type"]
    assert says_otherwise("gif", "a.jpg", "image/jpeg") == []
    assert len(EICAR) == 68
