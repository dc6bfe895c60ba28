"""The job that makes the files of a paper, outside any request."""

import hashlib

import orjson
from sqlmodel import Session

from papers import orders, render
from papers.errors import PaperNotRendered
from papers.models import Paper
from service.bench import Bench
from sync import jobs

ATTEMPTS = 3
BACKOFF_MS = 60_000


def key_of(paper_id: str, form: str) -> str:
    """Where the file of a paper lies in the store."""
    return f"papers/{paper_id}.{form}"


def make(bench: Bench, job: jobs.Claimed) -> None:
    """Renders a paper from its facts, keeps its files, and notes their digests."""
    paper = bench.database.read(lambda session: session.get(Paper, job.payload))
    if paper is None:
        bench.database.write(jobs.finish, job)
        return
    try:
        made = render.files(paper.kind, orjson.loads(paper.content), paper.digest, bench.settings.font_dir)
    except PaperNotRendered:
        if job.attempt < ATTEMPTS:
            bench.database.write(jobs.later, job, bench.clock.now() + BACKOFF_MS * job.attempt)
        else:
            bench.database.write(_done, job, None)
        return
    for form, data in made.items():
        bench.store.put(key_of(paper.paper_id, form), data)
    told = {form: (hashlib.sha256(data).hexdigest(), len(data)) for form, data in made.items()}
    bench.database.write(_done, job, told)


def _done(session: Session, job: jobs.Claimed, told: dict[str, tuple[str, int]] | None) -> None:
    orders.rendered(session, job.payload, told)
    jobs.finish(session, job)
