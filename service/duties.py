"""What the worker does, as two lists to add to: jobs by kind, and duties by period.

A job follows from one thing that happened, as a row of its transaction. A duty comes round again; the database
remembers when, so that of several workers one does it, and a restart forgets none.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sqlmodel import Session

from auth import audit, audit_exports, external, guesses, personal, sessions
from auth.audit import Trace
from auth.idle import switch_off_idle
from auth.keyring import FOLDER, forget_outlived
from auth.keys import load_keys
from auth.principal import Role
from papers.orders import RENDER
from privacy import reminders as privacy_reminders
from programme.reminders import remind
from service import looking, rendering, trail, upkeep
from service.bench import Bench
from service.checkpoints import write_checkpoint
from service.settings import Settings
from service.stores import open_mirror, open_trail
from storage import scanner
from sync import findings, jobs, spills, uploads
from sync.intake import release_known

MINUTE_MS, HOUR_MS = 60_000, 3_600_000
DAY_MS = 24 * HOUR_MS
MONTH_MS = 31 * DAY_MS


@dataclass(frozen=True, slots=True)
class Duty:
    """`act` is due every `every` ms, and again after a minute where it failed. It opens its own transactions."""

    every: int | Callable[[Settings], int]
    act: Callable[[Bench], object]


def _expire_uploads(bench: Bench) -> None:
    """No transaction is open while the store works: it may be slow, and may keep its own notes in the database."""
    now = bench.clock.now()
    bench.database.write(uploads.expire, now)
    arriving = list(bench.store.incoming_ids())
    for upload_id in bench.database.read(uploads.unowned, arriving):
        bench.store.discard(upload_id)
    bench.store.tidy(now - DAY_MS)


def _shelf(bench: Bench) -> upkeep.Shelf:
    mirror = open_mirror(bench.settings, bench.database)
    return upkeep.Shelf(bench.database, bench.store, mirror, bench.types)


def _mirror(bench: Bench) -> None:
    upkeep.mirror(_shelf(bench), bench.clock.now())


def _recheck(bench: Bench) -> None:
    now = bench.clock.now()
    upkeep.check(_shelf(bench), now, before=now - bench.settings.recheck_days * DAY_MS)


def _sweep_blobs(bench: Bench) -> None:
    now = bench.clock.now()
    upkeep.clean(_shelf(bench), now, before=now - bench.settings.unused_days * DAY_MS)


def _remind(bench: Bench) -> None:
    bench.database.write(remind, bench.types, bench.settings.calendar, bench.clock.now())


def _remind_of_privacy(bench: Bench) -> None:
    database, now = bench.database, bench.clock.now()
    officers = database.read(personal.holders, Role.DATA_PROTECTION_OFFICER, now)
    if officers:
        database.write(privacy_reminders.remind, bench.types, officers, now)


def _expire_sessions(bench: Bench) -> None:
    bench.database.write(sessions.sweep, bench.clock.now())
    bench.database.write(external.sweep, bench.clock.now())
    bench.database.write(guesses.sweep, bench.clock.now())
    forget_outlived(bench.settings.data_dir / "keys" / FOLDER, bench.clock.now())


def _checkpoint(bench: Bench) -> None:
    keys = load_keys(bench.settings.data_dir / "keys")
    write_checkpoint(bench.database, bench.store, keys, bench.settings.public_url, bench.clock.now())


def _release_known(bench: Bench) -> None:
    bench.database.write(release_known, bench.types, bench.clock.now())


def _switch_off_idle(bench: Bench) -> None:
    if bench.settings.account_idle_days:
        bench.database.write(_note_idle, bench.settings.account_idle_days, bench.clock.now())


def _note_idle(session: Session, days: int, now: int) -> None:
    for account_id in switch_off_idle(session, days, now):
        audit.note(session, Trace("service"), "account_off", account_id, now, because="idle", days=days)


def _export_trail(bench: Bench) -> None:
    """Without a place off this host nothing is exported, and so nothing is ever removed."""
    settings, now = bench.settings, bench.clock.now()
    if (place := open_trail(settings, bench.database)) is None:
        return
    trail.export(bench.database, place, load_keys(settings.data_dir / "keys"), settings.public_url, now)
    bench.database.write(audit_exports.cut, now - settings.audit_months * MONTH_MS, now)


# kind -> what is done; it ends with `jobs.finish` in its last transaction.
JOBS: Mapping[str, Callable[[Bench, jobs.Claimed], None]] = {
    jobs.INSPECT: looking.inspect,
    spills.DESTROY: looking.destroy,
    jobs.SEAL: looking.seal,
    jobs.ERASE: looking.erase,
    RENDER: rendering.make,
}


def _scan_again(bench: Bench) -> None:
    """Files that came while the virus scanner was away are looked into again."""
    if scanner.ready(bench.settings.clamd):
        bench.database.write(findings.scan_again, bench.clock.now())


DUTIES: Mapping[str, Duty] = {
    "remind of deadlines": Duty(HOUR_MS, _remind),
    "remind of privacy clocks": Duty(HOUR_MS, _remind_of_privacy),
    "checkpoint": Duty(lambda settings: settings.checkpoint_seconds * 1000, _checkpoint),
    "expire uploads": Duty(HOUR_MS, _expire_uploads),
    "scan files": Duty(HOUR_MS // 6, _scan_again),
    "expire sessions": Duty(HOUR_MS, _expire_sessions),
    "free ops of newer apps": Duty(HOUR_MS, _release_known),
    "switch off idle accounts": Duty(24 * HOUR_MS, _switch_off_idle),
    "export the audit trail": Duty(DAY_MS, _export_trail),
    "mirror files": Duty(MINUTE_MS, _mirror),
    "recheck files": Duty(HOUR_MS, _recheck),
    "sweep files": Duty(DAY_MS, _sweep_blobs),
}
