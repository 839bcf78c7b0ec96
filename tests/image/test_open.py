"""From the bytes of a scan to its pages, or to why there are none."""

import io
import random
import struct
import tracemalloc

import numpy as np
import pikepdf
import pytest
from PIL import Image

from archivist.errors import EmptyScan, EncryptedScan, OversizedScan, ScanError, TruncatedScan, WrongType
from archivist.image.open import media_type, misnamed, open_page, page_count
from archivist.image.textlayer import TextLayer
from archivist.model import Box
from tests.boxes import damaged_page, encoded, locked, pdf, plan, png_bomb, scan, strip, tiff, tiff_bomb, written

STRIP = strip(5)
PIXELS = np.asarray(STRIP)


def same(pixels: np.ndarray, expected: np.ndarray = PIXELS, within: float = 6) -> bool:
    """Whether two pictures differ by no more than compression makes them."""
    return pixels.shape == expected.shape and bool(np.abs(pixels.astype(int) - expected).mean() < within)


@pytest.mark.parametrize(
    ("kind", "options", "expected"),
    [
        ("JPEG", {}, "image/jpeg"),
        ("PNG", {}, "image/png"),
        ("TIFF", {}, "image/tiff"),
        ("TIFF", {"compression": "jpeg"}, "image/tiff"),
        ("TIFF", {"big_tiff": True}, "image/tiff"),
        ("JPEG2000", {}, "image/jp2"),
        ("JPEG2000", {"no_jp2": True}, "image/jp2"),
        ("WEBP", {"quality": 90}, "image/webp"),
        ("BMP", {}, "image/bmp"),
        ("PPM", {}, "image/x-portable-anymap"),
    ],
)
def test_every_kind_of_picture_opens_as_it_was_saved(kind: str, options: dict[str, object], expected: str) -> None:
    data = encoded(STRIP, kind, **options)
    assert media_type(data) == expected
    assert page_count(data) == 1
    assert same(open_page(data, 0).pixels)


@pytest.mark.parametrize("mode", ["L", "CMYK", "YCbCr", "P", "1"])
def test_every_way_to_write_colour_comes_out_as_it_looks(mode: str) -> None:
    image = STRIP.quantize(64) if mode == "P" else STRIP.convert(mode)
    kind = "JPEG" if mode in ("L", "CMYK", "YCbCr") else "PNG"
    assert same(open_page(encoded(image, kind, quality=95), 0).pixels, np.asarray(image.convert("RGB")))


def test_what_is_transparent_is_paper() -> None:
    image = STRIP.convert("RGBA")
    image.paste((0, 0, 0, 0), (0, 0, 200, image.height))
    palette = image.quantize(64)
    for data in (encoded(image, "PNG"), encoded(palette, "PNG"), encoded(image, "WEBP", lossless=True)):
        assert (open_page(data, 0).pixels[:, :180] > 240).all()


@pytest.mark.parametrize("bits", [8, 10, 12, 16])
def test_grey_of_more_than_eight_bits_keeps_its_brightness(bits: int) -> None:
    grey = np.asarray(STRIP.convert("L")).astype(np.uint32) * (2**bits - 1) // 255
    deep = encoded(Image.fromarray(grey.astype(np.uint16)), "PNG")
    assert same(open_page(deep, 0).pixels, np.asarray(STRIP.convert("L").convert("RGB")), within=4)


def test_grey_in_fractions_keeps_its_brightness() -> None:
    grey = np.asarray(STRIP.convert("L")).astype(np.float32) / 255
    deep = encoded(Image.fromarray(grey), "TIFF")
    assert same(open_page(deep, 0).pixels, np.asarray(STRIP.convert("L").convert("RGB")), within=4)


@pytest.mark.parametrize(("orientation", "turn"), [(3, 180), (6, -90), (8, 90)])
def test_a_photograph_is_turned_as_its_camera_was(orientation: int, turn: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored = STRIP.rotate(-turn, expand=True)
    assert same(open_page(encoded(stored, "JPEG", exif=exif, quality=95), 0).pixels)


def test_damaged_remarks_of_a_camera_do_not_cost_the_picture() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    data = encoded(STRIP, "JPEG", exif=exif)
    at = data.index(b"Exif\0\0") + 14
    assert open_page(data[:at] + b"\xff" * 10 + data[at + 10 :], 0).pixels.size == PIXELS.size


def test_an_animation_is_its_first_picture() -> None:
    frames = [strip(number).convert("P").resize((400, 40)) for number in (5, 6, 7)]
    data = encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])
    assert page_count(data) == 1
    assert same(open_page(data, 0).pixels, np.asarray(frames[0].convert("RGB")), within=12)


def test_resolution_is_told_where_the_scanner_knew_it() -> None:
    assert open_page(encoded(STRIP, "TIFF", dpi=(240, 240)), 0).dpi == 240
    assert open_page(encoded(STRIP, "JPEG", dpi=(72, 72)), 0).dpi is None
    assert open_page(encoded(STRIP, "PNG"), 0).dpi is None


def test_pixels_of_a_fax_are_taller_than_wide_whichever_way_it_lies() -> None:
    fax = STRIP.convert("1")
    assert open_page(encoded(fax, "TIFF", compression="group4", dpi=(204, 98)), 0).stretch == pytest.approx(204 / 98)
    assert open_page(encoded(fax, "TIFF", compression="group4", dpi=(204, 196)), 0).stretch == 1
    exif = Image.Exif()
    exif[0x0112] = 6
    lying = encoded(STRIP, "JPEG", dpi=(200, 100), exif=exif)
    assert open_page(lying, 0).stretch == pytest.approx(0.5)


def test_each_page_of_a_tiff_is_a_page() -> None:
    data = tiff(5, 6, 7)
    assert page_count(data) == 3
    assert [
        same(open_page(data, place).pixels, np.asarray(strip(5 + place).convert("L").convert("RGB")))
        for place in range(3)
    ]


def test_a_damaged_page_of_a_tiff_leaves_the_others_readable() -> None:
    data = damaged_page(tiff(5, 6, 7), 1)
    assert page_count(data) == 3
    open_page(data, 0)
    open_page(data, 2)
    with pytest.raises(TruncatedScan, match="again"):
        open_page(data, 1)


def test_a_tiff_that_was_cut_off_gives_its_first_pages_and_says_that_more_are_lost() -> None:
    whole = tiff(5, 6, 7, 8)
    data = whole[: len(whole) // 2]
    count = page_count(data)
    assert 1 < count <= 4
    open_page(data, 0)
    with pytest.raises(TruncatedScan, match="lost"):
        open_page(data, count - 1)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "JPEG2000", "WEBP", "GIF", "BMP"])
def test_a_picture_that_was_cut_off_is_known_as_such(kind: str) -> None:
    data = encoded(STRIP, kind)
    for share in (0.02, 0.5, 0.9):
        with pytest.raises(TruncatedScan, match="again"):
            for place in range(page_count(cut := data[: int(len(data) * share)])):
                open_page(cut, place)


@pytest.mark.parametrize("linear", [False, True])
@pytest.mark.parametrize("share", [0.05, 0.5, 0.95, 0.995])
def test_a_pdf_that_was_cut_off_is_known_as_such(linear: bool, share: float) -> None:
    data = pdf(plan(3), linearize=linear)
    with pytest.raises(TruncatedScan, match="copy it again"):
        page_count(data[: int(len(data) * share)])


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b"", EmptyScan),
        (bytes(5000), TruncatedScan),
        ("批文封签".encode(), WrongType),
        (b"PK\x03\x04 a word processor's", WrongType),
        (b"\x89PNG\r\n\x1a\n", TruncatedScan),
        (b"%PDF-1.4\n", TruncatedScan),
        (pdf(pikepdf.new()), EmptyScan),
        (locked("user", "owner"), EncryptedScan),
    ],
    ids=["empty", "zeros", "text", "zip", "png head", "pdf head", "no pages", "password"],
)
def test_what_cannot_be_used_says_why(data: bytes, error: type[ScanError]) -> None:
    with pytest.raises(error, match=r"again|take it out|save a copy"):
        page_count(data)


def test_the_reason_of_one_pdf_is_not_told_of_the_next() -> None:
    with pytest.raises(EncryptedScan):
        page_count(locked("user", "owner"))
    with pytest.raises(EmptyScan):
        page_count(pdf(pikepdf.new()))


def test_a_password_only_against_changes_does_not_keep_a_pdf_from_being_read() -> None:
    data = locked("", "owner")
    assert page_count(data) == 1
    layer = open_page(data, 0).text
    assert layer and layer.believable


def claiming(kind: str, mark: bytes, at: int, layout: str, **options: object) -> bytes:
    """Return a small picture whose header claims 60,000 × 60,000 pixels, `at` bytes behind each `mark`."""
    data = bytearray(encoded(STRIP.convert("L").resize((40, 40)), kind, **options))
    place = data.find(mark)
    while place >= 0:
        struct.pack_into(layout, data, place + at, 60_000, 60_000)
        place = data.find(mark, place + 1)
    return bytes(data)


BOMBS = {
    "png": png_bomb(),
    "small png": png_bomb(13_000),
    "tiff": tiff_bomb(),
    "gif": claiming("GIF", b"GIF8", 6, "<HH"),
    "frame of a gif": claiming("GIF", b"\x2c\0\0\0\0", 5, "<HH"),
    "bmp": claiming("BMP", b"BM", 18, "<ii"),
    "pixmap": b"P5 60000 60000 255\n" + bytes(100),
    "code stream": claiming("JPEG2000", b"\xff\x51", 6, ">II", no_jp2=True),
    "jpeg": claiming("JPEG", b"\xff\xc0", 5, ">HH"),
}


@pytest.mark.parametrize("bomb", BOMBS.values(), ids=list(BOMBS))
def test_a_bomb_is_left_closed(bomb: bytes) -> None:
    tracemalloc.start()
    try:
        with pytest.raises(OversizedScan, match="more than any sheet"):
            open_page(bomb, page_count(bomb) - 1)
        assert tracemalloc.get_traced_memory()[1] < 20_000_000
    finally:
        tracemalloc.stop()


def test_a_sheet_larger_than_any_paper_in_a_pdf_is_left_closed() -> None:
    document = plan()
    document.pages[0].mediabox = [0, 0, 200_000, 200_000]
    with pytest.raises(OversizedScan):
        open_page(pdf(document), 0)


@pytest.mark.parametrize("size", [(1, 1), (3000, 8), (8, 3000)])
def test_a_picture_too_small_for_a_character_is_no_page(size: tuple[int, int]) -> None:
    with pytest.raises(EmptyScan, match="too few"):
        open_page(encoded(Image.new("L", size, 255), "PNG"), 0)


def test_a_pdf_page_that_its_tree_does_not_lead_to_is_no_blank_sheet() -> None:
    document = plan(3)
    document.Root.Pages.Kids = pikepdf.Array(
        [document.Root.Pages.Kids[0], pikepdf.Dictionary(), document.Root.Pages.Kids[2]]
    )
    data = pdf(document)
    assert page_count(data) == 3
    assert open_page(data, 0).pixels.size and open_page(data, 2).pixels.size
    with pytest.raises(TruncatedScan, match="page 2"):
        open_page(data, 1)


def test_a_blank_page_of_a_sound_pdf_is_a_page() -> None:
    document = pikepdf.new()
    document.add_blank_page(page_size=(595, 842))
    assert (open_page(pdf(document), 0).pixels == 255).all()


@pytest.mark.parametrize("turn", [0, 90, 180, 270])
@pytest.mark.parametrize("cropped", [False, True])
def test_the_text_layer_stands_on_its_ink_however_the_page_is_cut_and_turned(turn: int, cropped: bool) -> None:
    document = plan()
    page = document.pages[0]
    _left, _bottom, width, height = (float(side) for side in page.mediabox)
    # The page is drawn turned, and turned back for showing, as scanners and presentation programs do.
    matrix = {90: (0, 1, -1, 0, height, 0), 180: (-1, 0, 0, -1, width, height), 270: (0, -1, 1, 0, 0, width)}
    if turn:
        page.contents_add(b"q %g %g %g %g %g %g cm" % matrix[turn], prepend=True)
        page.contents_add(b"Q")
        page.Rotate = turn
    if turn in (90, 270):
        width, height = height, width
    page.mediabox = [-40, -30, width, height]
    if cropped:
        page.cropbox = [50, 30, width - 20, height - 70]
    picture = open_page(pdf(document), 0)
    assert picture.text
    darkest = [
        picture.pixels[round(box.top) : round(box.bottom), round(box.left) : round(box.right)].min(initial=255)
        for line in picture.text.lines
        for char, box in line
        if char.isalnum()
    ]
    assert len(darkest) > 300 and np.mean(np.array(darkest) < 100) > 0.99
    assert "".join(char for char, _box in picture.text.lines[0]).startswith("區委創建全國科技進步先進")


@pytest.mark.parametrize("turn", [90, 180, 270])
def test_the_text_layer_of_a_page_shown_on_its_side_or_head_is_not_believed(turn: int) -> None:
    document = plan()
    document.pages[0].Rotate = turn
    assert open_page(pdf(document), 0).text is None


def test_a_damaged_text_layer_does_not_cost_the_page() -> None:
    document = plan()
    for face in document.pages[0].Resources.Font.values():
        face.ToUnicode = document.make_stream(b"garbage (" * 50)
    assert open_page(pdf(document), 0).pixels.size


def layer(text: str) -> TextLayer:
    return TextLayer((tuple((char, Box(0, 0, 1, 1)) for char in text),), 0.0)


@pytest.mark.parametrize(
    "text",
    [
        "关于创建全国科技工作先进市的决定",
        "關於創建全國科技進步先進區的工作方案(2012年)",
        "Annual report, 95.5 % · ±3°",
        "国务院办公厅关于深化“证照分离”改革的通知,国办发〔2021〕7号",
    ],
)
def test_a_text_someone_wrote_is_believed(text: str) -> None:
    assert layer(text).believable


@pytest.mark.parametrize(
    "text",
    [
        "关于创建全国科技工作先进市的决定".encode("gbk").decode("latin-1"),
        "关于创建全国科技工作先进市的决定".encode().decode("gb18030", "ignore"),
        "锟斤拷锟斤拷锟斤拷",
        "\ue001\ue002\ue003关于创建",
        "关于\ufffd\ufffd全国",
        "",
    ],
    ids=["gbk as latin", "utf-8 as gbk", "twice misread", "private", "unnamed", "nothing"],
)
def test_the_leftovers_of_an_encoding_are_not(text: str) -> None:
    assert not layer(text).believable


def test_a_font_that_does_not_name_its_characters_is_not_believed() -> None:
    document = plan()
    for face in document.pages[0].Resources.Font.values():
        del face["/ToUnicode"]
    found = open_page(pdf(document), 0).text
    assert found is None or not found.believable


def test_what_steers_a_terminal_is_no_character_of_a_text_layer() -> None:
    found = open_page(written(b"Science\x1b[2J and technology \x07 in Liaocheng, 1995"), 0).text
    assert found and all(char.isprintable() for line in found.lines for char, _box in line)


def test_mojibake_in_a_pdf_is_not_believed() -> None:
    found = open_page(written("创建全国科技工作先进市".encode("gbk")), 0).text
    assert found and not found.believable


def test_print_made_bold_by_printing_twice_is_read_once() -> None:
    document = pikepdf.open(io.BytesIO(written(b"Science 1995")))
    page = document.pages[0]
    once = page.Contents.read_bytes()
    page.Contents = document.make_stream(once + b" 1 0 0 1 0.3 0 cm " + once)
    found = open_page(pdf(document), 0).text
    assert found and "".join(char for char, _box in found.lines[0]) == "Science 1995"


@pytest.mark.parametrize(("name", "kind"), [("p1.jpg", "image/png"), ("p1.pdf", "image/jpeg")])
def test_a_name_that_says_another_kind_is_told(name: str, kind: str) -> None:
    assert misnamed(name, kind)


@pytest.mark.parametrize(("name", "kind"), [("p1.JPG", "image/jpeg"), ("p1", "image/png"), ("p1.tif", "image/tiff")])
def test_a_name_that_fits_or_says_nothing_is_not_told(name: str, kind: str) -> None:
    assert not misnamed(name, kind)


def test_no_damage_ends_as_anything_but_a_reason() -> None:
    """Fuzzed with a fixed seed: each kind of scan cut, overwritten and with holes."""
    small = STRIP.resize((200, 40))
    wholes = [encoded(small, kind) for kind in ("PNG", "JPEG", "TIFF", "JPEG2000", "WEBP", "GIF", "BMP", "PDF")]
    wholes += [encoded(small.convert("1"), "TIFF", compression="group4"), tiff(5, 6)]
    chance = random.Random(58)
    for whole in wholes:
        for round_ in range(12):
            data = bytearray(whole)
            at = chance.randrange(8, len(data))
            if round_ % 3 == 0:
                del data[at:]
            elif round_ % 3 == 1:
                data[at : at + chance.randrange(1, 40)] = b""
            else:
                for _hit in range(6):
                    data[chance.randrange(8, min(len(data), 400))] = chance.randrange(256)
            try:
                for place in range(min(page_count(bytes(data)), 3)):
                    open_page(bytes(data), place)
            except ScanError as error:
                assert str(error)


def test_a_scan_with_something_behind_its_end_is_read() -> None:
    assert same(open_page(scan(5) + b"\r\n" * 40, 0).pixels)
    assert page_count(pdf(plan()) + b"\0" * 3000) == 1


@pytest.mark.parametrize(("format", "mode"), [("TIFF", "1"), ("TIFF", "L"), ("JPEG", "L")])
def test_a_very_large_scan_is_opened_smaller_and_keeps_its_size_and_the_way_it_lies(format: str, mode: str) -> None:
    sheet = Image.new("L", (9200, 6000), 255)
    sheet.paste(0, (0, 0, 4600, 600))
    exif = Image.Exif()
    exif[0x0112] = 6
    how = {"compression": "group4"} if mode == "1" else {"compression": "tiff_lzw"} if format == "TIFF" else {}
    picture = open_page(encoded(sheet.convert(mode), format, exif=exif, **how), 0)
    assert picture.size == (6000, 9200)
    height, width = picture.pixels.shape[:2]
    assert (width, height) == (3000, 4600)
    assert picture.pixels[: height // 2 - 2, width - 290 :].max() < 60
    assert picture.pixels[:, : width - 310].min() > 200


@pytest.mark.parametrize("mode", ["I;16", "RGBA"])
def test_a_very_large_deep_or_transparent_scan_keeps_its_ink(mode: str) -> None:
    if mode == "RGBA":
        sheet = Image.new("RGBA", (9000, 5200), (0, 0, 0, 0))
        sheet.paste((0, 0, 0, 255), (0, 0, 4500, 600))
    else:
        values = np.full((5200, 9000), 61000, np.uint16)
        values[:600, :4500] = 9000
        sheet = Image.fromarray(values)
    picture = open_page(encoded(sheet, "PNG", compress_level=1), 0)
    assert picture.size == (9000, 5200)
    assert picture.pixels.shape == (2600, 4500, 3)
    assert picture.pixels[:290, :2240].max() < 60
    assert picture.pixels[310:].min() > 200
