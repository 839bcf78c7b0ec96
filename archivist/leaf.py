"""One page from its picture to regions of text: how the stages of image and ocr follow each other."""

from collections import Counter
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
from archivist.ocr.order import cut_at_cells, regions_of, vertical
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
#: On the red layer at a quarter of its size: what is ink, and how few pixels are a speck.
_RED_INK, _RED_SPECK = 190, 3
#: A black line less sure than this, where red was read, is a trace of the red.
_LEAST_BLACK = 0.6
#: On a sheet without ink to speak of, so few characters, each less sure than this, are stains.
_STAINS, _LEAST_ALONE = 3, 0.95
#: So many black lines tell how a page lies.
_ENOUGH_LINES = 5
#: Registration stamps stand in this upper part of a page.
_STAMPED = 0.2


@dataclass(frozen=True, slots=True)
class Leaf:
    """A page as read, boxes in pixels of the picture it was read from; `rotation` clockwise sets that upright."""

    regions: tuple[Region, ...]
    rotation: int
    #: Whether its lines, set upright, run down the page.
    vertical: bool
    blank: bool
    steps: tuple[Step, ...]


def read_leaf(pixels: Pixels, stretch: float, first: RapidReader, second: Reader | None) -> Leaf:
    """Read the page on `pixels` (RGB), of which a pixel is `stretch` times as tall as wide."""
    cleaned = _cleaned(pixels, stretch)
    cells, black, lines = _read_black(cleaned, first)
    if turn := turn_needed(*_telling(cleaned, lines, first), first):
        cleaned = cleaned.turned(turn)
        cells, black, lines = _read_black(cleaned, first)
    red, steps = _read_red(cleaned, cells, first)
    lines, echoes = _without_echoes(lines, red)
    lines, gone = without_show_through(black, lines, first)
    lines, edges = _without_edges(lines, red, cells)
    steps.extend((*echoes, *gone, *edges))
    cells, seals = _stamps_apart(cells, cleaned)
    lines, more = _read_under(lines, black, seals, first)
    steps.extend(more)
    dashes, missed = in_cells(black, cells, (*lines, *red))
    lines = tell_hands(black, cut_at_cells((*lines, *first.read_at(black, missed)), cells))
    if cleaned.red is not None:
        red = tell_hands(cleaned.red, red)
    if second:
        lines, asked = second_opinion(black, lines, second)
        steps.extend(asked)
    # Together, because they tell the script of the page and how well it reads.
    seen = (*lines, *red)
    both, decided = in_context(seen)
    both = _no_surer(calibrated(both), both, seen)
    red = both[len(lines) :]
    lines = (*both[: len(lines)], *dashes)
    lines = (*lines, *beside_numbers(black, lines))
    lines, stamped = _read_seals(lines, cleaned, black, seals, first)
    height, width = black.shape
    regions = regions_of(lines, red, cells, stamped, (width, height))
    if any(
        line.method.endswith("+context") for region in regions if region.kind == "page_number" for line in region.lines
    ):
        steps.append(Step("read", "strokes beside a page number taken for its dashes"))
    inks = [ink for ink in (cleaned.black, cleaned.red) if ink is not None]
    empty = not seals and all(float((ink < 128).mean()) < _BLANK_INK for ink in inks)
    if empty and (marks := _no_writing(regions)):
        regions = ()
        steps.append(Step("read", f"marks on an empty sheet that are no writing, left out: {marks}"))
    count = sum(len(region.lines) for region in regions)
    read = Step("read", f"{first.name}: {count} lines, {len(cells)} ruled cells")
    blank = empty and not count
    said = (*cleaned.steps, read, *steps, *decided)
    return Leaf(moved(regions, cleaned.boxes_on_scan), cleaned.rotation, vertical(lines), blank, said)


def _stamps_apart(cells: Sequence[Cell], cleaned: Cleaned) -> tuple[tuple[Cell, ...], tuple[Seal, ...]]:
    """Return the cells of tables, and the seals with the stamps that are tables to the eye of a ruler."""
    stamps = stamps_among(cells, cleaned.black.shape)
    own = {
        table for table in {cell.table for cell in cells} if _outline(cells, table) in [stamp.box for stamp in stamps]
    }
    kept = tuple(cell for cell in cells if cell.table not in own)
    return kept, (*cleaned.seals, *stamps)


def _no_writing(regions: Sequence[Region]) -> str:
    """Return what stains and punch holes were read as, empty where anything was surely read."""
    glyphs = [glyph for region in regions for line in region.lines for glyph in line.glyphs]
    doubtful = len(glyphs) <= _STAINS and all(glyph.confidence < _LEAST_ALONE for glyph in glyphs)
    return " ".join(glyph.char for glyph in glyphs) if doubtful else ""


def _outline(cells: Sequence[Cell], table: int) -> Box:
    return Box.around(cell.box for cell in cells if cell.table == table)


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
    # Registration stamps stand at the head, where nothing is printed: what is written in one belongs to it.
    stamps = [seal for seal in seals if seal.shape == "ruled" and seal.box.bottom < _STAMPED * black.shape[0]]
    lines, own = parted(lines, stamps)
    stamped: dict[Seal, tuple[Line, ...]] = dict.fromkeys((seal for seal in seals if seal.shape == "ruled"), ())
    stamped |= dict(zip(stamps, own, strict=True))
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


def _no_surer(calibrated: Sequence[Line], decided: Sequence[Line], seen: Sequence[Line]) -> tuple[Line, ...]:
    """Return the `calibrated` lines, characters that context `decided` against what was `seen` no surer than it is."""
    return tuple(
        replace(line, glyphs=tuple(
            replace(glyph, confidence=min(glyph.confidence, after.confidence)) if after.char != before.char else glyph
            for glyph, after, before in zip(line.glyphs, changed.glyphs, read.glyphs, strict=True)
        ))
        if changed is not read
        else line
        for line, changed, read in zip(calibrated, decided, seen, strict=True)
    )  # fmt: skip


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
    # Specks of colour far from the writing would make the picture larger than it.
    small = cv2.resize(cleaned.red, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA) < _RED_INK
    _, _, stats, _ = cv2.connectedComponentsWithStats(small.astype(np.uint8))
    marks = stats[1:][stats[1:, cv2.CC_STAT_AREA] >= _RED_SPECK]
    if not len(marks):
        return (), []
    pad = 40
    starts, sizes = marks[:, :2], marks[:, 2:4]
    left, top = (max(int(side) * 4 - pad, 0) for side in starts.min(axis=0))
    right, bottom = (int(side) * 4 for side in (starts + sizes).max(axis=0))
    part = np.ascontiguousarray(without_rules(cleaned.red, cells)[top : bottom + pad, left : right + pad])
    lines = [_shifted(line, left, top) for line in reader.read(part)]
    sure = tuple(line for line in lines if _mean(line) >= _LEAST_RED)
    unsure = " ".join(line.text for line in lines if _mean(line) < _LEAST_RED)
    return sure, [Step("read", f"marks in red that are no writing, left out: {unsure}")] if unsure else []


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
    """Return `lines` without the star of the Party's heads, and without level strokes beyond all writing.

    The strokes are the edge of the sheet, a crease or the shadow of a lid; one by itself as large as a character is 一.
    """
    writing = [line.box for line in (*lines, *red) if not STROKES.issuperset(line.text)]
    within = Box.around((*writing, *(cell.box for cell in cells))) if writing else None
    sizes = [max(glyph.box.width, glyph.box.height) for line in lines for glyph in line.glyphs]
    usual = float(np.median(sizes)) if sizes else 0.0
    gone = []
    for line in lines:
        x, y = line.box.centre
        if any(cell.holds(x, y) for cell in cells):
            continue
        numeral = line.text == "一" and 0.5 * usual <= line.box.width <= 1.5 * usual
        stroke = within is not None and STROKES.issuperset(line.text) and not numeral and not _holds(within, x, y)
        if stroke or line.text in _ORNAMENTS:
            gone.append(line)
    kept = tuple(line for line in lines if not any(line is other for other in gone))
    text = " ".join(line.text for line in gone)
    return kept, [Step("read", f"ornaments and strokes beyond all writing, left out: {text}")] if gone else []


def _holds(box: Box, x: float, y: float) -> bool:
    return box.left <= x <= box.right and box.top <= y <= box.bottom


def _without_echoes(lines: Sequence[Line], red: Sequence[Line]) -> tuple[tuple[Line, ...], list[Step]]:
    """Return the black `lines` without those that are red ones seen once more, and how many they were."""
    kept = tuple(line for line in lines if not any(_echoes(line, other) for other in red))
    gone = len(lines) - len(kept)
    return kept, [Step("read", f"traces of red writing among the black, left out: {gone}")] if gone else []


def _echoes(line: Line, red: Line) -> bool:
    smaller = min(line.box.width * line.box.height, red.box.width * red.box.height)
    if line.box.overlap(red.box) <= 0.5 * smaller:
        return False
    common = (Counter(line.text) & Counter(red.text)).total()
    return 2 * common >= len(line.glyphs) or (_mean(line) < _LEAST_BLACK and _mean(line) < _mean(red))


def _telling(cleaned: Cleaned, lines: tuple[Line, ...], reader: Reader) -> tuple[Grey, tuple[Line, ...]]:
    """Return the picture, and the lines on it, that tell how the page lies: with the red where little is in black."""
    if cleaned.red is None or len(lines) >= _ENOUGH_LINES:
        return cleaned.black, lines
    both = np.minimum(cleaned.black, cleaned.red)
    return both, reader.read(both)
