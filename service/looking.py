"""Jobs that work on files: looking into them, keeping them apart, destroying what must not be kept."""

from functools import partial

from service.bench import Bench
from service.stores import open_mirror
from storage import keys, scanner
from storage.decoders.outcome import PREVIEW, THUMBNAIL
from storage.errors import ObjectUnknown
from storage.inspection import DecoderDied, Found, Looked, spooled
from storage.kinds import ALLOWED, HEAD, kind_of
from sync import findings, jobs, quarantine, sweep

ATTEMPTS = 3  # of decoding; a file that kills its decoder as often is kept apart
BACKOFF_MS = 60_000
WITH_PICTURE = ("picture", "paper")


def inspect(bench: Bench, job: jobs.Claimed) -> None:
    """Has a file that has arrived scanned and looked into, and keeps the pictures that were made of it."""
    try:
        with spooled(bench.store.read(keys.of_digest(job.payload))) as source:
            scan = scanner.scan(source, bench.settings.clamd)
            source.seek(0)
            kind = kind_of(source.read(HEAD))
            looked, pictures = (Looked(kind=kind), {}) if scan == "found" else bench.look(source)
    except ObjectUnknown:  # the file went before it was looked into
        bench.database.write(jobs.finish, job)
        return
    except DecoderDied:
        if job.attempt < ATTEMPTS:
            bench.database.write(jobs.later, job, bench.clock.now() + BACKOFF_MS * 4 ** (job.attempt - 1))
            return
        looked, pictures = Looked(kind=kind, refusal="file_not_decodable"), {}
    _note(bench, job, (looked, pictures), scan)


def _note(bench: Bench, job: jobs.Claimed, found: Found, scan: scanner.Scan) -> None:
    looked, pictures = found
    for name, data in pictures.items():
        bench.store.put(keys.of_derivative(job.payload, name), data)
    known = ALLOWED.get(looked.kind)
    wanted = known is not None and known.decoder in WITH_PICTURE and looked.refusal is None and scan != "found"
    previews = "ready" if pictures else "failed" if wanted else "none"
    now = bench.clock.now()
    bench.database.write(findings.inspected, bench.types, job, looked, previews=previews, scan=scan, now=now)


def destroy(bench: Bench, job: jobs.Claimed) -> None:
    """Takes the bytes of a destroyed file, and the pictures made of it, from the store and its mirror."""
    sha256, _, upload_id = job.payload.partition(" ")
    _remove(bench, sha256)
    if upload_id:
        bench.store.discard(upload_id)
    bench.database.write(jobs.finish, job)


def erase(bench: Bench, job: jobs.Claimed) -> None:
    """The same for a file that a redaction took from its last record, unless somebody has sent it again since."""
    bench.database.write(sweep.take, job.payload, partial(_remove, bench, job.payload))
    bench.database.write(jobs.finish, job)


def seal(bench: Bench, job: jobs.Claimed) -> None:
    """Keeps the files of a record apart whose paper is marked as a state secret."""
    bench.database.write(quarantine.seal, bench.types, job.payload, "file_secret", bench.clock.now())
    bench.database.write(jobs.finish, job)


def _remove(bench: Bench, sha256: str) -> None:
    mirror = open_mirror(bench.settings, bench.database)
    for store in (bench.store, *([mirror] if mirror else [])):
        for key in (keys.of_digest(sha256), *(keys.of_derivative(sha256, name) for name in (THUMBNAIL, PREVIEW))):
            store.delete(key)
