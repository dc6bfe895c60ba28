"""Which papers there are: of what each speaks, and in which formats it comes. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

Format = Literal["pdf", "docx", "xlsx", "zip"]
About = Literal["unit", "dossier", "report", "year"]
MIME: Mapping[str, str] = {
    "pdf": "application/pdf",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "zip": "application/zip",
}
PaperKind = Literal[
    "registration", "self_score_sheet", "score_sheet", "monthly_report", "dossier_cover", "dossier_index",
    "appraisal_minutes", "handover_receipt", "approval_list", "decision", "announcement", "maintenance_notice",
    "award_list", "yearly_summary", "dossier_archive",
]  # fmt: skip
NAMES: tuple[PaperKind, ...] = get_args(PaperKind)


@dataclass(frozen=True, slots=True)
class Kind:
    """`about`: a unit's year, a dossier that was sent, one monthly report, or the year of the whole province."""

    about: About
    formats: tuple[Format, ...]


WRITTEN: tuple[Format, ...] = ("pdf", "docx")
LISTED: tuple[Format, ...] = ("pdf", "xlsx")
KINDS: Mapping[str, Kind] = {
    "registration": Kind("unit", WRITTEN),
    "self_score_sheet": Kind("unit", LISTED),
    "score_sheet": Kind("dossier", LISTED),
    "monthly_report": Kind("report", WRITTEN),
    "dossier_cover": Kind("dossier", WRITTEN),
    "dossier_index": Kind("dossier", LISTED),
    "appraisal_minutes": Kind("dossier", WRITTEN),
    "handover_receipt": Kind("dossier", WRITTEN),
    "approval_list": Kind("year", LISTED),
    "decision": Kind("year", WRITTEN),
    "announcement": Kind("year", WRITTEN),
    "maintenance_notice": Kind("year", WRITTEN),
    "award_list": Kind("year", LISTED),
    "yearly_summary": Kind("year", ("pdf", "docx", "xlsx")),
    "dossier_archive": Kind("dossier", ("zip",)),
}
# Papers that lie in the ZIP of a dossier.
IN_A_DOSSIER: tuple[PaperKind, ...] = ("dossier_cover", "dossier_index", "score_sheet")
KIND_VI: Mapping[str, str] = {
    "commune": "xã", "ward": "phường", "special_zone": "đặc khu", "agency": "cơ quan", "enterprise": "doanh nghiệp",
    "school": "cơ sở giáo dục",
}  # fmt: skip
CARRIED = ("commune", "ward", "special_zone")  # kinds of unit that are said before the name
