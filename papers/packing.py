"""Office files with the same bytes each time: they are ZIPs, and carry the hour at which a library wrote them. Pure."""

import io
import re
import zipfile
from datetime import UTC, datetime

FIRST_DAY = (1980, 1, 1, 0, 0, 0)  # the earliest that a ZIP can say
_STAMPS = re.compile(rb"(<dcterms:(?:created|modified)[^>]*>)[^<]*(</dcterms:)")


def repacked(data: bytes, at: int) -> bytes:
    """The same DOCX or XLSX with its parts in their order, no hour of writing, and the moment `at` (ms) inside."""
    moment = datetime.fromtimestamp(at // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ").encode()
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as source, zipfile.ZipFile(out, "w") as target:
        for name in source.namelist():
            part = source.read(name)
            if name == "docProps/core.xml":
                part = _STAMPS.sub(rb"\g<1>" + moment + rb"\g<2>", part)
            info = zipfile.ZipInfo(name, FIRST_DAY)
            info.create_system, info.external_attr = 3, 0o600 << 16
            info.compress_type = zipfile.ZIP_DEFLATED
            target.writestr(info, part)
    return out.getvalue()
