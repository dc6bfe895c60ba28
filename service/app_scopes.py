"""Which operations each scope opens to an app of a third party. What stands in no row, no app reaches."""

_LOOKS_UP = {"whoAmI", "listUnits", "getUnit", "listCriteriaSets", "getCriteriaSet"}
_READS = _LOOKS_UP | {
    "pull", "events", "listRecords", "readRecord", "readHistory", "readProof", "verifyMedia", "getPreview",
    "unitProgress", "dossierState", "readDossier", "overview", "overdueReports",
    "listCases", "caseMoves",
}  # fmt: skip
OPERATIONS: dict[str, set[str]] = {
    "openid": {"whoAmI", "userinfo"},
    "profile": set(),
    "evidence.read": _READS,
    "evidence.push": _LOOKS_UP
    | {"push", "reconcile", "createUpload", "getUploadOffset", "appendToUpload", "terminateUpload", "verifyMedia"}
    | {"createUploadPart", "confirmUploadPart"},
    "evidence.review": _READS | {"reviewQueue", "readSignals", "decide", "decideMany"},
    "evidence.export": _LOOKS_UP | {"askForPaper", "listPapers", "readPaper", "getPaperFile", "readDossier"},
}


def opens(scope: str, operation: str) -> bool:
    """Whether a granted scope (space-separated) reaches an operation."""
    return any(operation in OPERATIONS.get(name, ()) for name in scope.split())
