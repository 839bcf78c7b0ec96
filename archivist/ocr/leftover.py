"""Ink that the detection network passed over: page numbers, single digits, dashes in cells."""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from statistics import median

import cv2
import numpy as np
from numpy.typing import NDArray

from archivist.model import Alternative, Box, Cell, Glyph, Line
from archivist.ocr import STROKES, Grey

Quad = NDArray[np.float32]

_SIDE = 1280
_INK = 150
#: At _SIDE: print from 6 to 28 points on A4, and never so much of it that it could be anything but dirt.
_LOWEST, _HIGHEST = 7, 44
_MOST_GROUPS = 40
_RULE = 60
#: In a cell: how near its rules nothing is looked for, and sizes of ink in heights of a character. A level stroke is
#: thin and longer than high; a dash is as long as a character, a hyphen shorter.
_INSET, _THIN, _STROKE, _DASH = 0.12, 0.3, 1.8, 0.45
_LEAST_HEIGHT, _MOST_HEIGHT = 0.35, 2.2
_LEAST_CELLS, _SPECK = 4, 0.01
#: How much of the picture, from its edge, may hold a page number (the sheet may lie on a desk); how high a digit is,
#: and how far away its dashes are, in characters.
_EDGE, _DIGIT, _AWAY = 0.3, 0.8, 2.5
#: How sure a stroke by itself is of being a dash: 一 looks the same.
_SURE = 0.9
_NUMERALS = frozenset("二三四五六七八九十")


def leftover(image: Grey, found: Sequence[Quad]) -> Iterator[Quad]:
    """Yield quads (corners from top left, clockwise) of what looks like print on `image` outside the quads `found`.

    Rules, frames, punch holes and specks are passed over; a page with more than 40 such groups is dirty, and none
    of them is yielded.
    """
    scale = min(1.0, _SIDE / max(image.shape))
    small = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA) if scale < 1 else image
    ink = (small < _INK).astype(np.uint8)
    for quad in found:
        corners = np.rint(quad * scale).astype(np.int32)
        cv2.fillPoly(ink, [corners], 0)
        cv2.polylines(ink, [corners], True, 0, 5)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(ink)
    wide, high, area = (stats[:, part] for part in (cv2.CC_STAT_WIDTH, cv2.CC_STAT_HEIGHT, cv2.CC_STAT_AREA))
    solid = (area > 0.7 * wide * high) & (np.minimum(wide, high) > 12)
    print_like = (wide < _RULE) & (high < _HIGHEST) & (area >= 8) & ~solid
    print_like[0] = False
    if not print_like.any():
        return
    marks = print_like[labels].astype(np.uint8)
    groups = cv2.dilate(marks, np.ones((3, 31), np.uint8))
    count, _, stats, _ = cv2.connectedComponentsWithStats(groups)
    if count - 1 > _MOST_GROUPS:
        return
    for left, top, width, height, _area in stats[1:count].tolist():
        if not (width - 30 >= 5 and height <= _HIGHEST):
            continue
        margin = max((_LOWEST * 3 - height) / 2, 0.25 * height)
        box = Box(left + 10, top - margin, left + width - 10, top + height + margin)
        corners = [[box.left, box.top], [box.right, box.top], [box.right, box.bottom], [box.left, box.bottom]]
        limit = np.array(image.shape[::-1], np.float32) - 1
        yield np.clip(np.array(corners, np.float32) / scale, 0, limit).astype(np.float32)


def in_cells(image: Grey, cells: Sequence[Cell], lines: Sequence[Line]) -> tuple[tuple[Line, ...], tuple[Quad, ...]]:
    """Return dashes that stand in cells without a line, as lines, and quads of other ink in such cells, to be read.

    `image` (height, width) is without the rules of the cells, `lines` are those found on it; all in its pixels. A
    level stroke shows in its ink better what it is than to a network that knows it as 一; it stays 一 where other
    cells of its column hold numerals. Specks and remains of rules are passed over.
    """
    filled: dict[tuple[int, int], str] = {}
    empty: list[Cell] = []
    glyphs = [glyph for line in lines for glyph in line.glyphs]
    middles = np.array([glyph.box.centre for glyph in glyphs], np.float64).reshape(-1, 2)
    for cell in cells:
        left, top, right, bottom = cell.box
        near = ((middles >= (left, top)) & (middles <= (right, bottom))).all(axis=1)
        inside = "".join(glyphs[place].char for place in np.flatnonzero(near) if cell.holds(*middles[place]))
        if inside:
            filled[cell.table, cell.column] = filled.get((cell.table, cell.column), "") + inside
        else:
            empty.append(cell)
    unit = median([line.box.height for line in lines if line.box.width > line.box.height] or [0.0])
    dashes: list[Line] = []
    quads: list[Quad] = []
    if unit and len(cells) >= _LEAST_CELLS:
        for cell in empty:
            found = _ink(image, cell, unit)
            numbered = set(filled.get((cell.table, cell.column), "-")) <= _NUMERALS | {"一"}
            if found and all(_is_stroke(box, unit) for box in found) and _is_level(found):
                dashes.append(_dashes(found, unit, numbered=numbered))
            elif found:
                quads.extend(_rows_of(found, unit))
    return tuple(dashes), tuple(quads)


def beside_numbers(image: Grey, lines: Sequence[Line]) -> tuple[Line, ...]:
    """Return the dashes beside a number at the head or foot of `image` that no line of `lines` holds, as lines."""
    height = image.shape[0]
    dashes: list[Line] = []
    for line in lines:
        inner = line.text.strip("".join(STROKES))
        at_edge = line.box.bottom < _EDGE * height or line.box.top > (1 - _EDGE) * height
        if not (at_edge and inner.isdecimal() and inner.isascii() and len(inner) <= 4):
            continue
        left, top, right, bottom = line.box
        middle, unit = (top + bottom) / 2, (bottom - top) / _DIGIT
        sides = []
        if line.text[0] not in STROKES:
            sides.append(Box(left - _AWAY * unit, middle - unit / 2, left - unit / 8, middle + unit / 2))
        if line.text[-1] not in STROKES:
            sides.append(Box(right + unit / 8, middle - unit / 2, right + _AWAY * unit, middle + unit / 2))
        for side in sides:
            marks = _marks(image, side, unit)
            level = len(marks) == 1 and _is_stroke(marks[0], unit) and abs(marks[0].centre[1] - middle) < unit / 4
            if level and not any(other.box.overlap(marks[0]) for other in lines):
                dashes.append(_dashes(marks, unit, numbered=False))
    return tuple(dashes)


def _ink(image: Grey, cell: Cell, unit: float) -> list[Box]:
    """Return the boxes of marks inside `cell`, clear of its rules, from the left; empty where it holds only dirt."""
    xs, ys = zip(*cell.corners, strict=True)
    inset = max(_INSET * unit, 3.0)
    left, right = round(max(xs[0], xs[3]) + inset), round(min(xs[1], xs[2]) - inset)
    top, bottom = round(max(ys[0], ys[1]) + inset), round(min(ys[2], ys[3]) - inset)
    marks = _marks(image, Box(left, top, right, bottom), unit)
    high = max((mark.height for mark in marks), default=0.0)
    return marks if high >= _LEAST_HEIGHT * unit or any(_is_stroke(mark, unit) for mark in marks) else []


def _marks(image: Grey, window: Box, unit: float) -> list[Box]:
    """Return the boxes of marks wholly inside `window`, specks left out, from the left."""
    left, top, right, bottom = (max(round(side), 0) for side in window)
    if right - left < unit / 2 or bottom - top < unit / 2:
        return []
    ink = (image[top:bottom, left:right] < _INK).astype(np.uint8)
    if not ink.any():
        return []
    high, wide = ink.shape
    count, _, stats, _ = cv2.connectedComponentsWithStats(ink)
    marks: list[Box] = []
    for x, y, width, height, area in stats[1:count].tolist():
        # What touches the edge is the remains of a rule, or reaches in from beside.
        touches = x == 0 or y == 0 or x + width == wide or y + height == high
        if not touches and area >= _SPECK * unit * unit and height <= _MOST_HEIGHT * unit:
            marks.append(Box(left + x, top + y, left + x + width, top + y + height))
    return sorted(marks)


def _is_stroke(box: Box, unit: float) -> bool:
    return box.height <= _THIN * unit and box.width >= max(_STROKE * box.height, _THIN * unit / 2)


def _is_level(marks: Sequence[Box]) -> bool:
    """Whether the strokes lie on one level, not above each other as in 二 and =."""
    return all(b.left >= a.right - 1 for a, b in pairwise(marks))


def _dashes(marks: Sequence[Box], unit: float, *, numbered: bool) -> Line:
    if numbered and len(marks) == 1:
        glyphs: tuple[Glyph, ...] = (Glyph("一", marks[0], _SURE, (Alternative("—", 1 - _SURE),)),)
    else:
        # Hyphens come in rows, and what stands alone is a dash, its ends worn away.
        char = "—" if max(mark.width for mark in marks) >= _DASH * unit * len(marks) ** 0.5 else "-"
        glyphs = tuple(Glyph(char, mark, _SURE, (Alternative("一", 1 - _SURE),)) for mark in marks)
    return Line(glyphs, Box.around(marks), "ink")


def _rows_of(marks: Sequence[Box], unit: float) -> Iterator[Quad]:
    """Yield a quad around each row of marks, as high as a line of print at least."""
    rows: list[list[Box]] = []
    for mark in sorted(marks, key=lambda mark: mark.top):
        if rows and mark.top < max(other.bottom for other in rows[-1]):
            rows[-1].append(mark)
        else:
            rows.append([mark])
    for row in rows:
        left, top, right, bottom = Box.around(row)
        if bottom - top < _LEAST_HEIGHT * unit:
            continue
        up = max(1.2 * unit - (bottom - top), 0.2 * (bottom - top)) / 2
        side = unit / 4
        corners = [
            [left - side, top - up], [right + side, top - up], [right + side, bottom + up], [left - side, bottom + up]
        ]  # fmt: skip
        yield np.array(corners, np.float32)
