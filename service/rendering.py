"""The job that makes the files of a paper, outside any request, and handing them out."""

import hashlib
from collections.abc import Iterator

import orjson
from sqlmodel import Session

from papers import orders, render
from papers.archive import index_bytes
from papers.errors import PaperNotReady, PaperNotRendered
from papers.models import Paper
from service import archiving
from service.bench import Bench
from service.db import Database
from storage.store import BlobStore
from sync import jobs

ATTEMPTS = 3
BACKOFF_MS = 60_000
ARCHIVE = "dossier_archive"
Told = dict[str, tuple[str, int]]


def key_of(paper_id: str, form: str) -> str:
    """Where the file of a paper lies in the store; of a ZIP, its plan."""
    return f"papers/{paper_id}.{form}"


def make(bench: Bench, job: jobs.Claimed) -> None:
    """Renders a paper from its facts, keeps its files, and notes their digests."""
    paper = bench.database.read(lambda session: session.get(Paper, job.payload))
    if paper is None:
        bench.database.write(jobs.finish, job)
        return
    try:
        told = _archived(bench, paper) if paper.kind == ARCHIVE else _rendered(bench, paper)
    except PaperNotRendered:
        if job.attempt < ATTEMPTS:
            bench.database.write(jobs.later, job, bench.clock.now() + BACKOFF_MS * job.attempt)
        else:
            bench.database.write(_done, job, None)
        return
    bench.database.write(_done, job, told)


def _rendered(bench: Bench, paper: Paper) -> Told:
    made = render.files(paper.kind, orjson.loads(paper.content), paper.digest, bench.settings.font_dir)
    for form, data in made.items():
        bench.store.put(key_of(paper.paper_id, form), data)
    return {form: (hashlib.sha256(data).hexdigest(), len(data)) for form, data in made.items()}


def _archived(bench: Bench, paper: Paper) -> Told:
    return {"zip": archiving.plan(bench, paper.paper_id, orjson.loads(paper.content)["record_id"])}


def _done(session: Session, job: jobs.Claimed, told: Told | None) -> None:
    orders.rendered(session, job.payload, told)
    jobs.finish(session, job)


def opened(database: Database, store: BlobStore, paper: Paper, form: str, now: int) -> Iterator[bytes]:
    """The bytes of a file of a paper that is ready.

    Raises PaperNotReady where they have to be made again: a restored store lacks them, or since then a file of the
    dossier was taken out of sight.
    """
    if not store.exists(key_of(paper.paper_id, form)):
        _again(database, paper, now)
    if paper.kind != ARCHIVE:
        return store.read(key_of(paper.paper_id, form))
    made_with, members = archiving.planned(store, paper.paper_id)
    index = database.read(index_bytes, orjson.loads(paper.content)["record_id"])
    if hashlib.sha256(index).hexdigest() != made_with or not all(store.exists(m.key) for m in members):
        _again(database, paper, now)
    return archiving.stream(store, members)


def _again(database: Database, paper: Paper, now: int) -> None:
    database.write(orders.again, paper.paper_id, now)
    raise PaperNotReady
