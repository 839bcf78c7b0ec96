"""What a page is made of: paper, script, hand, print; two papers of different making seldom agree in all of it."""

from collections.abc import Iterator
from dataclasses import dataclass
from statistics import median

from archivist.model import Page
from archivist.text import fold

_ENOUGH_LETTERS = 40
# How far two pages of one paper may be apart.
_SAME_SIZE = 1.08
_SAME_PRINT = 1.3
_SAME_QUALITY = 0.12
_IS_SIMPLIFIED, _IS_TRADITIONAL = 0.03, 0.12
_IS_PRINT, _IS_HAND = 0.1, 0.6


@dataclass(frozen=True, slots=True)
class Material:
    """A page as an object. `size` is its shorter and its longer side: inches, or pixels where the scan says no dpi.

    Shares of the characters that are traditional or handwritten, the height of print as a share of the width of the
    paper, and how well it was read; None where too few characters stand on it to say.
    """

    size: tuple[float, float]
    traditional: float | None = None
    handwritten: float | None = None
    print_size: float | None = None
    quality: float | None = None

    @classmethod
    def of(cls, page: Page) -> "Material":
        """Return what `page` is made of."""
        width, height = sides(page)
        short, long = sorted((width, height))
        per_inch = page.scan.dpi or 1.0
        size, count = (short / per_inch, long / per_inch), len(page.glyphs)
        if count < _ENOUGH_LETTERS or not width:
            return cls(size)
        letters = [char for char in page.running_text if "\u4e00" <= char <= "\u9fff"]
        traditional = None
        if len(letters) >= _ENOUGH_LETTERS:
            traditional = sum(fold(char) != char for char in letters) / len(letters)
        written = sum(len(line.glyphs) for line in page.lines if line.handwritten) / count
        height_of_print = float(median(glyph.box.height for glyph in page.glyphs))
        return cls(size, traditional, written, height_of_print / width, page.confidence)

    def differences(self, other: "Material") -> Iterator[str]:
        """Yield in what the two differ by more than pages of one paper do, as signs of schemas/boundaries.yaml."""
        if any(max(a, b) > _SAME_SIZE * min(a, b) for a, b in zip(self.size, other.size, strict=True)):
            yield "other paper size"
        if _changes(self.traditional, other.traditional, _IS_SIMPLIFIED, _IS_TRADITIONAL):
            yield "other script"
        if _changes(self.handwritten, other.handwritten, _IS_PRINT, _IS_HAND):
            yield "other hand"
        if self.print_size and other.print_size:
            small, large = sorted((self.print_size, other.print_size))
            if large > _SAME_PRINT * small:
                yield "other print size"
        if self.quality is not None and other.quality is not None and abs(self.quality - other.quality) > _SAME_QUALITY:
            yield "other quality"


def sides(page: Page) -> tuple[float, float]:
    """Return width and height of the page as it is read, in pixels of its scan."""
    area = page.scan.area
    width, height = (area.width, area.height) if area else (float(page.scan.width), float(page.scan.height))
    return (height, width) if page.rotation % 180 else (width, height)


def _changes(one: float | None, other: float | None, low: float, high: float) -> bool:
    return one is not None and other is not None and min(one, other) <= low and max(one, other) >= high
