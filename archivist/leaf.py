"""One page from its picture to regions of text: how the stages of image and ocr follow each other."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, islice
from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from archivist.image.clean import Cleaned, clean
from archivist.image.open import Pixels
from archivist.image.table import find_cells, without_rules
from archivist.model import Box, Cell, Glyph, Line, Region, Step
from archivist.ocr import Grey, Reader
from archivist.ocr.consensus import second_opinion
from archivist.ocr.order import arrange
from archivist.ocr.orientation import turn_needed

#: Boxes as rows left, top, right, bottom.
Boxes: TypeAlias = NDArray[np.float64]

#: Share of dark pixels under which a page without text is an empty sheet, not one that could not be read.
_BLANK_INK = 0.002
_LEAST_RED = 0.5


@dataclass(frozen=True, slots=True)
class Leaf:
    """A page as read, boxes in pixels of the picture it was read from; `rotation` clockwise sets that upright."""

    regions: tuple[Region, ...]
    rotation: int
    blank: bool
    steps: tuple[Step, ...]


def read_leaf(pixels: Pixels, stretch: float, first: Reader, second: Reader | None) -> Leaf:
    """Read the page on `pixels` (RGB), of which a pixel is `stretch` times as tall as wide."""
    cleaned = _cleaned(pixels, stretch)
    cells, black, lines = _read_black(cleaned, first)
    if turn := turn_needed(cleaned.black, lines, first):
        cleaned = cleaned.turned(turn)
        cells, black, lines = _read_black(cleaned, first)
    red, more = _read_red(cleaned, first)
    lines = _without_doubles(lines, red)
    if second:
        lines, asked = second_opinion(black, lines, second)
        more.extend(asked)
    regions = _hands_apart(arrange(lines, red, cells, cleaned.seals, cleaned.black.shape[0]))
    count = sum(len(region.lines) for region in regions)
    steps = (*cleaned.steps, Step("read", f"{first.name}: {count} lines, {len(cells)} ruled cells"), *more)
    inks = [ink for ink in (cleaned.black, cleaned.red) if ink is not None]
    blank = not count and all(float((ink < 128).mean()) < _BLANK_INK for ink in inks)
    return Leaf(moved(regions, lambda b: np.array([cleaned.on_scan(Box(*x)) for x in b])), cleaned.rotation, blank, steps)


def moved(regions: Sequence[Region], move: Callable[[Boxes], Boxes]) -> tuple[Region, ...]:
    """Return `regions` with every box in them moved; `move` takes and gives boxes as rows of an array (n, 4)."""
    boxes = [
        *(region.box for region in regions),
        *(line.box for region in regions for line in region.lines),
        *(glyph.box for region in regions for line in region.lines for glyph in line.glyphs),
    ]
    if not boxes:
        return ()
    places = map(Box._make, move(np.array(boxes, np.float64)).tolist())
    outlines = list(islice(places, len(regions)))
    lines = list(islice(places, sum(len(region.lines) for region in regions)))
    there = iter(
        [
            Line(
                tuple(Glyph(glyph.char, next(places), glyph.confidence, glyph.alternatives) for glyph in line.glyphs),
                box, line.method, line.handwritten,
            )
            for line, box in zip((line for region in regions for line in region.lines), lines, strict=True)
        ]
    )  # fmt: skip
    return tuple(
        replace(region, box=box, lines=tuple(islice(there, len(region.lines))))
        for region, box in zip(regions, outlines, strict=True)
    )


def _cleaned(pixels: Pixels, stretch: float) -> Cleaned:
    """Return the reading image of a scan, of which pixels that are not square are drawn out first."""
    if stretch == 1:
        return clean(pixels)
    height, width = pixels.shape[:2]
    square = (round(width / min(stretch, 1)), round(height * max(stretch, 1)))
    drawn = np.asarray(cv2.resize(pixels, square, interpolation=cv2.INTER_CUBIC), np.uint8)
    cleaned = clean(drawn)
    to_scan = np.diag([width / square[0], height / square[1]])
    return replace(cleaned, matrix=to_scan @ cleaned.matrix)


def _read_black(cleaned: Cleaned, reader: Reader) -> tuple[tuple[Cell, ...], Grey, tuple[Line, ...]]:
    """Return the ruled cells, the black layer without their rules, and the lines on it, in reading pixels."""
    cells = find_cells(cleaned.black)
    black = without_rules(cleaned.black, cells)
    return cells, black, reader.read(black)


def _read_red(cleaned: Cleaned, reader: Reader) -> tuple[tuple[Line, ...], list[Step]]:
    """Return the lines in red ink, in reading pixels, and what was left out of them."""
    if cleaned.red is None:
        return (), []
    ys, xs = np.nonzero(cleaned.red < 160)
    if not len(ys):
        return (), []
    # Specks of colour far from the head would make the picture larger than the writing.
    (left, right), (top, bottom) = (np.percentile(places, (0.5, 99.5)) for places in (xs, ys))
    pad = 40
    left, top = max(int(left) - pad, 0), max(int(top) - pad, 0)
    part = np.ascontiguousarray(cleaned.red[top : int(bottom) + pad, left : int(right) + pad])
    lines = [_shifted(line, left, top) for line in reader.read(part)]
    sure = tuple(line for line in lines if _mean(line) >= _LEAST_RED)
    unsure = len(lines) - len(sure)
    return sure, [Step("read", f"marks in red that are no writing: {unsure}")] if unsure else []


def _shifted(line: Line, x: float, y: float) -> Line:
    def shift(box: Box) -> Box:
        return Box(box.left + x, box.top + y, box.right + x, box.bottom + y)

    glyphs = tuple(replace(glyph, box=shift(glyph.box)) for glyph in line.glyphs)
    return replace(line, glyphs=glyphs, box=shift(line.box), method=f"{line.method}-red")


def _mean(line: Line) -> float:
    return sum(glyph.confidence for glyph in line.glyphs) / max(len(line.glyphs), 1)


def _without_doubles(lines: Sequence[Line], red: Sequence[Line]) -> tuple[Line, ...]:
    """Return `lines` without faint echoes of what was read in red."""
    return tuple(
        line
        for line in lines
        if not any(
            line.box.overlap(other.box) > 0.5 * line.box.width * line.box.height and _mean(line) < _mean(other)
            for other in red
        )
    )


def _hands_apart(regions: Sequence[Region]) -> tuple[Region, ...]:
    """Return `regions` with the handwriting outside ruled cells in regions of its own."""
    apart: list[Region] = []
    for region in regions:
        if region.kind == "body" and any(line.handwritten for line in region.lines):
            for by_hand, run in groupby(region.lines, lambda line: line.handwritten):
                lines = tuple(run)
                kind = "handwriting" if by_hand else "body"
                apart.append(replace(region, kind=kind, lines=lines, box=Box.around(line.box for line in lines)))
        else:
            apart.append(region)
    return tuple(apart)
