"""The text layer of a PDF page: characters that need no reading."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any
from unicodedata import category, normalize

from archivist.model import Box

if TYPE_CHECKING:
    from archivist.image.unfold import Unfolded

#: Stands for a character that the font draws but does not name.
_UNNAMED = "\ufffd"
#: Pixels by which the page may differ in size between the two libraries that measure it.
_SAME_SIZE = 3


@dataclass(frozen=True, slots=True)
class TextLayer:
    """Lines of characters with their boxes, in pixels of the page's rendering, origin top left."""

    lines: tuple[tuple[tuple[str, Box], ...], ...]
    #: Share of the page's area that pictures cover, 0..1: a scan with a text layer has 1.
    pictures: float
    #: Where they stand on the rendering.
    images: tuple[Box, ...] = ()

    @property
    def characters(self) -> int:
        """How many characters it has, spaces apart."""
        return sum(not char.isspace() for line in self.lines for char, _ in line)

    @property
    def believable(self) -> bool:
        """Whether it is a text someone wrote: no fonts without Unicode, no leftovers of an encoding."""
        text = "".join(char for line in self.lines for char, _ in line if not char.isspace())
        strange = sum(_strange(char) for char in text)
        return bool(text) and strange <= 0.02 * len(text) and not _misdecoded(text)


def _strange(char: str) -> bool:
    code = ord(char)
    private = 0xE000 <= code <= 0xF8FF or code >= 0xF0000
    # Latin-1 letters in a Chinese paper are GBK bytes shown as Latin-1.
    mojibake = 0x80 <= code <= 0xFF and char not in "·×÷°±§²³"
    return private or mojibake or code < 0x20 or char == _UNNAMED


def _misdecoded(text: str) -> bool:
    """Whether `text` is UTF-8 that was taken for GBK: its GBK bytes then are UTF-8, which no other text's are."""
    data = "".join(char for char in text if not char.isascii()).encode("gb18030", "ignore")
    return bool(data) and len(data.decode("utf-8", "ignore").encode()) > 0.9 * len(data)


def text_layer(pdf: "Unfolded", index: int, scale: float, size: tuple[int, int]) -> TextLayer | None:
    """Return the text layer of page `index` (from 0) of `pdf`.

    The page's rendering has `scale` pixels a point and is `size` (width, height) pixels large. None where there is
    no layer, or none that surely belongs to this page as it is shown.
    """
    from pdfminer.pdfinterp import PDFResourceManager
    from pdfplumber.page import Page

    # What a page asks of its document; pdfplumber's own would unpack without bounds.
    document: Any = SimpleNamespace(
        rsrcmgr=PDFResourceManager(), laparams=None, unicode_norm=None, raise_unicode_errors=True
    )
    try:
        page = Page(document, pdf.pages[index], index + 1, 0).dedupe_chars()
        left, top, right, bottom = _shown(page)
        if abs((right - left) * scale - size[0]) > _SAME_SIZE or abs((bottom - top) * scale - size[1]) > _SAME_SIZE:
            return None
        # A page that lies on its side or its head gives its lines in no order.
        if sum(char["matrix"][0] > 0 for char in page.chars) < 0.5 * len(page.chars):
            return None
        found = page.extract_text_lines(x_tolerance=3, y_tolerance=3, keep_blank_chars=True)
        lines = (tuple(_glyphs(line["chars"], left, top, scale, size)) for line in found)
        kept = tuple(line for line in lines if line)
        area = float((right - left) * (bottom - top)) or 1.0
        covered = sum(float(image["width"] * image["height"]) for image in page.images)
        images = tuple(box for image in page.images if (box := _placed(image, left, top, scale, size)))
    except Exception:
        # There is no end to what a damaged layer raises, and it is no loss: the page is read from its picture.
        return None
    return TextLayer(kept, min(covered / area, 1.0), images) if kept else None


def _shown(page: Any) -> tuple[float, float, float, float]:
    """Return the part of the page that viewers show, left, top, right, bottom in pdfplumber's points."""
    x0, y0, x1, y1 = page.page_obj.mediabox
    left, bottom, right, top = page.page_obj.cropbox
    # What is cut off on each side of the unturned page, clockwise from the left.
    cut = [max(left - x0, 0), max(y1 - top, 0), max(x1 - right, 0), max(bottom - y0, 0)]
    turns = page.rotation // 90
    cut = cut[4 - turns :] + cut[: 4 - turns]
    outer = page.mediabox
    return outer[0] + cut[0], outer[1] + cut[1], outer[2] - cut[2], outer[3] - cut[3]


def _glyphs(
    chars: list[Mapping[str, Any]], left: float, top: float, scale: float, size: tuple[int, int]
) -> Iterator[tuple[str, Box]]:
    for char in chars:
        box = _box(char, left, top, scale)
        x, y = box.centre
        if 0 <= x < size[0] and 0 <= y < size[1]:
            yield from _single(str(char["text"]), box)


def _box(thing: Mapping[str, Any], left: float, top: float, scale: float) -> Box:
    edges = (thing["x0"] - left, thing["top"] - top, thing["x1"] - left, thing["bottom"] - top)
    return Box(*(float(edge) * scale for edge in edges))


def _placed(image: Mapping[str, Any], left: float, top: float, scale: float, size: tuple[int, int]) -> Box | None:
    """Return where `image` stands on the rendering, None where nothing of it does."""
    box = _box(image, left, top, scale)
    cut = Box(max(box.left, 0.0), max(box.top, 0.0), min(box.right, float(size[0])), min(box.bottom, float(size[1])))
    return cut if cut.width >= 1 and cut.height >= 1 else None


def _single(text: str, box: Box) -> Iterator[tuple[str, Box]]:
    """Yield the characters that one glyph stands for: a ligature is several, side by side."""
    # pdfminer writes the number of a glyph so where the font does not say which character it is.
    text = _UNNAMED if text.startswith("(cid:") else text
    share = box.width / max(len(text), 1)
    for place, char in enumerate(text):
        start = box.left + share * place
        yield _unified(char), Box(start, box.top, start + share, box.bottom)


def _unified(char: str) -> str:
    # No ink says so, and a terminal would take it for an order.
    if category(char) == "Cc":
        return _UNNAMED
    # Some fonts map ideographs to the look-alike radicals, which no one searches for.
    return normalize("NFKC", char) if "\u2e80" <= char <= "\u2fdf" else char
