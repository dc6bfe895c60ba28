"""Papers that officials use: asked for, made by the worker, fetched as PDF, DOCX or XLSX (docs/papers.md)."""

from typing import Annotated, Literal

import orjson
from fastapi import APIRouter, Header, Path, Query, Response, status
from fastapi.responses import StreamingResponse
from pydantic import Field

from papers import models, orders
from papers.errors import PaperNotReady, PaperUnknown
from papers.facts import Wanted
from papers.kinds import MIME, Format, PaperKind
from papers.texts import template
from programme.yearly import RECIPIENTS, Recipient
from service.answers import disposition
from service.deps import CALLER_CODES, Caller, Config, Db, Now, Store
from service.fields import RECORD_ID, Answer, Body, Instant
from service.problems import responses
from service.rendering import opened

router = APIRouter(prefix="/v1/papers", tags=["papers"])
PaperId = Annotated[str, Path(pattern=r"^[0-9a-f-]{36}$")]
Unit = Annotated[str, Field(pattern=r"^([A-Za-z0-9][A-Za-z0-9_.-]{0,31})?$")]
Year = Annotated[int, Field(ge=2000, le=2999)]
BYTES = {"content": {mime: {"schema": {"type": "string", "format": "binary"}} for mime in MIME.values()}}


class PaperRequest(Body):
    """A paper of a unit, or without `unit` of the province.

    `version`: of a dossier; `record_id`: a monthly report; `to`: for whom the `yearly_summary` is, empty for one's own.
    """

    kind: PaperKind
    year: Year
    unit: Unit = ""
    version: Annotated[int | None, Field(ge=1, le=999)] = None
    record_id: Annotated[str, Field(pattern=rf"{RECORD_ID[:-1]}$|^$")] = ""
    to: Recipient | Literal[""] = ""


class PaperFile(Answer):
    """One format of a paper."""

    format: Format
    sha256: str
    size: int


class Paper(Answer):
    """A paper: its facts are frozen under `digest`; `files` are there when it is `ready`."""

    paper_id: str
    kind: PaperKind
    name_vi: str
    unit: str
    year: int
    to: Recipient | Literal[""]
    digest: str
    at: Instant
    state: Literal["waiting", "ready", "failed"]
    files: list[PaperFile]


def _shown(paper: models.Paper) -> Paper:
    files = [{"format": f, "sha256": s, "size": n} for f, (s, n) in orjson.loads(paper.files).items()]
    return Paper.model_validate({**paper.model_dump(), "name_vi": template(paper.kind)["name_vi"], "files": files})


@router.post(
    "",
    operation_id="askForPaper",
    responses=responses(*CALLER_CODES, "paper_unknown", "unit_unknown", "snapshot_unknown", "not_permitted"),
)
def ask_for_paper(body: PaperRequest, caller: Caller, db: Db, now: Now) -> Paper:
    """Freezes what the paper says as it is now. The same facts are the same paper, with the same bytes."""
    return _shown(db.write(orders.ask, caller, Wanted(**body.model_dump()), now))


@router.get("", operation_id="listPapers", responses=responses(*CALLER_CODES, "paper_unknown"))
def list_papers(
    caller: Caller,
    db: Db,
    config: Config,
    unit: Annotated[Unit, Query()] = "",
    year: Annotated[Year | None, Query()] = None,
    kind: PaperKind | None = None,
) -> list[Paper]:
    """At most 200 papers of a unit, or of the province, the newest first."""
    found = db.read(orders.listed, caller, year or config.programme_year, unit, kind or "")
    return [_shown(paper) for paper in found]


@router.get("/{paper_id}", operation_id="readPaper", responses=responses(*CALLER_CODES, "paper_unknown"))
def read_paper(paper_id: PaperId, caller: Caller, db: Db) -> Paper:
    """Whether its files are there yet."""
    return _shown(db.read(orders.find, caller, paper_id))


@router.get(
    "/{paper_id}/{format}",
    operation_id="getPaperFile",
    response_class=StreamingResponse,
    responses={200: BYTES, **responses(*CALLER_CODES, "paper_unknown", "paper_not_ready")},
)
def paper_file(
    paper_id: PaperId,
    form: Annotated[Format, Path(alias="format")],
    *,
    caller: Caller,
    db: Db,
    store: Store,
    now: Now,
    if_none_match: Annotated[str, Header()] = "",
) -> Response:
    """A file of a paper. Where a restored store lacks it, it is made again."""
    paper = db.read(orders.find, caller, paper_id)
    digest, size = orjson.loads(paper.files).get(form, ("", 0))
    if not digest:
        raise PaperNotReady if paper.state == "waiting" else PaperUnknown
    headers = {"ETag": f'"{digest}"', "Cache-Control": "private, no-cache", "X-Content-Type-Options": "nosniff"}
    if headers["ETag"] in if_none_match:
        return Response(status_code=status.HTTP_304_NOT_MODIFIED, headers=headers)
    body = opened(db, store, paper, form, now)
    name = f"{template(paper.kind)['name_vi']} {paper.unit or RECIPIENTS.get(paper.to, 'Bắc Ninh')} {paper.year}.{form}"
    headers |= {"Content-Length": str(size), "Content-Disposition": disposition(name)}
    return StreamingResponse(body, headers=headers, media_type=MIME[form])
