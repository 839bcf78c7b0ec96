"""Pages made from text, as a reader would give them: characters on a grid, lines in reading order."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from archivist.model import Box, Glyph, Line, Page, Region, RegionKind, Scan

_SIDE = 40  # pixels of one character
_MARGIN = 120


class Cell(NamedTuple):
    """A cell of a ruled form: grid row and column, its text, and over how many grid lines it reaches."""

    row: int
    column: int
    text: str
    rows: int = 1
    columns: int = 1
    handwritten: bool = False


def line(
    text: str,
    *,
    left: float = _MARGIN,
    top: float = _MARGIN,
    confidence: float = 0.99,
    handwritten: bool = False,
    spaces: bool = True,
) -> Line:
    """Return `text` (leading spaces indent it) as one line, `left` and `top` in pixels.

    Without `spaces` white space is only seen as a gap between characters, as most readers leave it.
    """
    indent = len(text) - len(text.lstrip())
    glyphs = tuple(
        Glyph(char, Box(x, top, x + _SIDE, top + _SIDE), confidence)
        for place, char in enumerate(text.strip())
        if (x := left + (indent + place) * _SIDE) and (spaces or not char.isspace())
    )
    return Line(glyphs, Box.around(glyph.box for glyph in glyphs), "paper", handwritten)


def page(text: str, *, number: int = 1, confidence: float = 0.99, top: float = _MARGIN, spaces: bool = True) -> Page:
    """Return a page of body text, a line each; empty lines are white space on the paper."""
    lines = tuple(
        line(row, top=top + place * 2 * _SIDE, confidence=confidence, spaces=spaces)
        for place, row in enumerate(text.split("\n"))
        if row.strip()
    )
    return _page(number, [_region("body", lines)] if lines else [])


def form(
    cells: Iterable[Cell | tuple[int, int, str]],
    *,
    above: str = "",
    below: str = "",
    number: int = 1,
    confidence: float = 0.99,
) -> Page:
    """Return a page with one ruled table; the lines of a cell are divided by line breaks.

    `above` and `below` are the lines outside of the ruling.
    """
    entries = [Cell(*cell) for cell in cells]
    regions = list(page(above).regions)
    height = max((cell.row + cell.rows for cell in entries), default=0)
    for cell in sorted(entries):
        box = Box(
            _MARGIN + cell.column * 400,
            400 + cell.row * 200,
            _MARGIN + (cell.column + cell.columns) * 400,
            400 + (cell.row + cell.rows) * 200,
        )
        lines = tuple(
            line(
                row,
                left=box.left,
                top=box.top + place * 50,
                confidence=confidence,
                handwritten=cell.handwritten,
            )
            for place, row in enumerate(cell.text.split("\n"))
            if row.strip()
        )
        regions.append(Region("cell", box, lines, 0, cell.row, cell.column, cell.rows, cell.columns))
    regions += page(below, top=500 + height * 200).regions
    return _page(number, regions)


def stack(*sheets: str | Page) -> tuple[Page, ...]:
    """Return the pages of one item, numbered from 1; a text stands for a page of body text."""
    return tuple(
        _page(number, sheet.regions) if isinstance(sheet, Page) else page(sheet, number=number)
        for number, sheet in enumerate(sheets, 1)
    )


def _page(number: int, regions: Sequence[Region]) -> Page:
    return Page(number, Scan(f"p{number:02}.png", "0" * 64, 0, 2480, 3508, 300), tuple(regions), blank=not regions)


def _region(kind: RegionKind, lines: tuple[Line, ...]) -> Region:
    return Region(kind, Box.around(line.box for line in lines), lines)
