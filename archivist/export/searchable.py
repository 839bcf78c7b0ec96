"""An item as a PDF to search: its sheets as they were scanned, the text as read lying unseen on its ink (双层PDF).

Each character is as wide as the room from the ink of it to the ink of the next, so that what is marked in a reader is
what it says, and nothing takes a gap between two characters for a blank. See ISO 32000-1, 9.3.6 (rendering mode 3) and
9.7 (composite fonts).
"""

import io
from collections.abc import Callable
from functools import cache
from math import atan2, cos, hypot, pi, sin
from pathlib import Path
from statistics import median
from typing import Any, BinaryIO, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pikepdf import Array, Dictionary, Name, Pdf, Stream, String
from PIL import Image

from archivist.model import Box, Item, Line, Page, Scan

#: The font of which nothing is seen: glyph k is `STEP` × k of its `EM` wide.
GLYPHLESS = Path(__file__).parent / "glyphless.ttf"
EM, STEP, GLYPHS, ASCENT, DESCENT = 1000, 50, 200, 880, -120
#: Pixels of a page: (height, width, 3).
Pixels = NDArray[np.uint8]
# Characters in as many widths as one font can hold, with some to spare.
_MOST_CODES = 65_000
# A sheet of which nobody knows how large it is, is A4; no page of a PDF is larger than the last.
_A4, _LARGEST = 841.89, 14_400.0
_QUALITY = 85
# A line that from end to end strays less than this from the level, in heights of its characters, is level: readers take
# what slants apart into pieces.
_LEVEL = 0.7
_ORIENTATION = 0x0112


class _Point(NamedTuple):
    x: float
    y: float


def write(
    item: Item,
    originals: Callable[[Scan], bytes],
    opened: Callable[[bytes, int], Pixels],
    stream: BinaryIO,
) -> None:
    """Write `item` to `stream` as a PDF of one page a sheet.

    `originals` gives the bytes of a scan, and `opened` the pixels of a page (from 0) of such bytes, turned as EXIF
    says; what they raise is raised. A JPEG that is the whole of a sheet is taken over as it is.
    """
    with Pdf.new() as pdf:
        fonts = _Fonts()
        sheets = [(pdf.add_blank_page(page_size=_size(page)), page) for page in item.pages]
        if not sheets:
            pdf.add_blank_page(page_size=(595.28, _A4))
        last: tuple[str, bytes] = ("", b"")
        for sheet, page in sheets:
            if last[0] != page.scan.sha256:
                last = (page.scan.sha256, originals(page.scan))
            picture, corners = _picture(pdf, page, last[1], opened)
            drawn = [f"q {_numbers(_placing(page, corners))} cm /Sheet Do Q"]
            written, used = _text(page, fonts)
            sheet.obj.Resources = Dictionary(XObject=Dictionary(Sheet=picture))
            sheet.obj.Contents = pdf.make_stream("\n".join([*drawn, *written]).encode("ascii"))
            sheet.obj.Fonts = Array([String(name) for name in used])
        made = fonts.made(pdf)
        for sheet, _page in sheets:
            names = [str(name) for name in sheet.obj.Fonts]
            del sheet.obj.Fonts
            sheet.obj.Resources.Font = Dictionary({f"/{name}": made[name] for name in names})
        _describe(pdf, item)
        pdf.save(stream, deterministic_id=True)


def _describe(pdf: Pdf, item: Item) -> None:
    title = " ".join(item.title.encode("utf-8", "replace").decode().split())
    pdf.Root.Lang = String("zh")
    pdf.Root.ViewerPreferences = Dictionary(DisplayDocTitle=True)
    with pdf.open_metadata(set_pikepdf_as_editor=False, update_docinfo=True) as said:
        said["dc:title"] = title
        said["pdf:Producer"] = "archivist"


# The sheet


def _turned(page: Page) -> tuple[Box, int]:
    """Return which part of the scan is the page, and by how many degrees clockwise that is turned."""
    scan = page.scan
    return scan.area or Box(0, 0, scan.width, scan.height), page.rotation % 360


def _scale(page: Page) -> float:
    """Return how many points a pixel of the sheet is wide."""
    area, _turn = _turned(page)
    longest = max(area.width, area.height)
    scale = 72 / page.scan.dpi if page.scan.dpi else _A4 / longest
    return min(scale, _LARGEST / longest)


def _size(page: Page) -> tuple[float, float]:
    area, turn = _turned(page)
    size = (area.height, area.width) if turn in (90, 270) else (area.width, area.height)
    return size[0] * _scale(page), size[1] * _scale(page)


def _upright(page: Page, x: float, y: float) -> _Point:
    """Return where a point of the scan lies on the sheet, in pixels from its top left."""
    area, turn = _turned(page)
    x, y = x - area.left, y - area.top
    if turn == 90:
        return _Point(area.height - y, x)
    if turn == 180:
        return _Point(area.width - x, area.height - y)
    return _Point(y, area.width - x) if turn == 270 else _Point(x, y)


def _on_page(page: Page, point: _Point) -> _Point:
    """Return where a point of the sheet lies on the page of the PDF, in points from its bottom left."""
    scale, (_width, height) = _scale(page), _size(page)
    return _Point(point.x * scale, height - point.y * scale)


def _placing(page: Page, corners: tuple[_Point, _Point, _Point]) -> tuple[float, ...]:
    """Return the matrix that lays a picture there; `corners` (bottom left, bottom right, top left) are on the scan."""
    start, across, up = (_on_page(page, _upright(page, *corner)) for corner in corners)
    return across.x - start.x, across.y - start.y, up.x - start.x, up.y - start.y, start.x, start.y


def _numbers(values: tuple[float, ...]) -> str:
    return " ".join(f"{value:.4f}" for value in values)


def _picture(
    pdf: Pdf, page: Page, data: bytes, opened: Callable[[bytes, int], Pixels]
) -> tuple[Stream, tuple[_Point, _Point, _Point]]:
    """Return the picture of a sheet, and where its bottom left, bottom right and top left are on the scan."""
    scan = page.scan
    if scan.area is None and (kept := _jpeg(data)):
        size, grey, lies = kept
        picture = _image(pdf, data, size, grey=grey, filter=Name.DCTDecode)
        width, height = size
        scaled = [scan.width / (height if lies > 4 else width), scan.height / (width if lies > 4 else height)]
        stored = (_Point(0, height), _Point(width, height), _Point(0, 0))
        found = (_lying(corner, size, lies) for corner in stored)
        first, second, third = (_Point(corner.x * scaled[0], corner.y * scaled[1]) for corner in found)
        return picture, (first, second, third)
    pixels = opened(data, scan.index)
    area = scan.area or Box(0, 0, scan.width, scan.height)
    across, down = pixels.shape[1] / scan.width, pixels.shape[0] / scan.height
    left, top = max(round(area.left * across), 0), max(round(area.top * down), 0)
    cut = pixels[top : round(area.bottom * down), left : round(area.right * across)]
    return _encoded(pdf, cut), (
        _Point(area.left, area.bottom), _Point(area.right, area.bottom), _Point(area.left, area.top),
    )  # fmt: skip


def _jpeg(data: bytes) -> tuple[tuple[int, int], bool, int] | None:
    """Return size as stored, whether it is grey, and how it lies (EXIF), of a JPEG that a PDF can hold as it is."""
    if not data.startswith(b"\xff\xd8\xff"):
        return None
    with Image.open(io.BytesIO(data)) as image:
        if image.format != "JPEG" or image.mode not in ("L", "RGB"):
            return None
        try:
            lies = int(image.getexif().get(_ORIENTATION, 1))
        except Exception:
            # There is no end to what damaged EXIF raises; as it is stored, as where the page was read.
            lies = 1
        return image.size, image.mode == "L", lies if 1 <= lies <= 8 else 1


def _lying(point: _Point, size: tuple[int, int], lies: int) -> _Point:
    """Return where a point of a picture as stored lies once it is turned as its EXIF orientation `lies` says."""
    x, y = point
    if lies > 4:
        x, y = y, x
        size = size[1], size[0]
    if lies in (2, 3, 6, 7):
        x = size[0] - x
    if lies in (3, 4, 7, 8):
        y = size[1] - y
    return _Point(x, y)


def _encoded(pdf: Pdf, pixels: Pixels) -> Stream:
    """Return pixels as a picture: as they are where they are black and white, else as a JPEG."""
    height, width = pixels.shape[:2]
    grey = bool((pixels[:, :, 0] == pixels[:, :, 1]).all() and (pixels[:, :, 0] == pixels[:, :, 2]).all())
    if grey:
        plain = pixels[:, :, 0]
        if bool(((plain == 0) | (plain == 255)).all()):
            # pikepdf packs what is not packed when it saves.
            return _image(pdf, np.packbits(plain > 0, axis=1).tobytes(), (width, height), grey=True, bits=1)
        image = Image.fromarray(np.ascontiguousarray(plain))
    else:
        image = Image.fromarray(np.ascontiguousarray(pixels))
    kept = io.BytesIO()
    image.save(kept, "JPEG", quality=_QUALITY)
    return _image(pdf, kept.getvalue(), (width, height), grey=grey, filter=Name.DCTDecode)


def _image(
    pdf: Pdf, data: bytes, size: tuple[int, int], *, grey: bool, bits: int = 8, filter: Name | None = None
) -> Stream:
    made = pdf.make_stream(
        data, Type=Name.XObject, Subtype=Name.Image, Width=size[0], Height=size[1], BitsPerComponent=bits,
        ColorSpace=Name.DeviceGray if grey else Name.DeviceRGB,
    )  # fmt: skip
    if filter is not None:
        made.Filter = filter
    return made


# The text


class _Fonts:
    """Gives each character in each width a code; a new font is begun where one is full."""

    def __init__(self) -> None:
        self._codes: list[dict[tuple[str, int], int]] = [{}]

    def codes(self, cells: list[tuple[str, int]]) -> tuple[str, str]:
        """Return the name of a font, and the codes of characters with their widths (in STEPs), in hexadecimal."""
        known = self._codes[-1]
        if len(known) + len(set(cells) - known.keys()) > _MOST_CODES:
            known = {}
            self._codes.append(known)
        # Code 0 is that of no character.
        return f"F{len(self._codes) - 1}", "".join(f"{known.setdefault(cell, len(known) + 1):04X}" for cell in cells)

    def made(self, pdf: Pdf) -> dict[str, Any]:
        """Return the fonts by their names."""
        kept = pdf.make_stream(_glyphless())
        return {f"F{turn}": _font(pdf, kept, codes) for turn, codes in enumerate(self._codes)}


def _font(pdf: Pdf, kept: Stream, codes: dict[tuple[str, int], int]) -> Any:
    widths = [width for _char, width in codes]
    about = pdf.make_indirect(
        Dictionary(
            Type=Name.FontDescriptor, FontName=Name.Glyphless, Flags=4, FontBBox=Array([0, DESCENT, EM, ASCENT]),
            ItalicAngle=0, Ascent=ASCENT, Descent=DESCENT, CapHeight=ASCENT, StemV=80, FontFile2=kept,
        )
    )  # fmt: skip
    glyphs = b"\0\0" + b"".join(width.to_bytes(2, "big") for width in widths)
    below = pdf.make_indirect(
        Dictionary(
            Type=Name.Font, Subtype=Name.CIDFontType2, BaseFont=Name.Glyphless, FontDescriptor=about, DW=EM,
            CIDSystemInfo=Dictionary(Registry=String("Adobe"), Ordering=String("Identity"), Supplement=0),
            W=Array([1, Array([width * STEP for width in widths])]), CIDToGIDMap=pdf.make_stream(glyphs),
        )
    )  # fmt: skip
    return pdf.make_indirect(
        Dictionary(
            Type=Name.Font, Subtype=Name.Type0, BaseFont=Name.Glyphless, Encoding=Name("/Identity-H"),
            DescendantFonts=Array([below]), ToUnicode=pdf.make_stream(_to_unicode(codes)),
        )
    )  # fmt: skip


def _to_unicode(codes: dict[tuple[str, int], int]) -> bytes:
    """Return the CMap that says which character each code stands for; see Adobe Technical Note #5411."""
    lines = [
        "/CIDInit /ProcSet findresource begin", "12 dict begin", "begincmap",
        "/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def",
        "/CMapName /Adobe-Identity-UCS def", "/CMapType 2 def",
        "1 begincodespacerange", "<0000> <FFFF>", "endcodespacerange",
    ]  # fmt: skip
    said = [f"<{code:04X}> <{_utf16(char)}>" for (char, _width), code in codes.items()]
    # A block holds a hundred at most.
    for start in range(0, len(said), 100):
        block = said[start : start + 100]
        lines += [f"{len(block)} beginbfchar", *block, "endbfchar"]
    lines += ["endcmap", "CMapName currentdict /CMap defineresource pop", "end", "end"]
    return "\n".join(lines).encode("ascii")


def _utf16(char: str) -> str:
    # Half a surrogate pair, which a damaged text layer may hold, is no character.
    return char.encode("utf-16-be", "replace").hex().upper() if not "\ud800" <= char <= "\udfff" else "FFFD"


@cache
def _glyphless() -> bytes:
    return GLYPHLESS.read_bytes()


def _text(page: Page, fonts: _Fonts) -> tuple[list[str], list[str]]:
    """Return what writes the lines of `page` unseen, and the names of the fonts it does so with."""
    written, used = list[str](), dict[str, None]()
    for line in page.lines:
        if line.glyphs:
            run, name = _run(page, line, fonts)
            written.append(run)
            used[name] = None
    return (["BT", "3 Tr", *written, "ET"] if written else []), list(used)


def _run(page: Page, line: Line, fonts: _Fonts) -> tuple[str, str]:
    """Return what writes one line on its ink, and with which font."""
    boxes = [_sheet_box(page, glyph.box) for glyph in line.glyphs]
    angle = _direction(boxes)
    along, down = _Point(cos(angle), sin(angle)), _Point(-sin(angle), cos(angle))
    level = abs(sin(angle)) < 0.5**0.5
    size = max(median(box.height if level else box.width for box in boxes), 1.0)
    half = [(box.width if level else box.height) / 2 for box in boxes]
    middles = [_dot(_Point(*box.centre), along) for box in boxes]
    starts = [middle - extent for middle, extent in zip(middles, half, strict=True)]
    end = max(middle + extent for middle, extent in zip(middles, half, strict=True))
    cells, at = list[tuple[str, int]](), starts[0]
    for glyph, goal in zip(line.glyphs, [*starts[1:], end], strict=True):
        width = min(max(round((goal - at) / size * EM / STEP), 1), GLYPHS - 1)
        cells.append((glyph.char, width))
        # What was rounded off is made up for by the next.
        at += width * STEP / EM * size
    centre = median(_dot(_Point(*box.centre), down) for box in boxes)
    baseline = centre + size * (0.5 + DESCENT / EM)
    start = _Point(
        along.x * starts[0] + down.x * baseline, along.y * starts[0] + down.y * baseline,
    )  # fmt: skip
    name, codes = fonts.codes(cells)
    origin = _on_page(page, start)
    # The page counts upwards: what runs down the sheet turns the other way.
    matrix = (along.x, -along.y, along.y, along.x, *origin)
    return f"/{name} {size * _scale(page):.3f} Tf {_numbers(matrix)} Tm <{codes}> Tj", name


def _direction(boxes: list[Box]) -> float:
    """Return in which direction a line runs on the sheet, in radians clockwise from left to right."""
    first, last = boxes[0].centre, boxes[-1].centre
    across, down = last[0] - first[0], last[1] - first[1]
    if len(boxes) < 2 or hypot(across, down) < 1:
        return 0.0
    # To the nearest of the four ways first, then by how much it slants from that.
    axis = (0.0 if across >= 0 else pi) if abs(across) >= abs(down) else (pi / 2 if down >= 0 else -pi / 2)
    slant = float((atan2(down, across) - axis + pi) % (2 * pi) - pi)
    size = median(min(box.width, box.height) for box in boxes)
    return float(axis) + (slant if hypot(across, down) * abs(sin(slant)) > _LEVEL * size else 0.0)


def _dot(point: _Point, other: _Point) -> float:
    return point.x * other.x + point.y * other.y


def _sheet_box(page: Page, box: Box) -> Box:
    one, other = _upright(page, box.left, box.top), _upright(page, box.right, box.bottom)
    return Box(min(one.x, other.x), min(one.y, other.y), max(one.x, other.x), max(one.y, other.y))
