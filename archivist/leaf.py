"""One page from its picture to regions of text: how the stages of image and ocr follow each other."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from archivist.image.clean import Cleaned, clean
from archivist.image.open import Pixels
from archivist.image.ring import unwrapped
from archivist.image.seal import stamps_among
from archivist.image.table import find_cells, without_rules
from archivist.image.unsealed import without_seals
from archivist.model import Box, Cell, Glyph, Line, Region, Seal, Step
from archivist.ocr import STROKES, Grey, Reader
from archivist.ocr.calibration import calibrated
from archivist.ocr.consensus import second_opinion
from archivist.ocr.context import in_context
from archivist.ocr.hand import tell_hands
from archivist.ocr.leftover import beside_numbers, in_cells
from archivist.ocr.order import regions_of
from archivist.ocr.orientation import turn_needed
from archivist.ocr.rapid import RapidReader
from archivist.ocr.seal import parted, read_seal, read_under
from archivist.ocr.showthrough import without_show_through

#: Boxes as rows left, top, right, bottom.
Boxes: TypeAlias = NDArray[np.float64]

#: Share of dark pixels under which a page without text is an empty sheet, not one that could not be read.
_BLANK_INK = 0.002
_LEAST_RED = 0.5
_ORNAMENTS = frozenset("★☆")


@dataclass(frozen=True, slots=True)
class Leaf:
    """A page as read, boxes in pixels of the picture it was read from; `rotation` clockwise sets that upright."""

    regions: tuple[Region, ...]
    rotation: int
    blank: bool
    steps: tuple[Step, ...]


def read_leaf(pixels: Pixels, stretch: float, first: RapidReader, second: Reader | None) -> Leaf:
    """Read the page on `pixels` (RGB), of which a pixel is `stretch` times as tall as wide."""
    cleaned = _cleaned(pixels, stretch)
    cells, black, lines = _read_black(cleaned, first)
    if turn := turn_needed(cleaned.black, lines, first):
        cleaned = cleaned.turned(turn)
        cells, black, lines = _read_black(cleaned, first)
    red, steps = _read_red(cleaned, cells, first)
    lines, gone = without_show_through(black, _without_doubles(lines, red), first)
    lines, edges = _without_edges(lines, red, cells)
    steps.extend((*gone, *edges))
    cells, seals = _stamps_apart(cells, cleaned)
    lines, more = _read_under(lines, black, seals, first)
    steps.extend(more)
    dashes, missed = in_cells(black, cells, lines)
    lines = tell_hands(black, (*lines, *first.read_at(black, missed)))
    if cleaned.red is not None:
        red = tell_hands(cleaned.red, red)
    if second:
        lines, asked = second_opinion(black, lines, second)
        steps.extend(asked)
    # Together, because they tell the script of the page and how well it reads.
    both, decided = in_context((*lines, *red))
    both = calibrated(both)
    lines, red = (*both[: len(lines)], *dashes, *beside_numbers(black, lines)), both[len(lines) :]
    lines, stamped = _read_seals(lines, cleaned, black, seals, first)
    height, width = black.shape
    regions = regions_of(lines, red, cells, stamped, (width, height))
    count = sum(len(region.lines) for region in regions)
    read = Step("read", f"{first.name}: {count} lines, {len(cells)} ruled cells")
    inks = [ink for ink in (cleaned.black, cleaned.red) if ink is not None]
    blank = not count and all(float((ink < 128).mean()) < _BLANK_INK for ink in inks)
    steps = (*cleaned.steps, read, *steps, *decided)
    return Leaf(moved(regions, cleaned.boxes_on_scan), cleaned.rotation, blank, steps)


def _stamps_apart(cells: Sequence[Cell], cleaned: Cleaned) -> tuple[tuple[Cell, ...], tuple[Seal, ...]]:
    """Return the cells of tables, and the seals with the stamps that are tables to the eye of a ruler."""
    stamps = stamps_among(cells, cleaned.black.shape)
    kept = tuple(cell for cell in cells if not any(stamp.box.overlap(cell.box) for stamp in stamps))
    return kept, (*cleaned.seals, *stamps)


def _read_under(
    lines: tuple[Line, ...], black: Grey, seals: Sequence[Seal], reader: Reader
) -> tuple[tuple[Line, ...], list[Step]]:
    """Return `lines` with those under seals that no colour tells from print read again without the seal's ink."""
    dark = [seal for seal in seals if seal.shape == "round" and not seal.red]
    for part in without_seals(black, dark, lines) if dark else ():
        lines = read_under(lines, part.seals, part.image, part.top, reader)
    return lines, [Step("read", f"print read with the ink of seals and without: {len(dark)} seals")] if dark else []


def _read_seals(
    lines: tuple[Line, ...], cleaned: Cleaned, black: Grey, seals: Sequence[Seal], reader: Reader
) -> tuple[tuple[Line, ...], dict[Seal, tuple[Line, ...]]]:
    """Return the `lines` that are no part of a seal, and what each seal says."""
    # Registration stamps stand where nothing is printed: what is written in one belongs to it.
    stamps = [seal for seal in seals if seal.shape == "ruled"]
    lines, own = parted(lines, stamps)
    stamped = dict(zip(stamps, own, strict=True))
    for seal in seals:
        if seal.shape == "round":
            ink = cleaned.red if seal.red and cleaned.red is not None else black
            strip = unwrapped(ink, seal)
            body = () if seal.red else lines
            stamped[seal] = calibrated(read_seal(strip.image, strip.level_from, strip.on_page, body, reader))
    return lines, stamped


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
    return cleaned.seen_from(np.diag([width / square[0], height / square[1], 1.0]))


def _read_black(cleaned: Cleaned, reader: Reader) -> tuple[tuple[Cell, ...], Grey, tuple[Line, ...]]:
    """Return the ruled cells, the black layer without their rules, and the lines on it, in reading pixels."""
    cells = find_cells(cleaned.black if cleaned.red is None else np.minimum(cleaned.black, _outside_seals(cleaned)))
    black = without_rules(cleaned.black, cells)
    return cells, black, reader.read(black)


def _outside_seals(cleaned: Cleaned) -> Grey:
    """Return the red ink that is no seal: forms are printed in red as often as in black."""
    red = np.full_like(cleaned.black, 255) if cleaned.red is None else cleaned.red.copy()
    for seal in cleaned.seals:
        left, top, right, bottom = (max(round(side), 0) for side in seal.box)
        red[top:bottom, left:right] = 255
    return red


def _read_red(cleaned: Cleaned, cells: Sequence[Cell], reader: Reader) -> tuple[tuple[Line, ...], list[Step]]:
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
    part = np.ascontiguousarray(without_rules(cleaned.red, cells)[top : int(bottom) + pad, left : int(right) + pad])
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


def _without_edges(
    lines: Sequence[Line], red: Sequence[Line], cells: Sequence[Cell]
) -> tuple[tuple[Line, ...], list[Step]]:
    """Return `lines` without ornaments, and without level strokes beyond all writing.

    The strokes are the edge of the sheet, a crease or the shadow of a lid; the star is the one of the Party's heads.
    """
    lettered = [line for line in lines if not _ORNAMENTS.issuperset(line.text)]
    writing = [line.box for line in (*lettered, *red) if not STROKES.issuperset(line.text)]
    if not writing:
        return tuple(lettered), []
    within = Box.around((*writing, *(cell.box for cell in cells)))
    kept = tuple(line for line in lettered if not STROKES.issuperset(line.text) or _holds(within, *line.box.centre))
    gone = len(lines) - len(kept)
    return kept, [Step("read", f"ornaments, and level strokes beyond all writing, left out: {gone}")] if gone else []


def _holds(box: Box, x: float, y: float) -> bool:
    return box.left <= x <= box.right and box.top <= y <= box.bottom


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
