"""Failures as RFC 9457 problems. One catalogue (`problems.yaml`), one handler; every package's errors end here."""

import logging
import secrets
import traceback
import uuid
from functools import cache
from importlib.resources import files
from typing import Any

import yaml
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from sqlalchemy.exc import SQLAlchemyError
from starlette.exceptions import HTTPException
from starlette.routing import Match

from auth.errors import AuthError
from papers.errors import PaperError
from programme.errors import ProgrammeError
from storage.errors import StorageError
from sync.errors import SyncError

log = logging.getLogger(__name__)
DOC = "https://minhchung.example/problems#"
CHALLENGE = {"WWW-Authenticate": "Bearer"}  # RFC 9110 §11.6.1: every 401 names its scheme
HEADERS: dict[int | str, tuple[str, ...]] = {
    401: ("WWW-Authenticate",),
    429: ("Retry-After", "RateLimit", "RateLimit-Policy"),
    503: ("Retry-After",),
}
ANYWHERE, WITH_BODY = ("storage_unavailable", "internal"), ("too_large", "unsupported_media_type")
METHODS = ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE")
CODE_OF_STATUS = {404: "not_found", 405: "method_not_allowed", 413: "too_large", 415: "unsupported_media_type"}


class Row(BaseModel):
    """One row of the catalogue; `status` is absent for codes that only ever stand in an op's result."""

    status: int | None = None
    action: str = "none"
    vi: str
    en: str


class Problem(BaseModel):
    """RFC 9457 problem document, with a stable `code` and one next `action`.

    `instance` is there when the service noted this very failure under that name.
    """

    type: str
    title: str
    status: int
    code: str
    action: str
    instance: str | None = None
    errors: list[dict[str, Any]] | None = None
    current: dict[str, Any] | None = None


@cache
def catalogue() -> dict[str, Row]:
    """Code -> row, for problems and for op results alike."""
    text = files("service").joinpath("problems.yaml").read_text(encoding="utf-8")
    return {code: Row.model_validate(row) for code, row in yaml.safe_load(text).items()}


def message(code: str, language: str, params: dict[str, Any]) -> str:
    """The text of `code` in `vi` or `en`; a parameter that is not known shows as an ellipsis."""
    row = catalogue()[code]
    return (row.en if language == "en" else row.vi).format_map(_Known(params))


class _Known(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return "…"


def problem(request: Request, code: str, params: dict[str, Any] | None = None, **extra: Any) -> JSONResponse:
    """The answer for `code`; `params` fill its text, `extra` may hold `errors`, `current` and `headers`."""
    row = catalogue()[code]
    language = "en" if request.headers.get("accept-language", "").strip().lower().startswith("en") else "vi"
    headers = extra.pop("headers", {})
    body = Problem(
        type=DOC + code,
        title=message(code, language, params or {}),
        status=row.status or 500,
        code=code,
        action=row.action,
        **extra,
    )
    return JSONResponse(
        body.model_dump(exclude_none=True),
        body.status,
        {"Content-Language": language, **_hints(row.status), **headers},
        media_type="application/problem+json",
    )


def _hints(status: int | None) -> dict[str, str]:
    """Headers that go with a status. Callers are asked back at different moments, not all at once (protocol P19)."""
    if status == 503:
        return {"Retry-After": str(2 + secrets.randbelow(7))}
    return CHALLENGE if status == 401 else {}


def responses(*codes: str) -> dict[int | str, dict[str, Any]]:
    """OpenAPI `responses=` of a route that may answer with these codes; `malformed` is always one of them."""
    found: dict[int | str, dict[str, Any]] = {}
    for code in ("malformed", *codes):
        _document(found, catalogue()[code].status or 500, code)
    return found


def _document(answers: dict[Any, dict[str, Any]], status: int | str, code: str) -> None:
    """Adds a code to the answers of an operation; the description of an answer is the list of its codes."""
    content = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    answer = answers.setdefault(status, {"description": "", "content": content})
    names = [*filter(None, answer["description"].split(", ")), code]
    answer["description"] = ", ".join(dict.fromkeys(names))
    if status in HEADERS:
        answer["headers"] = {name: {"schema": {"type": "string"}} for name in HEADERS[status]}


def _described(app: FastAPI) -> None:
    """Puts into the description of `app` the schema that `responses` points to, and what any operation may answer."""
    describe = app.openapi

    def openapi() -> dict[str, Any]:
        document = describe()
        document.setdefault("components", {}).setdefault("schemas", {})["Problem"] = Problem.model_json_schema()
        for operation in (o for item in document["paths"].values() for o in item.values()):
            for code in ANYWHERE + (WITH_BODY if "requestBody" in operation else ()):
                _document(operation["responses"], str(catalogue()[code].status), code)
            stream = operation["responses"].get("200", {}).get("content", {}).get("text/event-stream")
            if stream:  # FastAPI describes its events in the words of OpenAPI 3.2, and calls the whole 3.1
                stream |= {"schema": {"type": "string"}}
                stream.pop("itemSchema", None)
        return document

    app.openapi = openapi  # type: ignore[method-assign]


def install(app: FastAPI) -> None:
    """Makes every failure of `app` a problem, and its description say so."""
    _described(app)
    for base in (AuthError, StorageError, SyncError, ProgrammeError, PaperError):
        app.add_exception_handler(base, _domain)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _framework)
    app.add_exception_handler(SQLAlchemyError, _database)
    app.add_exception_handler(Exception, _unexpected)


def _domain(request: Request, error: Any) -> JSONResponse:
    params = dict(error.params)
    extra = {k: params.pop(k) for k in ("errors", "current", "headers") if k in params}
    return problem(request, error.code, params, **extra)


def _invalid(request: Request, error: Any) -> JSONResponse:
    """What does not fit the shape of a request. FastAPI leaves a body as bytes where its type is not JSON."""
    faults = [_fault(found) for found in error.errors()]
    if isinstance(error.body, bytes) and any(fault["pointer"] == "" for fault in faults):
        return problem(request, "unsupported_media_type")
    return problem(request, "malformed", errors=faults[:50])


def _fault(found: dict[str, Any]) -> dict[str, str]:
    """A fault that FastAPI found, its place as a JSON pointer (RFC 6901)."""
    if found["type"] == "json_invalid":
        return {"pointer": "", "detail": f"{found['ctx']['error']} at character {found['loc'][1]}"}
    names = (str(name).replace("~", "~0").replace("/", "~1") for name in found["loc"][1:])
    return {"pointer": "".join(f"/{name}" for name in names), "detail": found["msg"]}


def _framework(request: Request, error: Any) -> JSONResponse:
    code = CODE_OF_STATUS.get(error.status_code, "malformed")
    if code == "method_not_allowed":
        return problem(request, code, headers={"Allow": ", ".join(_methods(request))})
    if code != "malformed":
        return problem(request, code, headers=dict(error.headers or {}))
    if "content-encoding" in request.headers:
        return problem(request, "unsupported_media_type")  # no coding is taken off (RFC 9110 §15.5.16)
    return problem(request, code, errors=[{"pointer": "", "detail": str(error.__cause__ or error.detail)}])


def _methods(request: Request) -> list[str]:
    """Every method that the address takes (RFC 9110 §15.5.6); the framework names those of one route only."""
    asked = ({**request.scope, "method": method} for method in METHODS)
    routes = request.app.routes
    return [scope["method"] for scope in asked if any(route.matches(scope)[0] is Match.FULL for route in routes)]


def _database(request: Request, error: Any) -> JSONResponse:
    """The database did not take it: nothing was stored, the caller keeps its copy and comes again."""
    noted = _note(request, getattr(error, "orig", None) or error)
    return problem(request, "storage_unavailable", instance=noted)


def _unexpected(request: Request, error: Any) -> JSONResponse:
    return problem(request, "internal", instance=_note(request, error))


def _note(request: Request, error: BaseException) -> str:
    """Notes what failed and where, and returns the name of the note. No value goes into the log: it may be personal."""
    name = f"urn:uuid:{getattr(request.state, 'request_id', uuid.uuid4())}"
    route = getattr(request.scope.get("route"), "path", "no route")
    where = " < ".join(f"{f.name} ({f.filename}:{f.lineno})" for f in traceback.extract_tb(error.__traceback__)[:-9:-1])
    log.error("%s: %s at %s %s in %s", name, type(error).__name__, request.method, route, where)
    return name
