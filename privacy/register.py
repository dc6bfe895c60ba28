"""The record of processing, as a value: purposes, bases, notices, levels, retention, clocks, holidays."""

from datetime import date
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import BaseModel, ConfigDict, Field

Days = Annotated[int, Field(ge=0, le=3650)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Named(_Strict):
    """What it is called in both languages; `law`: what it rests on."""

    vi: str
    en: str
    law: str | None = None


class Class(Named):
    """How long a class of items is kept: `months`, or as long as what `keep` names."""

    months: Annotated[int, Field(ge=1, le=1200)] | None = None
    keep: str | None = None


class RequestKind(Named):
    """A right of a data subject, and the days within which it is carried out."""

    days: Days


class Register(_Strict):
    """See `privacy/data/register.yaml`, which is one."""

    version: str
    purposes: dict[str, Named]
    default_purposes: list[str]
    bases: dict[str, Named]
    notices: dict[str, Named]
    levels: dict[int, Named]
    default_levels: dict[str, int]
    retention: dict[str, Class]
    answer_working_days: Days
    extension_days: Days
    requests: dict[str, RequestKind]
    breach_hours: Annotated[int, Field(ge=1, le=8760)]
    holidays: list[date]


@cache
def load(path: Path | None = None) -> Register:
    """The register of this deployment: the file, or the one that ships. Raises ValueError, OSError."""
    source = path.read_text(encoding="utf-8") if path else _shipped()
    found: dict[str, Any] = yaml.safe_load(source)
    return Register.model_validate(found)


def _shipped() -> str:
    return files("privacy").joinpath("data/register.yaml").read_text(encoding="utf-8")
