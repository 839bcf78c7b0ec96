"""Sheets: pages as they are shown, cut from their scans and turned upright."""

from dataclasses import dataclass
from math import ceil, floor

from archivist.model import Box, Page


@dataclass(frozen=True, slots=True)
class Sheet:
    """What is shown of a page: `area` of its scan, turned clockwise by `turn` degrees (0, 90, 180, 270).

    `width` and `height` are pixels of the sheet, each as large as a pixel of the scan; origin top left of the upright
    page, y down.
    """

    width: int
    height: int
    area: Box
    turn: int

    def place(self, box: Box) -> Box:
        """Return where `box` of the scan lies on the sheet: in whole pixels, and none of them beside the sheet.

        Of a box that lies beside it, the nearest pixel remains.
        """
        left, top = box.left - self.area.left, box.top - self.area.top
        right, bottom = box.right - self.area.left, box.bottom - self.area.top
        across, down = self.area.width, self.area.height
        if self.turn == 90:
            left, top, right, bottom = down - bottom, left, down - top, right
        elif self.turn == 180:
            left, top, right, bottom = across - right, down - bottom, across - left, down - top
        elif self.turn == 270:
            left, top, right, bottom = top, across - right, bottom, across - left
        start = _within(floor(left), self.width - 1), _within(floor(top), self.height - 1)
        end = _within(ceil(right), self.width), _within(ceil(bottom), self.height)
        return Box(*start, max(end[0], start[0] + 1), max(end[1], start[1] + 1))

    def back(self, box: Box) -> Box:
        """Return where `box` of the sheet lies on the scan."""
        left, top, right, bottom = box
        if self.turn == 90:
            left, top, right, bottom = top, self.width - right, bottom, self.width - left
        elif self.turn == 180:
            left, top, right, bottom = self.width - right, self.height - bottom, self.width - left, self.height - top
        elif self.turn == 270:
            left, top, right, bottom = self.height - bottom, left, self.height - top, right
        x, y = self.area.left, self.area.top
        return Box(left + x, top + y, right + x, bottom + y)


def sheet_of(page: Page) -> Sheet:
    """Return what is shown of `page`."""
    scan = page.scan
    left, top, right, bottom = scan.area or (0, 0, scan.width, scan.height)
    start = _within(round(left), scan.width - 1), _within(round(top), scan.height - 1)
    end = max(_within(round(right), scan.width), start[0] + 1), max(_within(round(bottom), scan.height), start[1] + 1)
    across, down = end[0] - start[0], end[1] - start[1]
    turn = page.rotation % 360
    size = (down, across) if turn in (90, 270) else (across, down)
    return Sheet(*size, Box(*start, *end), turn)


def _within(value: int, most: int) -> int:
    return min(max(value, 0), most)
