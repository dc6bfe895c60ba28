"""The problems of a file that is not there for anybody: it has not come, or is kept apart for one of these reasons."""

FILE_CODES = (
    "media_unknown",
    "media_missing",
    "file_empty",
    "file_type_refused",
    "archive_refused",
    "file_structure",
    "file_encrypted",
    "file_active_content",
    "file_macros",
    "file_unpacks_too_large",
    "picture_too_large",
    "file_not_decodable",
    "file_malware",
    "file_secret",
    "file_personal_data",
    "file_not_evidence",
    "file_destroyed",
)
