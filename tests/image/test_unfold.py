"""A PDF that unpacks to more than a sheet can show is left closed, in bounded time and memory."""

import re
import resource
import zlib
from collections.abc import Callable

import pikepdf
import pytest
from pikepdf import Array, Dictionary, Name, Pdf

from archivist.errors import OversizedScan, ScanError
from archivist.image.open import open_page, page_count
from archivist.image.picture import MOST_PAGES
from tests.boxes import pdf, plan

MEGABYTE = 2**20


def packed(size: int, times: int = 1) -> bytes:
    """Return `size` spaces, deflated so many times."""
    squeeze = zlib.compressobj(9)
    # After a full flush each part stands by itself, so that it can be repeated.
    first, part = (squeeze.compress(b" " * MEGABYTE) + squeeze.flush(zlib.Z_FULL_FLUSH) for _part in range(2))
    data = first + part * (size // MEGABYTE - 1)
    return zlib.compress(data, 9) if times == 2 else data


def lzw(rounds: int) -> bytes:
    """Return some megabytes of spaces a round, packed as LZW with codes of growing length (TIFF 6.0, section 13)."""
    codes = [(256, 9), (32, 9)]
    codes += [(code, 9 + (code > 510) + (code > 1022) + (code > 2046)) for code in range(258, 4094)]
    bits = "".join(f"{code:0{length}b}" for code, length in codes) + f"{256:012b}"
    bits = bits + bits[9:] * (rounds - 1)
    return int(bits.ljust(-(-len(bits) // 8) * 8, "0"), 2).to_bytes(-(-len(bits) // 8))


def sheet(change: Callable[[Pdf, Dictionary], object]) -> bytes:
    document = pikepdf.new()
    document.add_blank_page(page_size=(400, 600))
    change(document, document.pages[0].obj)
    return pdf(document, compress_streams=False)


def flate(document: Pdf, data: bytes, times: int = 1, **entries: object) -> pikepdf.Object:
    stream = document.make_stream(b"", **entries)
    how = Name.FlateDecode if times == 1 else Array([Name.FlateDecode] * times)
    stream.write(data, filter=how)
    return stream


def endless_drawing(document: Pdf, page: Dictionary) -> None:
    page.Contents = flate(document, packed(400 * MEGABYTE))


def twice_packed_drawing(document: Pdf, page: Dictionary) -> None:
    page.Contents = flate(document, packed(400 * MEGABYTE, 2), 2)


def many_drawings(document: Pdf, page: Dictionary) -> None:
    part = flate(document, packed(20 * MEGABYTE))
    page.Contents = Array([part, *(flate(document, packed(20 * MEGABYTE)) for _part in range(4))])


def endless_font(document: Pdf, page: Dictionary) -> None:
    """Return a text whose font names its characters in a table without end."""
    page.Contents = document.make_stream(b"BT /F 14 Tf 20 100 Td (a) Tj ET")
    face = Dictionary(Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.Helvetica)
    face.ToUnicode = flate(document, packed(400 * MEGABYTE))
    page.Resources = Dictionary(Font=Dictionary(F=face))


def billion_drawings(document: Pdf, page: Dictionary) -> None:
    """Ten forms, each of which draws the next ten times."""
    form = document.make_stream(b"0 0 1 1 re f", Type=Name.XObject, Subtype=Name.Form, BBox=[0, 0, 9, 9])
    for _level in range(9):
        inner, form = form, document.make_stream(b"/X Do " * 10, Type=Name.XObject, Subtype=Name.Form)
        form.BBox, form.Resources = Array([0, 0, 9, 9]), Dictionary(XObject=Dictionary(X=inner))
    page.Contents = document.make_stream(b"/X Do")
    page.Resources = Dictionary(XObject=Dictionary(X=form))


def enormous_picture(document: Pdf, page: Dictionary) -> None:
    image = flate(document, packed(100 * MEGABYTE), Type=Name.XObject, Subtype=Name.Image)
    image.Width, image.Height, image.BitsPerComponent, image.ColorSpace = 60_000, 60_000, 8, Name.DeviceGray
    page.Contents = document.make_stream(b"q 400 0 0 600 0 0 cm /X Do Q")
    page.Resources = Dictionary(XObject=Dictionary(X=image))


def picture_in_a_bomb(document: Pdf, page: Dictionary) -> None:
    image = document.make_stream(b"", Type=Name.XObject, Subtype=Name.Image)
    image.Width, image.Height, image.BitsPerComponent, image.ColorSpace = 100, 100, 8, Name.DeviceGray
    image.write(packed(400 * MEGABYTE), filter=Array([Name.FlateDecode, Name.DCTDecode]))
    page.Contents = document.make_stream(b"q 400 0 0 600 0 0 cm /X Do Q")
    page.Resources = Dictionary(XObject=Dictionary(X=image))


def another_packing(document: Pdf, page: Dictionary) -> None:
    page.Contents = document.make_stream(b"")
    page.Contents.write(lzw(12), filter=Name.LZWDecode)


def wide_rows(document: Pdf, page: Dictionary) -> None:
    page.Contents = document.make_stream(b"")
    how = Dictionary(Predictor=12, Columns=2_000_000_000)
    page.Contents.write(zlib.compress(b" " * 10), filter=Name.FlateDecode, decode_parms=how)


BOMBS = [
    endless_drawing,
    twice_packed_drawing,
    many_drawings,
    another_packing,
    wide_rows,
    endless_font,
    billion_drawings,
    enormous_picture,
    picture_in_a_bomb,
]


@pytest.mark.parametrize("bomb", BOMBS, ids=[bomb.__name__ for bomb in BOMBS])
def test_a_page_that_unpacks_to_more_than_a_sheet_can_show_is_left_closed(bomb: Callable[..., None]) -> None:
    data = sheet(bomb)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert page_count(data) == 1
    with pytest.raises(OversizedScan, match="left closed"):
        open_page(data, 0)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 300_000


def test_a_bomb_among_the_objects_is_left_closed() -> None:
    stream = packed(100 * MEGABYTE)
    body = b"%%PDF-1.5\n1 0 obj <</Type/Catalog/Pages 2 0 R/Outlines 9 0 R>> endobj\n"
    body += b"2 0 obj <</Type/Pages/Kids[3 0 R]/Count 1>> endobj\n"
    body += b"3 0 obj <</Type/Page/Parent 2 0 R/MediaBox[0 0 400 600]>> endobj\n"
    body += b"5 0 obj <</Type/ObjStm/N 1/First 4/Filter/FlateDecode/Length %d>>stream\n" % len(stream)
    body += stream + b"\nendstream endobj\ntrailer <</Root 1 0 R/Size 10>>\nstartxref\n0\n%%EOF"
    with pytest.raises(OversizedScan, match="left closed"):
        page_count(body.replace(b"%%", b"%"))


@pytest.mark.parametrize("claim", [MOST_PAGES + 1, 1_000_000])
def test_a_pdf_that_says_it_has_a_million_pages_is_not_believed(claim: int) -> None:
    data = pdf(plan(), object_stream_mode=pikepdf.ObjectStreamMode.disable)
    with pytest.raises(ScanError):
        page_count(re.sub(rb"/Count 1\b", b"/Count %d" % claim, data))


def test_a_number_of_pages_that_cannot_be_is_not_believed() -> None:
    data = pdf(plan(), object_stream_mode=pikepdf.ObjectStreamMode.disable)
    assert page_count(re.sub(rb"/Count 1\b", b"/Count 2147483647", data)) == 1


def test_tables_of_objects_that_lead_in_a_circle_are_left() -> None:
    data = pdf(plan(), object_stream_mode=pikepdf.ObjectStreamMode.disable)
    start = data[data.rindex(b"startxref") :].split()[1]
    turned = data.replace(b"trailer <<", b"trailer << /Prev " + start)
    assert turned != data
    assert page_count(turned) == 1
    assert open_page(turned, 0).text is None


def test_pages_a_thousand_levels_deep_are_counted_or_refused() -> None:
    document = plan()
    leaf = document.pages[0].obj
    tree = document.Root.Pages
    for _level in range(1200):
        tree = document.make_indirect(Dictionary(Type=Name.Pages, Count=1, Kids=Array([tree])))
        tree.Kids[0].Parent = tree
    document.Root.Pages = tree
    assert leaf.Type == Name.Page
    try:
        assert page_count(pdf(document)) == 1
    except ScanError as error:
        assert str(error)
