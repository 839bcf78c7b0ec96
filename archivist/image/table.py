"""Ruled forms and tables: where their cells are, also on a sheet that lies askew or was photographed."""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from archivist.model import Cell

Grey = NDArray[np.uint8]

_SIDE = 1600
#: What a rule is made of: straight pieces longer than this share of the longer side.
_PIECE = 1 / 60
#: How far, in pixels at _SIDE, a rule may bow away from the straight line and still be that line.
_BOW = 8
#: Share of a cell's side that must be ruled for the side to exist; worn and sealed-over rules have gaps.
_RULED = 0.5
#: A side shorter than this could be the stroke of a character, unless it touches the rules at both ends.
_SHORT_SIDE = 110
#: What is ink beside paper on the evened-out picture, and how far beside a rule a stroke that crosses it is looked for.
_DARK, _PAPER, _BESIDE = 190, 245, 6


_Point: TypeAlias = tuple[float, float]


class _Place(NamedTuple):
    row: int
    column: int
    rows: int
    columns: int


def find_cells(grey: Grey) -> tuple[Cell, ...]:
    """Return the cells of every ruled table on `grey` (height, width; 255 is paper), in its pixels.

    Cells come table by table from the top, row by row; merged cells say over how many rows and columns they reach.
    """
    scale = _SIDE / max(grey.shape)
    resample = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    small = np.asarray(cv2.resize(grey, None, fx=scale, fy=scale, interpolation=resample), np.uint8)
    across, down = _rules(small)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(cv2.dilate(across | down, np.ones((5, 5), np.uint8)))
    tables = []
    for number in range(1, count):
        left, top, wide, high, _area = stats[number]
        if wide < 0.15 * _SIDE or high < 0.02 * _SIDE:
            continue
        part = np.s_[top : top + high, left : left + wide]
        # Pieces of a broken rule hang in the air, and belong to the table all the same.
        cells = list(_cells(labels[part] == number, across[part], down[part]))
        if len(cells) >= 2:
            tables.append((top, [(place, np.add(corners, (left, top)) / scale) for place, corners in cells]))
    tables.sort(key=lambda entry: entry[0])
    return tuple(
        Cell(number, *place, _corners(corners)) for number, (_, cells) in enumerate(tables) for place, corners in cells
    )


def without_rules(grey: Grey, cells: Sequence[Cell]) -> Grey:
    """Return `grey` with the rules around `cells` made paper, so that none is read as 1, 一 or |.

    A stroke that crosses a rule stays whole.
    """
    if not cells:
        return grey
    sides: Grey = np.zeros(grey.shape, np.uint8)
    for cell in cells:
        cv2.polylines(sides, [np.rint(cell.corners).astype(np.int32)], True, 1, 2 * _BESIDE - 1)
    ink = (grey < _DARK).astype(np.uint8)
    length = round(max(grey.shape) * _PIECE)
    cleared = grey.copy()
    for axis in (0, 1):
        bars = cv2.morphologyEx(cv2.dilate(ink, _bar(axis, 3, across=True)), cv2.MORPH_OPEN, _bar(axis, length))
        beside = _BESIDE if axis == 0 else 0, _BESIDE if axis == 1 else 0
        crossing = np.roll(ink, beside, (0, 1)) & np.roll(ink, (-beside[0], -beside[1]), (0, 1))
        kept = cv2.dilate(np.asarray(crossing, np.uint8), _bar(axis, 3))
        cleared[(bars > 0) & (sides > 0) & (kept == 0)] = _PAPER
    return cleared


def _corners(quad: NDArray[np.float64]) -> tuple[_Point, _Point, _Point, _Point]:
    first, second, third, fourth = ((float(x), float(y)) for x, y in quad)
    return first, second, third, fourth


def _rules(grey: Grey) -> tuple[Grey, Grey]:
    """Return masks of the rules that run across and down, small breaks closed."""
    ink = cv2.adaptiveThreshold(grey, 1, cv2.ADAPTIVE_THRESH_MEAN_C, cv2.THRESH_BINARY_INV, 41, 16)
    length = round(_SIDE * _PIECE)
    found = []
    for axis in (0, 1):
        thick, long = _bar(axis, 3, across=True), _bar(axis, length)
        # Made thick first, so that a slanting rule still holds a straight piece.
        pieces = cv2.morphologyEx(cv2.dilate(ink, thick), cv2.MORPH_OPEN, long)
        joined = cv2.morphologyEx(cv2.dilate(pieces, thick), cv2.MORPH_CLOSE, _bar(axis, length // 2))
        found.append(_long(joined, axis, round(1.8 * length)))
    return found[0], found[1]


def _bar(axis: int, length: int, *, across: bool = False) -> NDArray[np.uint8]:
    level = (axis == 0) != across
    return np.ones((1, length) if level else (length, 1), np.uint8)


def _long(mask: cv2.typing.MatLike, axis: int, least: int) -> Grey:
    """Return only the runs of `mask` at least `least` long along `axis` (0 across), and thin as rules are."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask)
    lengths = stats[:, cv2.CC_STAT_WIDTH if axis == 0 else cv2.CC_STAT_HEIGHT]
    keep = (lengths >= least) & (stats[:, cv2.CC_STAT_AREA] < 16 * np.maximum(lengths, 1))
    keep[0] = False
    return np.asarray(keep[labels], np.uint8) if count > 1 else np.zeros(mask.shape, np.uint8)


def _cells(frame: NDArray[np.bool_], across: Grey, down: Grey) -> Iterator[tuple[_Place, NDArray[np.float64]]]:
    """Yield place and corners (from top left, clockwise) of the cells that the rules enclose."""
    height, width = across.shape
    level = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32) + _BOW
    forth = cv2.getPerspectiveTransform(_outline(frame), level)
    size = (width + 2 * _BOW, height + 2 * _BOW)
    held, across, down = (
        np.asarray(cv2.warpPerspective(mask.astype(np.uint8), forth, size, flags=cv2.INTER_NEAREST), np.uint8)
        for mask in (frame, across, down)
    )
    # Strokes of large handwriting hang in the air as well: only what holds to the frame makes a line of the grid.
    rows, columns = _grid_lines(across & held, 0), _grid_lines(down & held, 1)
    if len(rows) < 2 or len(columns) < 2:
        return
    above = np.array([_coverage(across, row, columns, 0) for row in rows]) >= _RULED
    before = np.array([_coverage(down, column, rows, 1) for column in columns]).T >= _RULED
    back = np.linalg.inv(forth)
    for place in _places(above, before):
        left, right = columns[place.column], columns[place.column + place.columns]
        top, bottom = rows[place.row], rows[place.row + place.rows]
        corners = np.array([[[left, top], [right, top], [right, bottom], [left, bottom]]], np.float64)
        yield place, np.asarray(cv2.perspectiveTransform(corners, back)[0], np.float64)


def _outline(mask: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Return the table's outermost corners from top left, clockwise."""
    ys, xs = np.nonzero(mask)
    total, difference = xs + ys, xs - ys
    picks = (total.argmin(), difference.argmax(), total.argmax(), difference.argmin())
    return np.array([[xs[pick], ys[pick]] for pick in picks], np.float32)


def _grid_lines(mask: Grey, axis: int) -> list[float]:
    """Return where the rules of a straightened table lie: y of those across (axis 0), x of those down."""
    count, _, stats, centres = cv2.connectedComponentsWithStats(mask)
    lengths = stats[1:count, cv2.CC_STAT_WIDTH if axis == 0 else cv2.CC_STAT_HEIGHT]
    places = centres[1:count, 1 - axis]
    order = np.argsort(places)
    lines: list[list[int]] = []
    for number in order:
        if lines and places[number] - places[lines[-1][-1]] <= _BOW:
            lines[-1].append(int(number))
        else:
            lines.append([int(number)])
    reach = mask.shape[1 - axis]
    return [
        float(np.average(places[line], weights=lengths[line])) for line in lines if lengths[line].sum() >= 0.06 * reach
    ]


def _coverage(mask: Grey, line: float, across: Sequence[float], axis: int) -> list[float]:
    """Return for each stretch between two lines of `across` the share that `line` is ruled there."""
    low = max(round(line) - _BOW, 0)
    band = mask[low : round(line) + _BOW + 1] if axis == 0 else mask[:, low : round(line) + _BOW + 1]
    ruled = np.asarray(band.any(axis=axis), np.bool_)
    shares = []
    for start, end in pairwise(across):
        inset = min(4.0, (end - start) / 4)
        side = ruled[round(start + inset) : max(round(end - inset), round(start + inset) + 1)]
        share = float(side.mean())
        if len(side) < _SHORT_SIDE:
            tip = max(len(side) // 6, 1)
            share = min(share, float(side[:tip].mean()), float(side[-tip:].mean()))
        shares.append(share)
    return shares


def _places(above: NDArray[np.bool_], before: NDArray[np.bool_]) -> Iterator[_Place]:
    """Yield the cells of the grid; squares with no rule between them are one cell where they make a rectangle.

    `above[r, c]` says whether the square in row r, column c has a rule above it, `before[r, c]` one to its left;
    each has one row (column) more than there are squares, for the lower (right) edge of the table.
    """
    rows, columns = above.shape[0] - 1, before.shape[1] - 1
    owner = np.arange(rows * columns).reshape(rows, columns)
    for row in range(rows):
        for column in range(columns):
            if row and not above[row, column]:
                owner[owner == owner[row, column]] = owner[row - 1, column]
            if column and not before[row, column]:
                owner[owner == owner[row, column]] = owner[row, column - 1]
    places = []
    for number in np.unique(owner):
        ys, xs = np.nonzero(owner == number)
        place = _Place(*(int(v) for v in (ys.min(), xs.min(), np.ptp(ys) + 1, np.ptp(xs) + 1)))
        if len(ys) == place.rows * place.columns:
            places.append(place)
        else:
            # A broken rule has let cells run into each other: better a row cut in two than rows mixed.
            places.extend(_row_runs(owner == number))
    yield from sorted(places)


def _row_runs(squares: NDArray[np.bool_]) -> Iterator[_Place]:
    for row, flags in enumerate(squares):
        edges = np.flatnonzero(np.diff(np.concatenate(([0], flags.astype(np.int8), [0]))))
        for start, end in zip(edges[::2], edges[1::2], strict=True):
            yield _Place(row, int(start), 1, int(end - start))
