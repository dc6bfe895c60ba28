"""A real S3-compatible service for the tests: OpenStack Swift with its S3 face, on free ports, gone when the run ends.

`make test` installs it into an environment of its own (requirements/s3.txt). Its disk needs user xattrs, as ext4 has.
"""

import getpass
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from storage.s3 import Bucket, client_of

BIN = Path(__file__).parents[1] / ".venv/swift/bin"
SECRET = "unguessable-secret-of-the-test"
RINGS = ("object", "container", "account")
PROXY_FILTERS = {
    "catch_errors": "",
    "gatekeeper": "",
    "s3api": "s3_acl = false\nlocation = us-east-1\nmax_upload_part_num = 10000",
    "tempauth": "user_test_tester = " + SECRET + " .admin",
    "bulk": "",
    "copy": "",
    "slo": "max_manifest_segments = 10000",
    "dlo": "",
}


class Swift:
    """One account server, one container server, one object server and the proxy in front of them."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="minhchung-swift-"))
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.buckets = 0
        for part in ("etc", "disks/d1"):
            (self.folder / part).mkdir(parents=True)
        ports = dict(zip((*RINGS, "proxy"), _free_ports(4), strict=True))
        self.port = ports["proxy"]
        self._write("swift.conf", SWIFT_CONF)
        builder = [str(BIN / "python"), "-c", RING_BUILDER, *(str(ports[ring]) for ring in RINGS)]
        subprocess.run(builder, cwd=self.folder / "etc", check=True)
        for ring in RINGS:
            self._write(f"{ring}-server.conf", self._server(ports[ring]) + APP.format(ring, f"{ring}-server", ring))
        self._write("proxy-server.conf", self._server(self.port) + proxy())
        self.start()

    def _write(self, name: str, text: str) -> None:
        (self.folder / "etc" / name).write_text(text, encoding="ascii")

    def _server(self, port: int) -> str:
        places = f"swift_dir = {self.folder / 'etc'}\ndevices = {self.folder / 'disks'}\nmount_check = false"
        listen = f"bind_ip = 127.0.0.1\nbind_port = {port}\nworkers = 0\nuser = {getpass.getuser()}"
        return f"[DEFAULT]\n{listen}\n{places}\n"

    def start(self) -> None:
        """Starts what is not running; ready on return."""
        for name in (*RINGS, "proxy"):
            if name not in self.processes:
                command = [BIN / f"swift-{name}-server", f"{self.folder}/etc/{name}-server.conf"]
                with (self.folder / f"{name}.log").open("ab") as log:
                    self.processes[name] = subprocess.Popen(command, stdout=log, stderr=log, cwd=self.folder / "etc")
        until = time.monotonic() + 60
        for name in (*RINGS, "proxy"):
            while not _listens(int(self._port(name))):
                assert time.monotonic() < until, f"{name} did not start: {(self.folder / f'{name}.log').read_text()}"
                assert self.processes[name].poll() is None, (self.folder / f"{name}.log").read_text()

    def _port(self, name: str) -> str:
        text = (self.folder / "etc" / f"{name}-server.conf").read_text(encoding="ascii")
        return next(line for line in text.splitlines() if line.startswith("bind_port")).rpartition(" ")[2]

    def kill(self, *names: str) -> None:
        """`kill -9` of these servers, or of all."""
        for name in names or tuple(self.processes):
            process = self.processes.pop(name)
            process.send_signal(signal.SIGKILL)
            process.wait()

    def remove(self) -> None:
        self.kill()
        shutil.rmtree(self.folder)

    def bucket(self) -> Bucket:
        """A bucket that no other test uses; it is not made yet."""
        self.buckets += 1
        url = f"http://127.0.0.1:{self.port}"
        return Bucket(url, "us-east-1", f"minhchung-{self.buckets}", "test:tester", SECRET)

    def leftovers(self, name: str) -> list[str]:
        """What is in a bucket and is no finished object: pieces of uploads, multipart uploads that never ended."""
        client = client_of(replace(self.bucket(), name=name))
        there = [found["Key"] for found in client.list_objects_v2(Bucket=name).get("Contents", ())]
        begun = client.list_multipart_uploads(Bucket=name).get("Uploads", ())
        return [key for key in there if not key.startswith("objects/")] + [found["Key"] for found in begun]

    def settings(self) -> dict[str, str]:
        """Settings of a service that keeps its files in a new bucket."""
        found = self.bucket()
        keys = {"s3_access_key": found.access_key, "s3_secret_key": found.secret_key}
        return {"s3_endpoint": str(found.endpoint), "s3_bucket": found.name, **keys}


RING_BUILDER = """
import sys
from swift.common.ring import RingBuilder
for name, port in zip(("object", "container", "account"), map(int, sys.argv[1:])):
    builder = RingBuilder(4, 1, 0)
    place = {"ip": "127.0.0.1", "port": port, "replication_ip": "127.0.0.1", "replication_port": port}
    builder.add_dev({"id": 0, "region": 1, "zone": 1, "device": "d1", "weight": 1, "meta": "", **place})
    builder.rebalance()
    builder.get_ring().save(name + ".ring.gz")
"""
SWIFT_CONF = """[swift-hash]
swift_hash_path_prefix = t
swift_hash_path_suffix = t
[storage-policy:0]
name = one
default = yes
"""
APP = "[pipeline:main]\npipeline = {0}-server\n[app:{1}]\nuse = egg:swift#{2}\n"


def proxy() -> str:
    """Its settings. It shuns no server that failed: there is one of each, and tests kill it and start it again."""
    pipeline = f"[pipeline:main]\npipeline = {' '.join(PROXY_FILTERS)} proxy-server\n"
    app = "[app:proxy-server]\nuse = egg:swift#proxy\naccount_autocreate = true\nerror_suppression_interval = 0\n"
    return pipeline + app + "".join(f"[filter:{n}]\nuse = egg:swift#{n}\n{more}\n" for n, more in PROXY_FILTERS.items())


def _free_ports(count: int) -> list[int]:
    """Different ones: all are held before any is let go."""
    held = [socket.socket() for _ in range(count)]
    for one in held:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in held]
    for one in held:
        one.close()
    return ports


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0
