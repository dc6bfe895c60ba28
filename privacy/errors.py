"""What can go wrong at the desk for personal data, beside what any case can (`programme/errors.py`)."""

from programme.errors import ProgrammeError


class NotDue(ProgrammeError):
    """Something may not be erased yet: its period lasts, or its dossier was not handed over; `errors` names each."""

    code = "retention_not_due"


class CertificateUnknown(ProgrammeError):
    """No erasure has this certificate."""

    code = "certificate_unknown"
