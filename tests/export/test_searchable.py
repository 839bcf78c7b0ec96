import io
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pikepdf
import pypdfium2
import pytest
from PIL import Image

from archivist.errors import UnreadableScan
from archivist.export import searchable
from archivist.image.open import open_page
from archivist.model import Box, Glyph, Item, Line, Page, Region, Scan
from tests import items

WIDTH, HEIGHT, SIZE = 1000, 1400, 40


def pixels(data: bytes, index: int) -> "np.ndarray":
    return open_page(data, index).pixels


def picture(kind: str = "JPEG", size: tuple[int, int] = (WIDTH, HEIGHT), exif: int = 1, mode: str = "RGB") -> bytes:
    """A white picture with a black corner at its top left."""
    image = Image.new(mode, size, 255 if mode == "L" else (255, 255, 255))
    image.paste(0 if mode == "L" else (0, 0, 0), (0, 0, 100, 100))
    kept = io.BytesIO()
    said = Image.Exif()
    said[0x0112] = exif
    image.save(kept, kind, exif=said)
    return kept.getvalue()


def line(text: str, left: float, top: float, *, step: tuple[float, float] = (SIZE, 0), size: float = SIZE) -> Line:
    """A line whose characters follow each other by `step`."""
    boxes = [
        Box(left + step[0] * turn, top + step[1] * turn, left + step[0] * turn + size, top + step[1] * turn + size)
        for turn in range(len(text))
    ]
    glyphs = tuple(Glyph(char, box, 0.99) for char, box in zip(text, boxes, strict=True))
    return Line(glyphs, Box.around(boxes), "test")


def item_of(*lines: Line, rotation: int = 0, area: Box | None = None, size: tuple[int, int] = (WIDTH, HEIGHT)) -> Item:
    scan = Scan("p1.jpg", "0" * 64, 0, *size, 150.0, "image/jpeg", 0, area)
    box = Box(0, 0, *size)
    return Item("a1", "关于通知", (Page(1, scan, (Region("body", box, lines),), rotation),))


def made(item: Item, data: bytes) -> bytes:
    kept = io.BytesIO()
    searchable.write(item, lambda scan: data, pixels, kept)
    return kept.getvalue()


def places(pdf: bytes) -> list[tuple[str, tuple[float, float, float, float]]]:
    """The characters of the first page with their boxes, in pixels of the sheet from its top left."""
    document = pypdfium2.PdfDocument(pdf)
    page = document[0]
    text = page.get_textpage()
    found = []
    for at in range(text.count_chars()):
        left, bottom, right, top = text.get_charbox(at, loose=True)
        scale, height = 150 / 72, page.get_height()
        found.append(
            (
                text.get_text_range(at, 1),
                (left * scale, (height - top) * scale, right * scale, (height - bottom) * scale),
            )
        )
    document.close()
    return [(char, box) for char, box in found if char.strip()]


def test_what_is_marked_is_what_it_says() -> None:
    # Letter-spaced as titles are, then close; a gap is no blank.
    wide, close = line("决定书", 300, 200, step=(130, 0)), line("根据《意见》(1995)58号", 100, 400)
    found = places(made(item_of(wide, close), picture()))
    glyphs = [*wide.glyphs, *close.glyphs]
    assert [char for char, _box in found] == [glyph.char for glyph in glyphs]
    for (_char, box), glyph in zip(found, glyphs, strict=True):
        assert abs(box[0] - glyph.box.left) <= SIZE / 20
        assert box[1] <= glyph.box.top + 3
        assert box[3] >= glyph.box.bottom - 3
        assert box[2] >= glyph.box.right - SIZE / 10


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
def test_pages_that_lay_on_their_side_are_upright_with_their_text(rotation: int) -> None:
    # Upright, the line reads from left to right, whichever way the sheet was put into the scanner.
    ways = {0: (SIZE, 0), 90: (0, -SIZE), 180: (-SIZE, 0), 270: (0, SIZE)}
    item = item_of(line("中共聊城市委文件", 500, 700, step=ways[rotation]), rotation=rotation)
    pdf = made(item, picture())
    found = places(pdf)
    assert "".join(char for char, _box in found) == "中共聊城市委文件"
    assert [box[0] for _char, box in found] == sorted(box[0] for _char, box in found)
    sheet = Image.fromarray(open_page(pdf, 0).pixels)
    assert sheet.width > sheet.height if rotation in (90, 270) else sheet.height > sheet.width
    # The black corner has turned with it.
    corner = {0: (0, 0), 90: (1, 0), 180: (1, 1), 270: (0, 1)}[rotation]
    at = (sheet.width - 30 if corner[0] else 30, sheet.height - 30 if corner[1] else 30)
    assert max(sheet.getpixel(at)) < 60
    assert min(sheet.getpixel((sheet.width // 2, sheet.height // 2))) > 200


def test_vertical_lines_run_down_the_page() -> None:
    item = item_of(line("聊城縣人民政府", 800, 100, step=(0, SIZE)), line("布告", 700, 100, step=(0, SIZE)))
    found = dict(places(made(item, picture())))
    for column in (page_line.text for page_line in item.pages[0].lines):
        boxes = [found[char] for char in column]
        assert [box[1] for box in boxes] == sorted(box[1] for box in boxes)
        assert max(box[0] for box in boxes) - min(box[0] for box in boxes) < 1
    assert abs(found["聊"][0] - 800) < 3
    assert abs(found["布"][0] - 700) < 3


@pytest.mark.parametrize("exif", range(1, 9))
def test_a_photograph_lies_as_its_exif_says(exif: int) -> None:
    data = picture(size=(WIDTH, HEIGHT), exif=exif)
    upright = open_page(data, 0)
    pdf = made(item_of(size=upright.size), data)
    sheet = Image.fromarray(open_page(pdf, 0).pixels).resize(upright.size)
    for at in (
        (50, 50),
        (upright.size[0] - 50, 50),
        (50, upright.size[1] - 50),
        (upright.size[0] - 50, upright.size[1] - 50),
    ):
        assert abs(sheet.getpixel(at)[0] - int(upright.pixels[at[1], at[0], 0])) < 40


def test_a_jpeg_is_taken_over_as_it_is() -> None:
    data = picture()
    with pikepdf.open(io.BytesIO(made(item_of(line("通知", 100, 100)), data))) as pdf:
        sheet = pdf.pages[0].Resources.XObject.Sheet
        assert sheet.Filter == pikepdf.Name.DCTDecode
        assert sheet.read_raw_bytes() == data


def test_of_two_pages_on_one_scan_each_shows_its_own_only() -> None:
    item = item_of(line("右页", 700, 100), area=Box(500, 0, WIDTH, HEIGHT))
    pdf = made(item, picture())
    sheet = open_page(pdf, 0).pixels
    # The corner lies on the other page.
    assert sheet.min() > 200
    (first, *_rest) = places(pdf)
    assert abs(first[1][0] - 200) < 4
    with pikepdf.open(io.BytesIO(pdf)) as opened:
        assert opened.pages[0].Resources.XObject.Sheet.Width == 500


@pytest.mark.parametrize(
    ("kind", "mode", "bits", "colours"), [("PNG", "L", 1, "/DeviceGray"), ("TIFF", "RGB", 8, "/DeviceRGB")]
)
def test_other_scans_keep_their_colours(kind: str, mode: str, bits: int, colours: str) -> None:
    data = picture(kind, mode=mode)
    if mode == "RGB":
        image = Image.new("RGB", (WIDTH, HEIGHT), (250, 250, 240))
        image.paste((170, 30, 30), (0, 0, 100, 100))
        kept = io.BytesIO()
        image.save(kept, kind)
        data = kept.getvalue()
    pdf = made(item_of(), data)
    with pikepdf.open(io.BytesIO(pdf)) as opened:
        sheet = opened.pages[0].Resources.XObject.Sheet
        assert (int(sheet.BitsPerComponent), str(sheet.ColorSpace)) == (bits, colours)
    seen = open_page(pdf, 0).pixels
    assert abs(int(seen[30, 30, 0]) - (170 if mode == "RGB" else 0)) < 12
    assert int(seen[700, 500, 0]) > 240


def test_the_text_is_there_but_not_to_be_seen() -> None:
    item = item_of(line("看不见的字", 100, 500))
    assert open_page(made(item, picture()), 0).pixels[400:, :].min() > 240
    with pikepdf.open(io.BytesIO(made(item, picture()))) as pdf:
        assert b"3 Tr" in pdf.pages[0].Contents.read_bytes()
        (font,) = pdf.pages[0].Resources.Font.values()
        assert font.DescendantFonts[0].FontDescriptor.FontFile2.read_bytes() == searchable.GLYPHLESS.read_bytes()


def test_rare_characters_and_broken_ones_do_no_harm() -> None:
    item = item_of(line("𠮷\ud800野&(<", 100, 100))
    document = pypdfium2.PdfDocument(made(replace(item, title="题\ud800目"), picture()))
    text = document[0].get_textpage().get_text_range()
    document.close()
    assert text.strip() in ("𠮷\ufffd野&(<", "𠮷野&(<")


def test_the_pdf_says_what_it_is_called_and_in_which_language() -> None:
    with pikepdf.open(io.BytesIO(made(item_of(), picture()))) as pdf:
        assert str(pdf.docinfo.Title) == "关于通知"
        assert str(pdf.Root.Lang) == "zh"


def test_the_same_item_gives_the_same_bytes() -> None:
    item, data = item_of(line("通知", 100, 100)), picture()
    assert made(item, data) == made(item, data)


def test_an_item_without_pages_and_a_page_without_text() -> None:
    assert made(replace(items.decision(), pages=()), b"").startswith(b"%PDF-")
    assert places(made(item_of(), picture())) == []


def test_what_is_wrong_with_a_scan_is_raised() -> None:
    def gone(scan: Scan) -> bytes:
        raise UnreadableScan("gone")

    with pytest.raises(UnreadableScan):
        searchable.write(item_of(), gone, pixels, io.BytesIO())


@pytest.mark.skipif(not shutil.which("pdftotext"), reason="pdftotext (poppler-utils) is not installed")
def test_another_program_reads_our_lines_without_a_blank_too_many(tmp_path: Path) -> None:
    texts = ("中 共 聊 城", "关于创建全国科技工作先进市的决定", "聊发〔1995〕58号", "IPv6 and 5G", "一、二、三")
    lines = [line(text, 100, 100 + 120 * row, step=(SIZE + 3 * row, 0)) for row, text in enumerate(texts)]
    # Skewed by half a degree and by two, as sheets come out of a scanner.
    lines += [
        line("全市科学技术大会精神", 100, 800, step=(SIZE, 0.35)),
        line("进步和经济发展", 100, 950, step=(SIZE, 1.4)),
    ]
    path = tmp_path / "item.pdf"
    path.write_bytes(made(item_of(*lines), picture()))
    done = subprocess.run(["pdftotext", "-raw", "-enc", "UTF-8", path, "-"], capture_output=True, check=True)
    assert done.stdout.decode().split("\f")[0].strip().split("\n") == [one.text for one in lines]
    assert not done.stderr


def test_the_font_is_made_as_it_says() -> None:
    pytest.importorskip("fontTools")
    from tests.export.glyphless import made as font

    assert font() == searchable.GLYPHLESS.read_bytes()
