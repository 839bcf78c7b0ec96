"""A PDF that would do more than show its pages is refused, one that only looks so is not."""

import re
from collections.abc import Callable

import pikepdf
import pytest
from pikepdf import Array, Dictionary, Name, Object, Pdf

from archivist.errors import UnsafeScan
from archivist.image.open import page_count
from tests.boxes import pdf

#: Values as they stand in a PDF; a document cannot hold another's.
SCRIPT = b"<< /S /JavaScript /JS (app.alert\\(1\\)) >>"
ADDRESS = b"<< /S /URI /URI (http://example.org/) >>"
Change = Callable[[Pdf], object]


def sheet(change: Change, **options: object) -> bytes:
    """Return a PDF of one blank sheet after `change`, saved with pikepdf's `options`."""
    document = pikepdf.new()
    document.add_blank_page(page_size=(400, 600))
    change(document)
    return pdf(document, **options)


def root(**entries: bytes) -> Change:
    """Return what writes `entries` into the catalogue of the document."""

    def change(document: Pdf) -> None:
        for key, value in entries.items():
            document.Root[f"/{key}"] = document.make_indirect(Object.parse(value))

    return change


def page(**entries: bytes) -> Change:
    """Return what writes `entries` into the first page."""

    def change(document: Pdf) -> None:
        for key, value in entries.items():
            document.pages[0][f"/{key}"] = Object.parse(value)

    return change


def annotated(subtype: bytes, rest: bytes = b"") -> Change:
    """Return what puts an annotation on the first page."""
    return page(Annots=b"[<< /Type /Annot /Rect [10 10 60 60] /Subtype /%s %s >>]" % (subtype, rest))


def attached(document: Pdf) -> None:
    document.attachments["budget.exe"] = b"MZ"


def associated(document: Pdf) -> None:
    stream = document.make_stream(b"MZ", Type=Name.EmbeddedFile)
    document.Root.AF = Array([Dictionary(Type=Name.Filespec, F="budget.exe", EF=Dictionary(F=stream))])


def scripted_after_going(document: Pdf) -> None:
    there = Array([document.pages[0].obj, Name.Fit])
    document.Root.OpenAction = Dictionary(S=Name.GoTo, D=there, Next=[Object.parse(SCRIPT)])


ACTIVE: dict[str, tuple[Change, str]] = {
    "script on opening": (root(OpenAction=SCRIPT), "scripts"),
    "script by name": (root(Names=b"<< /JavaScript << /Kids [<< /Names [(a) %s] >>] >> >>" % SCRIPT), "scripts"),
    "script after a harmless step": (scripted_after_going, "scripts"),
    "script of a page": (page(AA=b"<< /O %s >>" % SCRIPT), "scripts"),
    "script of a link": (annotated(b"Link", b"/A " + SCRIPT), "scripts"),
    "script of a field": (root(AcroForm=b"<< /Fields [<< /FT /Tx /T (a) /AA << /K %s >> >>] >>" % SCRIPT), "scripts"),
    "script on closing": (root(AA=b"<< /WC %s >>" % SCRIPT), "scripts"),
    "program": (annotated(b"Link", b"/A << /S /Launch /F (cmd.exe) >>"), "program"),
    "sending": (annotated(b"Link", b"/A << /S /SubmitForm /F (http://x) >>"), "sends"),
    "fetching": (root(OpenAction=b"<< /S /ImportData /F (x.fdf) >>"), "fetches"),
    "another document": (root(OpenAction=b"<< /S /GoToR /F (//host/x.pdf) >>"), "another document"),
    "address on opening": (root(OpenAction=ADDRESS), "when it is opened"),
    "address of a page": (page(AA=b"<< /O %s >>" % ADDRESS), "when it is opened"),
    "attachment": (attached, "attached"),
    "associated file": (associated, "attached"),
    "attached note": (annotated(b"FileAttachment", b"/FS << /Type /Filespec /F (x.exe) >>"), "attached"),
    "XFA": (root(AcroForm=b"<< /Fields [] /XFA (<xdp/>) >>"), "XFA"),
    "film": (annotated(b"RichMedia"), "films"),
    "model": (annotated(b"3D"), "models"),
}


@pytest.mark.parametrize("attack", ACTIVE)
@pytest.mark.parametrize("hidden", [False, True], ids=["plain", "packed and locked"])
def test_a_pdf_that_would_do_something_is_refused_and_says_what(attack: str, hidden: bool) -> None:
    change, says = ACTIVE[attack]
    packed = {
        "object_stream_mode": pikepdf.ObjectStreamMode.generate,
        "encryption": pikepdf.Encryption(user="", owner="owner", R=6),
    }
    with pytest.raises(UnsafeScan, match=f"{says}.*print it"):
        page_count(sheet(change, **(packed if hidden else {})))


def opening_at_a_page_with_a_link(document: Pdf) -> None:
    annotated(b"Link", b"/A " + ADDRESS)(document)
    document.Root.OpenAction = Array([document.pages[0].obj, Name.Fit])


SIGNATURE = b"<< /Type /Sig /Filter /Adobe.PPKLite /Contents <00> /ByteRange [0 1 2 3] >>"
HARMLESS: dict[str, Change] = {
    "link": annotated(b"Link", b"/A " + ADDRESS),
    "signature": root(AcroForm=b"<< /SigFlags 3 /Fields [<< /FT /Sig /T (s) /V %s >>] >>" % SIGNATURE),
    "opening at a page": opening_at_a_page_with_a_link,
    "going to a page": root(OpenAction=b"<< /S /GoTo /D (start) >>"),
    "empty names": root(Names=b"<< /EmbeddedFiles << /Names [] >> /JavaScript << /Names [] >> >>"),
    "words on paper": root(Words=b"(/JavaScript /Launch /EmbeddedFile)"),
    "structure": root(StructTreeRoot=b"<< /Type /StructTreeRoot /K << /S /Document /K [] >> >>"),
}


@pytest.mark.parametrize("name", HARMLESS)
def test_links_signatures_and_places_to_open_at_are_no_reason_to_refuse(name: str) -> None:
    assert page_count(sheet(HARMLESS[name])) == 1
    assert page_count(sheet(HARMLESS[name], object_stream_mode=pikepdf.ObjectStreamMode.generate)) == 1


def test_a_name_written_in_another_way_is_the_same_name() -> None:
    data = sheet(root(OpenAction=SCRIPT)).replace(b"/JavaScript", b"/#4aavaScript")
    with pytest.raises(UnsafeScan, match="scripts"):
        page_count(data)


def test_tables_that_lead_nowhere_do_not_hide_a_script() -> None:
    """Viewers look for the objects themselves when the table of them is wrong."""
    data = sheet(root(OpenAction=SCRIPT))
    wrong = re.sub(rb"\d{10} 00000 n", b"0000000003 00000 n", data)
    for broken in (wrong, re.sub(rb"startxref\s+\d+", b"startxref\n7", data), data.replace(b"\n", b" ")):
        with pytest.raises(UnsafeScan, match="scripts"):
            page_count(broken)


def test_a_tree_without_end_is_left() -> None:
    def change(document: Pdf) -> None:
        first, second = (document.make_indirect(Dictionary()) for _number in range(2))
        first.Next, second.Next = second, first
        document.Root.Outlines = first
        document.Root.Deep = Object.parse(b"[" * 400 + b"]" * 400)

    assert page_count(sheet(change)) == 1
