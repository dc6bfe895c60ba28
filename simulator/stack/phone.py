"""A phone of a whole-stack schedule: the reference client with its own HTTP, disk and files."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from minhchung_client import ClientError, Device, Garbled, HttpTransport, NeedsEnrolment, Refused, Unreachable
from minhchung_client.files import Files
from minhchung_client.http import store_session
from simulator.disk import Crash
from simulator.handset import Handset
from simulator.stack.network import Network, Weather, client
from simulator.stack.site import Site

PIECE = 512  # bytes of a file that an interruption may cost
PAGES = (1, 3, 500)  # records in a page


class Way(HttpTransport):
    """The client's own way to the service, with pages small enough that something happens between them."""

    phone: "FieldPhone"

    def pull(self, body: dict[str, Any]) -> Any:
        return super().pull({**body, "limit": self.phone.rng.choice(self.phone.pages)})

    def push(self, body: dict[str, Any]) -> Any:
        answer = super().push(body)
        if self.phone.rng.random() < self.phone.weather.delay:
            self.phone.answers.append(answer)
        return answer


@dataclass(kw_only=True)
class FieldPhone(Handset):
    """One account's phone, signed in as one install. `answers`: answers to pushes that will come once more."""

    site: Site
    weather: Weather
    folder: Path
    host: "FieldPhone | None" = None  # whose phone it is, where that is somebody else
    answers: list[Any] = field(default_factory=list)
    pages: tuple[int, ...] = PAGES
    piece: int = PIECE
    odd: list[str] = field(default_factory=list)  # refusals that a sound client of a sound service never hears
    working: bool = False
    went_back: bool = False  # it was restored, or is a twin: what it sent is not all it knows of

    def __post_init__(self) -> None:
        self.network = Network(self.site, self.rng, self.weather)
        super().__post_init__()
        if self.host:
            self.replica.put("install_id", self.host.replica.get("install_id"))
        self.sign_in()

    def start(self) -> None:
        super().start()
        way = Way("http://127.0.0.1:8000", self.replica, http=client(self.network))
        way.phone = self
        self.device = Device(self.replica, way, Files(self.folder, self.piece))

    def calm(self) -> None:
        """From its next start on it sends and reads in large pieces: nothing happens between small ones any more."""
        self.pages, self.piece = PAGES[-1:], 4 * PIECE

    def sign_in(self) -> None:
        """By hand, at the unit's office, where there is a network."""
        install = self.replica.get("install_id") or f"install-{self.rng.randrange(10**12):012}"
        self.replica.put("install_id", install)
        session = self.site.sign_in(self.account, install, "Điện thoại")
        self.account_id = session["account_id"]
        store_session(self.replica, session)

    def file(self) -> list[dict[str, Any]]:
        """A paper of up to four pieces, kept on the phone."""
        data = self.rng.randbytes(self.rng.randint(1, 4 * PIECE))
        return [self.device.files.keep(data, "giấy.bin", "application/octet-stream")] if self.device.files else []

    def step(self, what: str, *args: Any) -> str:
        """One sync step, in which the process may die at any statement; what became of it, in words."""
        if self.working:
            return "is at it"
        self.working = True
        if self.rng.random() < self.weather.crash:
            self.disk.left = self.rng.randrange(20)
        try:
            return f"{getattr(self.device, what)(*args)}"
        except NeedsEnrolment as error:
            self.disk.left = -1
            self.sign_in()
            return f"signs in anew: {error}"
        except Refused as error:
            told = f"{self.account} {what} was refused as {error.code}"
            if error.code != "token_expired":  # time passed between the new token and its first use; next time, then
                self.odd.append(told)
            return told
        except (Unreachable, Garbled) as error:
            return f"{type(error).__name__} {error}".rstrip()
        except Crash:
            self.start()
            return "the phone died"
        finally:
            self.working, self.disk.left = False, -1

    def something_late(self) -> str | None:
        """A request or an answer out of the past."""
        if self.answers and self.rng.random() < 0.5:
            answer = self.answers.pop(self.rng.randrange(len(self.answers)))
            try:
                return f"an answer comes again: {self.replica.apply_results(answer)} left"
            except ClientError as error:
                return f"an answer comes again: {error}"
        return self.network.something_late()

    def held_ops(self) -> set[str]:
        """Ops that are on the disk, sent or not."""
        return {op_id for (op_id,) in self.disk.execute("select op_id from outbox union select op_id from sent")}

    def answered_ops(self) -> set[str]:
        """Ops that left the outbox by an answer."""
        return {op_id for (op_id,) in self.disk.execute("select op_id from sent")}
