"""Asking for a paper, and finding it: facts are frozen when it is asked for, files follow by a job."""

from collections.abc import Mapping

import orjson
from sqlmodel import Session, col, select

from auth.principal import EVERY_UNIT, Permission, Principal
from papers.errors import PaperUnknown
from papers.facts import Wanted, facts
from papers.kinds import KINDS
from papers.models import Paper
from sync import canonical, jobs

RENDER = "paper"  # a job; payload: id of a paper


def ask(session: Session, principal: Principal, wanted: Wanted, now: int) -> Paper:
    """The paper of these facts as they now are; a new one waits for its files.

    Raises PaperUnknown where the caller may not read that, or there is nothing to write about; UnitUnknown,
    SnapshotUnknown.
    """
    if (KINDS[wanted.kind].about == "year") is bool(wanted.unit) or not _reads(principal, wanted.unit, wanted.year):
        raise PaperUnknown
    content = canonical.encode(facts(session, principal, wanted))
    digest = canonical.sha256(content).hex()
    paper_id = canonical.derived_id("paper", canonical.sha256(f"{wanted.kind}/{wanted.unit}/{digest}".encode()))
    found = session.get(Paper, paper_id)
    if found is None:
        found = Paper(
            paper_id=paper_id,
            kind=wanted.kind,
            unit=wanted.unit,
            year=wanted.year,
            to=wanted.to,
            digest=digest,
            content=content.decode(),
            at=now,
            asked_by=principal.account_id,
            state="waiting",
            files="{}",
        )
        session.add(found)
        jobs.add(session, RENDER, paper_id, now)
    elif found.state == "failed":
        found.state = "waiting"
        jobs.add(session, RENDER, paper_id, now)
    session.flush()
    return found


def _reads(principal: Principal, unit: str, year: int) -> bool:
    """Papers of the province are for those who read every unit."""
    return principal.may(Permission.READ, f"{unit or EVERY_UNIT}/{year}")


def find(session: Session, principal: Principal, paper_id: str) -> Paper:
    """Raises PaperUnknown, also for a paper of a unit that the caller may not read; NotPermitted for originals."""
    found = session.get(Paper, paper_id)
    if found is None or not _reads(principal, found.unit, found.year):
        raise PaperUnknown
    if found.kind == "dossier_archive":
        principal.require(Permission.ORIGINAL, f"{found.unit}/{found.year}")
    return found


def listed(
    session: Session, principal: Principal, year: int, unit: str = "", kind: str = "", limit: int = 200
) -> list[Paper]:
    """Papers of a unit or of the province, the newest first. Raises PaperUnknown where the caller reads neither."""
    if not _reads(principal, unit, year):
        raise PaperUnknown
    query = select(Paper).where(col(Paper.year) == year, col(Paper.unit) == unit)
    if kind:
        query = query.where(col(Paper.kind) == kind)
    return list(session.exec(query.order_by(col(Paper.at).desc(), col(Paper.paper_id)).limit(limit)))


def rendered(session: Session, paper_id: str, files: Mapping[str, tuple[str, int]] | None) -> None:
    """Notes the files of a paper, format -> (sha256, size); None: they could not be made."""
    paper = session.get_one(Paper, paper_id)
    paper.state = "failed" if files is None else "ready"
    paper.files = orjson.dumps(files or {}, option=orjson.OPT_SORT_KEYS).decode()


def again(session: Session, paper_id: str, now: int) -> None:
    """Has the files of a paper made anew, where a restored store lacks them."""
    session.get_one(Paper, paper_id).state = "waiting"
    jobs.add(session, RENDER, paper_id, now)
