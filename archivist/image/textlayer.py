"""The text layer of a PDF page: characters that need no reading."""

import io
from dataclasses import dataclass
from unicodedata import normalize

from archivist.model import Box


@dataclass(frozen=True, slots=True)
class TextLayer:
    """Lines of characters with their boxes, in pixels of the page's rendering, origin top left."""

    lines: tuple[tuple[tuple[str, Box], ...], ...]
    #: Share of the page's area that pictures cover, 0..1: a scan with a text layer has 1.
    pictures: float

    @property
    def characters(self) -> int:
        """How many characters it has, spaces apart."""
        return sum(not char.isspace() for line in self.lines for char, _ in line)

    @property
    def believable(self) -> bool:
        """Whether it is a text someone wrote: no fonts without Unicode, no leftovers of an encoding."""
        chars = [char for line in self.lines for char, _ in line if not char.isspace()]
        strange = sum(_strange(char) for char in chars)
        return bool(chars) and strange <= 0.02 * len(chars)


def _strange(char: str) -> bool:
    code = ord(char)
    private = 0xE000 <= code <= 0xF8FF or code >= 0xF0000
    # Latin-1 letters in a Chinese paper are GBK bytes shown as Latin-1.
    mojibake = 0x80 <= code <= 0xFF and char not in "·×÷°±§²³"
    return private or mojibake or code < 0x20 or code == 0xFFFD


def text_layer(data: bytes, index: int, scale: float) -> TextLayer | None:
    """Return the text layer of page `index` of the PDF `data`, `scale` pixels a point; None where there is none."""
    import pdfplumber
    from pdfplumber.utils.exceptions import PdfminerException

    try:
        with pdfplumber.open(io.BytesIO(data), pages=[index + 1]) as document:
            page = document.pages[0]
            lines = tuple(
                tuple(_glyph(char, scale) for char in line["chars"] if len(char["text"]) == 1)
                for line in page.extract_text_lines(return_chars=True, x_tolerance=3, y_tolerance=3)
            )
            area = float(page.width * page.height) or 1.0
            covered = sum(float(image["width"] * image["height"]) for image in page.images)
    except (PdfminerException, ValueError, KeyError, TypeError, IndexError, AssertionError):
        # A damaged text layer is no loss: the page is read from its picture.
        return None
    kept = tuple(line for line in lines if line)
    return TextLayer(kept, min(covered / area, 1.0)) if kept else None


def _unified(char: str) -> str:
    # Some fonts map ideographs to the look-alike radicals, which no one searches for.
    return normalize("NFKC", char) if "\u2e80" <= char <= "\u2fdf" else char


def _glyph(char: dict[str, float | str], scale: float) -> tuple[str, Box]:
    left, top, right, bottom = (float(char[side]) * scale for side in ("x0", "top", "x1", "bottom"))
    return _unified(str(char["text"])), Box(left, top, right, bottom)
