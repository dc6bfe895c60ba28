"""The people of the day, and what an officer can do with a phone. Names and units' evidence are invented."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from demo.ledger import CapturedFile, CapturedOp, Ledger
from demo.network import Network
from demo.photos import Photo
from minhchung_client import Device, enrol

PIECE = 64 * 1024  # bytes in one request: small, as on a weak network
HANOI_CENTRE = (21.18, 106.07)


@dataclass(frozen=True, slots=True)
class Person:
    """An account: `username`, the name, the unit (`*`: the province) with its name, and the role there."""

    username: str
    name: str
    unit: str
    place: str
    role: str
    at: tuple[float, float] = HANOI_CENTRE


LAN = Person("lan", "Nguyễn Thị Lan", "09187", "phường Kinh Bắc", "field_officer", (21.1861, 106.0763))
MINH = Person("minh", "Trần Văn Minh", "09187", "phường Kinh Bắc", "field_officer", (21.1872, 106.0741))
BINH = Person("binh", "Lê Thanh Bình", "09193", "xã Yên Phong", "field_officer", (21.2038, 105.9533))
THAO = Person("thao", "Phạm Thu Thảo", "GD-001", "Trường THPT mẫu số 1", "field_officer", (21.1835, 106.0582))
TUAN = Person("tuan", "Vũ Anh Tuấn", "*", "tỉnh Bắc Ninh", "province_appraiser")
QUAN = Person("quan", "Quản trị viên", "*", "tỉnh Bắc Ninh", "administrator")
OFFICERS = (LAN, MINH, BINH, THAO)
CAST = (*OFFICERS, TUAN, QUAN)


@dataclass(slots=True)
class Officer:
    """A person with a phone. Everything captured is noted in the ledger at that moment."""

    person: Person
    device: Device
    network: Network
    scope: str
    ledger: Ledger
    records: list[str] = field(default_factory=list)

    @property
    def given_name(self) -> str:
        return self.person.name.rsplit(" ", 1)[-1]

    def capture(self, type_name: str, photos: list[Photo] | None = None, **values: Any) -> str:
        """A new record; returns its id. Needs no network."""
        return self._does("create", type_name, None, photos or [], set=values)

    def edit(self, type_name: str, record_id: str, photos: list[Photo] | None = None, **change: Any) -> str:
        """Changes a record; `change`: set, add, remove."""
        return self._does("patch", type_name, record_id, photos or [], **change)

    def resolve(self, type_name: str, record_id: str, **values: Any) -> str:
        """Chooses between the values of a conflict."""
        return self._does("resolve", type_name, record_id, [], set=values)

    def shown(self, record_id: str) -> dict[str, Any]:
        """The record on the screen of the phone."""
        return self.device.replica.record(record_id) or {}

    def _does(self, action: str, type_name: str, record_id: str | None, photos: list[Photo], **change: Any) -> str:
        files = [self.device.files.keep(p.data, p.name, p.mime) for p in photos] if self.device.files else []
        replica = self.device.replica
        record_id = replica.edit(action, type_name, self.scope, record_id, files=files, **change)
        body = replica.batch(max_ops=1_000_000, max_bytes=1 << 30)[-1]
        self.ledger.ops[body["op_id"]] = CapturedOp(self.person.username, body)
        for photo in photos:
            kept = CapturedFile(self.person.username, record_id, photo.sha256, photo.name, photo.mark)
            self.ledger.files.append(kept)
        if action == "create":
            self.records.append(record_id)
        return record_id

    def book(self) -> None:
        """Notes in the ledger what the service has told this phone."""
        told = self.network.told
        self.ledger.acknowledged |= {op_id for op_id in told.ops if told.acknowledged(op_id)}
        self.ledger.acknowledged |= {(self.person.username, sha256) for sha256 in told.files}


@contextmanager
def phone(folder: Path, server: str, code: str, person: Person, scope: str, ledger: Ledger) -> Iterator[Officer]:
    """A phone that is enrolled with a one-time code, and lives in a folder of its own."""
    network = Network()
    http = httpx.Client(transport=network, timeout=30)
    device = enrol(folder, server, code, f"Điện thoại của {person.name}", http=http, piece_size=PIECE)
    try:
        yield Officer(person, device, network, scope, ledger)
    finally:
        device.close()
