"""The ink beside a question: the part of a sheet that is shown, and what is marked on it."""

from collections.abc import Sequence
from dataclasses import dataclass

from archivist.model import Box, Line, Page
from archivist.web.sheets import sheet_of

#: Pictures are asked for no wider than this: no screen shows more beside a question.
_WIDEST = 1600
# How high a line of print is drawn, in pixels of the page, and how far that may enlarge or shrink the scan.
_LINE, _LARGEST, _SMALLEST = 44.0, 3.0, 0.25
#: Lines around the ink that a reader wants to see.
_AROUND = 3.5


@dataclass(frozen=True, slots=True)
class Cutting:
    """A part of a sheet as it is shown: `box` and `marks` in pixels of the sheet, `width` and `height` on the screen.

    `page` is the number in the item.
    """

    item: str
    page: int
    box: Box
    marks: tuple[Box, ...]
    width: int
    height: int
    small: bool

    @property
    def url(self) -> str:
        """Where its picture is."""
        left, top, right, bottom = (int(edge) for edge in self.box)
        size = f"{_WIDEST}," if self.small else "max"
        return f"/iiif/{self.item}/{self.page}/{left},{top},{right - left},{bottom - top}/{size}/0/default.jpg"


def is_vertical(line: Line) -> bool:
    """Whether a line runs downwards; one character alone says nothing about that."""
    return len(line.glyphs) > 1 and line.box.height > 2 * line.box.width


def writing_of(line: Line) -> float:
    """Return how high the writing of a line is: of a vertical one, how wide."""
    return line.box.width if is_vertical(line) else line.box.height


def ink_of(
    item: str, page: Page, boxes: Sequence[Box], line: float = 0.0, marks: Sequence[Box] | None = None
) -> Cutting:
    """Return what lies under `boxes` of the scan, with a little paper around; `line` is the height of its writing.

    Marked are `marks`, the boxes themselves where they are not said.
    """
    sheet = sheet_of(page)
    around = Box.around(sheet.place(box) for box in boxes)
    high = line or min(around.width, around.height)
    pad = max(high * 0.5, 10.0)
    placed = tuple(sheet.place(box) for box in (boxes if marks is None else marks))
    return _cutting(item, page, _padded(around, pad, pad), placed, high)


def surroundings(item: str, page: Page, boxes: Sequence[Box], line: float = 0.0) -> Cutting:
    """Return the lines around what lies under `boxes`, over the whole width of the sheet."""
    sheet = sheet_of(page)
    marks = tuple(sheet.place(box) for box in boxes)
    around = Box.around(marks)
    high = line or min(around.width, around.height)
    if around.height > 3 * around.width and around.height > 2 * high:
        wide = Box(around.left - _AROUND * high, 0, around.right + _AROUND * high, sheet.height)
    else:
        wide = Box(0, around.top - _AROUND * high, sheet.width, around.bottom + _AROUND * high)
    return _cutting(item, page, wide, marks, high)


def strip(item: str, page: Page, start: float, end: float) -> Cutting:
    """Return the sheet from `start` to `end` of its height (0..1), nothing marked."""
    sheet = sheet_of(page)
    return _cutting(item, page, Box(0, start * sheet.height, sheet.width, end * sheet.height), (), 0.0)


def whole(item: str, page: Page, boxes: Sequence[Box] = ()) -> Cutting:
    """Return the whole sheet with `boxes` of the scan marked."""
    sheet = sheet_of(page)
    return _cutting(item, page, Box(0, 0, sheet.width, sheet.height), tuple(map(sheet.place, boxes)), 0.0)


def _padded(box: Box, across: float, down: float) -> Box:
    return Box(box.left - across, box.top - down, box.right + across, box.bottom + down)


def _cutting(item: str, page: Page, box: Box, marks: tuple[Box, ...], line: float) -> Cutting:
    sheet = sheet_of(page)
    left, top = max(0, int(box.left)), max(0, int(box.top))
    right, bottom = min(sheet.width, round(box.right)), min(sheet.height, round(box.bottom))
    cut = Box(left, top, max(right, left + 1), max(bottom, top + 1))
    scale = min(max(_LINE / line, _SMALLEST), _LARGEST) if line else 1.0
    size = round(cut.width * scale), round(cut.height * scale)
    return Cutting(item, page.number, cut, marks, *size, cut.width > _WIDEST)
