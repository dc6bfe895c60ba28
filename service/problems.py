"""Failures as RFC 9457 problems. One catalogue (`problems.yaml`), one handler; every package's errors end here."""

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

from auth.errors import AuthError
from programme.errors import ProgrammeError
from storage.errors import StorageError
from sync.errors import SyncError

DOC = "https://minhchung.example/problems#"
CHALLENGE = {"WWW-Authenticate": "Bearer"}  # RFC 9110 §11.6.1: every 401 names its scheme
CODE_OF_STATUS = {404: "not_found", 405: "method_not_allowed", 413: "too_large", 415: "unsupported_media_type"}


class Row(BaseModel):
    """One row of the catalogue; `status` is absent for codes that only ever stand in an op's result."""

    status: int | None = None
    action: str = "none"
    vi: str
    en: str


class Problem(BaseModel):
    """RFC 9457 problem document, with a stable `code` and one next `action`."""

    type: str
    title: str
    status: int
    code: str
    action: str
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
        {"Content-Language": language, **(CHALLENGE if row.status == 401 else {}), **headers},
        media_type="application/problem+json",
    )


def responses(*codes: str) -> dict[int | str, dict[str, Any]]:
    """OpenAPI `responses=` of a route that may answer with these codes; `malformed` is always one of them."""
    by_status: dict[int, list[str]] = {}
    for code in ("malformed", *codes):
        by_status.setdefault(catalogue()[code].status or 500, []).append(code)
    content = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {status: {"description": ", ".join(names), "content": content} for status, names in by_status.items()}


def _described(app: FastAPI) -> None:
    """Puts the schema that `responses` points to into the description of `app`."""
    describe = app.openapi

    def openapi() -> dict[str, Any]:
        document = describe()
        document.setdefault("components", {}).setdefault("schemas", {})["Problem"] = Problem.model_json_schema()
        return document

    app.openapi = openapi  # type: ignore[method-assign]


def install(app: FastAPI) -> None:
    """Makes every failure of `app` a problem, and its description say so."""
    _described(app)
    for base in (AuthError, StorageError, SyncError, ProgrammeError):
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
    faults = [{"pointer": "/" + "/".join(str(p) for p in e["loc"][1:]), "detail": e["msg"]} for e in error.errors()]
    return problem(request, "malformed", {}, errors=faults[:50])


def _framework(request: Request, error: Any) -> JSONResponse:
    code = CODE_OF_STATUS.get(error.status_code, "malformed")
    return problem(request, code, {}, headers=dict(error.headers or {}))


def _database(request: Request, _error: Any) -> JSONResponse:
    """The database did not take it: nothing was stored, the caller keeps its copy and comes again."""
    return problem(request, "storage_unavailable", {}, headers={"Retry-After": "5"})


def _unexpected(request: Request, _error: Any) -> JSONResponse:
    return problem(request, "internal", {})
