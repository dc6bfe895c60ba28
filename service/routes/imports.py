"""Tables that an office brings along, as CSV, XLSX or YAML; a dry run says what would happen."""

from typing import Annotated

from fastapi import APIRouter, Body, Query

from service.deps import CALLER_CODES, Config, Types, Witnessed
from service.fields import Answer
from service.importing import ImportKind, import_table
from service.problems import responses

router = APIRouter(prefix="/v1/imports", tags=["catalogue"])


class TableImported(Answer):
    """What came new, came with other values, or was as before; after a dry run, what would have."""

    added: int
    changed: int
    unchanged: int


@router.post(
    "/{kind}",
    operation_id="importTable",
    responses=responses(
        *CALLER_CODES,
        "not_permitted",
        "units_invalid",
        "table_invalid",
        "catalogue_invalid",
        "catalogue_version_reused",
        "criteria_set_unknown",
    ),
)
def import_a_table(
    kind: ImportKind,
    body: Annotated[bytes, Body(media_type="application/octet-stream", description="CSV, XLSX or YAML, at most 2 MiB")],
    at: Witnessed,
    types: Types,
    config: Config,
    dry_run: Annotated[bool, Query(description="only say what would happen")] = False,
) -> TableImported:
    """For administrators of the province. All or nothing: a problem names every fault with row and column."""
    run = at.db.rehearse if dry_run else at.db.write
    table = (kind, body, config.programme_year, at.now)
    return TableImported.model_validate(run(import_table, types, at.caller, at.source, *table))
