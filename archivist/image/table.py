"""Ruled forms and tables: where their cells are, also on a sheet that lies askew or was photographed."""

from collections.abc import Iterator, Sequence
from itertools import groupby, pairwise
from typing import NamedTuple, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from archivist.image.three_lines import three_line_cells
from archivist.model import Cell

Grey = NDArray[np.uint8]

_SIDE = 1600
#: What a rule is made of: straight pieces longer than this share of the longer side.
_PIECE = 1 / 60
#: How thick, in pixels at _SIDE, a rule is at most, and how far it may bow away from the straight line.
_THICK, _BOW = 16, 8
#: Share of a cell's side that must be ruled for the side to exist; worn and sealed-over rules have gaps.
_RULED = 0.5
#: A side shorter than this could be the stroke of a character, unless it touches the rules at both ends.
_SHORT_SIDE = 110
#: Nor can one as short as the pieces that rules are found by be told from print, unless it is whole.
_TINY_SIDE = 26
#: How far rules run on beyond the last one across them where the table has no rule at its edge.
_OPEN = 30
#: A cell with this share of its table is the page within a frame.
_FRAME = 0.85
#: What is no higher than this and ruled with strokes thicker than that is a line of large print: a red head.
_PRINT_HIGH, _STROKE = 120, 4.5
#: What is ink beside paper on the evened-out picture, and how far beside a rule a stroke that crosses it is looked for.
_DARK, _PAPER, _BESIDE = 190, 245, 6


_Point: TypeAlias = tuple[float, float]
_Table: TypeAlias = "tuple[float, list[tuple[_Place, NDArray[np.float64]]]]"


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
    ink, across, down = _rules(small)
    if not across.any():
        return ()
    taken: Grey = np.zeros(small.shape, np.uint8)
    tables: list[_Table] = []
    for left, top, frame in _joined(across, down):
        part = np.s_[top : top + frame.shape[0], left : left + frame.shape[1]]
        # Pieces of a broken rule hang in the air, and belong to the table all the same.
        cells = list(_cells(frame > 0, across[part], down[part], ink[part]))
        if len(cells) >= 2:
            taken[part] |= frame
            tables.append((top, [(place, np.add(corners, (left, top)) / scale) for place, corners in cells]))
    for places, quads in three_line_cells(ink, across, taken):
        tables.append((quads[0, 0, 1], [(_Place(*p), quad / scale) for p, quad in zip(places, quads, strict=True)]))
    tables = sorted(_innermost(tables), key=lambda entry: entry[0])
    return tuple(
        Cell(number, *place, _corners(corners)) for number, (_, cells) in enumerate(tables) for place, corners in cells
    )


def without_rules(grey: Grey, cells: Sequence[Cell]) -> Grey:
    """Return `grey` with the rules around `cells` made paper, so that none is read as 1, 一 or |.

    A stroke that crosses a rule stays whole.
    """
    if not cells:
        return grey
    cleared = grey.copy()
    length = round(max(grey.shape) * _PIECE)
    for _, table in groupby(cells, lambda cell: cell.table):
        corners = [np.rint(cell.corners).astype(np.int32) for cell in table]
        left, top, width, height = cv2.boundingRect(np.concatenate(corners))
        left, top = max(left - length, 0), max(top - length, 0)
        _clear(cleared[top : top + height + 2 * length, left : left + width + 2 * length], corners, (left, top), length)
    return cleared


def _clear(part: Grey, corners: Sequence[NDArray[np.int32]], offset: tuple[int, int], length: int) -> None:
    """Make the rules along `corners` paper in `part`, which begins at `offset`."""
    sides: Grey = np.zeros(part.shape, np.uint8)
    cv2.polylines(sides, [quad - offset for quad in corners], True, 1, 2 * _BESIDE - 1)
    ink = (part < _DARK).astype(np.uint8)
    rules: Grey = np.zeros(part.shape, np.uint8)
    for axis in (0, 1):
        bars = cv2.morphologyEx(cv2.dilate(ink, _bar(axis, 3, across=True)), cv2.MORPH_OPEN, _bar(axis, length))
        beside = _BESIDE if axis == 0 else 0, _BESIDE if axis == 1 else 0
        crossing = np.roll(ink, beside, (0, 1)) & np.roll(ink, (-beside[0], -beside[1]), (0, 1))
        kept = cv2.dilate(np.asarray(crossing, np.uint8), _bar(axis, 3))
        rules |= np.asarray(bars, np.uint8) & sides & np.asarray(1 - kept, np.uint8)
    part[rules > 0] = _PAPER


def _innermost(tables: Sequence[_Table]) -> Iterator[_Table]:
    """Yield the tables but those that only frame what is on the page: the edge of the sheet, a border of two rules."""
    middles = [np.concatenate([corners for _, corners in cells]).mean(axis=0) for _, cells in tables]
    for number, table in enumerate(tables):
        others = [middle for place, middle in enumerate(middles) if place != number]
        cells = [corners.astype(np.float32).reshape(-1, 1, 2) for _, corners in table[1]]
        areas = [cv2.contourArea(cell) for cell in cells]
        frames = any(cv2.pointPolygonTest(cell, (float(x), float(y)), False) > 0 for cell in cells for x, y in others)
        if not frames and max(areas) < _FRAME * sum(areas):
            yield table


def _corners(quad: NDArray[np.float64]) -> tuple[_Point, _Point, _Point, _Point]:
    first, second, third, fourth = ((float(x), float(y)) for x, y in quad)
    return first, second, third, fourth


def _rules(grey: Grey) -> tuple[Grey, Grey, Grey]:
    """Return masks of what is dark, and of the rules in it that run across and down, small breaks closed."""
    ink = cv2.adaptiveThreshold(grey, 1, cv2.ADAPTIVE_THRESH_MEAN_C, cv2.THRESH_BINARY_INV, 41, 16)
    length = round(_SIDE * _PIECE)
    found = []
    for axis in (0, 1):
        thick, long = _bar(axis, 3, across=True), _bar(axis, length)
        # Made thick first, so that a slanting rule still holds a straight piece.
        pieces = cv2.morphologyEx(cv2.dilate(ink, thick), cv2.MORPH_OPEN, long)
        joined = cv2.morphologyEx(cv2.dilate(pieces, thick), cv2.MORPH_CLOSE, _bar(axis, length // 2))
        found.append(_long(np.asarray(joined, np.uint8), axis, round(1.8 * length)))
    return np.asarray(ink, np.uint8), found[0], found[1]


def _bar(axis: int, length: int, *, across: bool = False) -> NDArray[np.uint8]:
    level = (axis == 0) != across
    return np.ones((1, length) if level else (length, 1), np.uint8)


def _long(mask: Grey, axis: int, least: int) -> Grey:
    """Return only the runs of `mask` at least `least` long along `axis` (0 across), and thin as rules are."""
    kept = np.zeros_like(mask)
    # Outlines, because they are few: to number all connected pixels takes ten times as long.
    for outline in cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)[0]:
        x, y, width, height = cv2.boundingRect(outline)
        length = width if axis == 0 else height
        if length >= least:
            part = np.s_[y : y + height, x : x + width]
            run: Grey = np.zeros((height, width), np.uint8)
            cv2.drawContours(run, [outline], 0, 1, cv2.FILLED, offset=(-x, -y))
            run &= mask[part]
            if np.count_nonzero(run) < _THICK * length:
                kept[part] |= run
    return kept


def _joined(across: Grey, down: Grey) -> Iterator[tuple[int, int, Grey]]:
    """Yield left, top and mask of what hangs together of the rules and is large enough to be a table."""
    rules = cv2.dilate(across | down, np.ones((5, 5), np.uint8))
    outlines, levels = cv2.findContours(rules, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    for number, outline in enumerate(outlines):
        left, top, width, height = cv2.boundingRect(outline)
        is_hole = levels[0][number][3] >= 0
        if not is_hole and width >= 0.15 * _SIDE and height >= 0.02 * _SIDE:
            mask: Grey = np.zeros((height, width), np.uint8)
            cv2.drawContours(mask, outlines, number, 1, cv2.FILLED, 8, levels, 1, (-left, -top))
            yield left, top, mask


def _thickness(rules: Grey) -> float:
    """Return how thick most of `rules` is, in pixels; 0 where there are none."""
    within = 2 * cv2.distanceTransform(np.asarray(rules, np.uint8), cv2.DIST_L2, 3)
    return float(np.median(within[rules > 0])) if rules.any() else 0.0


def _cells(
    frame: NDArray[np.bool_], across: Grey, down: Grey, ink: Grey
) -> Iterator[tuple[_Place, NDArray[np.float64]]]:
    """Yield place and corners (from top left, clockwise) of the cells that the rules enclose."""
    height, width = across.shape
    if height <= _PRINT_HIGH and _thickness(down & frame & ink) > _STROKE:
        return
    level = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32) + _BOW
    forth = cv2.getPerspectiveTransform(_outline(frame), level)
    size = (width + 2 * _BOW, height + 2 * _BOW)
    held, across, down, ink = (
        np.asarray(cv2.warpPerspective(mask.astype(np.uint8), forth, size, flags=cv2.INTER_NEAREST), np.uint8)
        for mask in (frame, across, down, ink)
    )
    # Strokes of large handwriting hang in the air as well: only what holds to the frame makes a line of the grid.
    rows, columns = _grid_lines(across & held, 0), _grid_lines(down & held, 1)
    if len(rows) < 2 or len(columns) < 2:
        return
    top, bottom = _open_sides(down, columns, rows, 1)
    left, right = _open_sides(across, rows, columns, 0)
    rows = [*([float(_BOW)] if top else []), *rows, *([float(height + _BOW)] if bottom else [])]
    columns = [*([float(_BOW)] if left else []), *columns, *([float(width + _BOW)] if right else [])]
    # A line that parts no two squares is none of the table's: the rim of a seal, a stroke of the pen.
    inner = [row for row in rows[1:-1] if max(_coverage(across, ink, row, columns, 0)) >= _RULED]
    rows = [rows[0], *inner, rows[-1]]
    inner = [column for column in columns[1:-1] if max(_coverage(down, ink, column, rows, 1)) >= _RULED]
    columns = [columns[0], *inner, columns[-1]]
    above = np.array([_coverage(across, ink, row, columns, 0) for row in rows]) >= _RULED
    before = np.array([_coverage(down, ink, column, rows, 1) for column in columns]).T >= _RULED
    back = np.linalg.inv(forth)
    _mend(above, before, np.diff(columns).tolist(), np.diff(rows).tolist())
    for place in _places(above, before):
        x1, x2 = columns[place.column], columns[place.column + place.columns]
        y1, y2 = rows[place.row], rows[place.row + place.rows]
        corners = np.array([[[x1, y1], [x2, y1], [x2, y2], [x1, y2]]], np.float64)
        yield place, np.asarray(cv2.perspectiveTransform(corners, back)[0], np.float64)


def _open_sides(mask: Grey, lines: Sequence[float], across: Sequence[float], axis: int) -> tuple[bool, bool]:
    """Return whether most of `lines`, ruled in `mask` along `axis`, run on beyond the first and last of `across`."""
    reach = mask.shape[1 - axis]
    outer = (slice(_BOW, round(across[0]) - _BOW), slice(round(across[-1]) + _BOW, reach - _BOW))
    open_at = []
    for part in outer:
        if part.stop - part.start < _OPEN:
            open_at.append(False)
            continue
        bands = [slice(max(round(line) - _BOW, 0), round(line) + _BOW + 1) for line in lines]
        strips = [mask[band, part] if axis == 0 else mask[part, band] for band in bands]
        ruled = sum(float(strip.any(axis=axis).mean()) >= _RULED for strip in strips)
        open_at.append(ruled >= max(2, 0.6 * len(lines)))
    return open_at[0], open_at[1]


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


def _coverage(mask: Grey, ink: Grey, line: float, across: Sequence[float], axis: int) -> list[float]:
    """Return for each stretch between two lines of `across` the share that `line` is ruled there."""
    band = slice(max(round(line) - _BOW, 0), round(line) + _BOW + 1)
    ruled, dark = (
        np.asarray((layer[band] if axis == 0 else layer[:, band]).any(axis=axis), np.bool_) for layer in (mask, ink)
    )
    shares = []
    for start, end in pairwise(across):
        inset = min(4.0, (end - start) / 4)
        side = ruled[round(start + inset) : max(round(end - inset), round(start + inset) + 1)]
        share = float(side.mean())
        if len(side) < _SHORT_SIDE:
            tip = max(len(side) // 6, 1)
            share = min(share, float(side[:tip].mean()), float(side[-tip:].mean()))
        if end - start < _TINY_SIDE:
            # Print above a rule looks like the rule going on, but for the white between.
            share = min(share, float(dark[round(start) : round(end) + 1].min()))
        shares.append(share)
    return shares


def _places(above: NDArray[np.bool_], before: NDArray[np.bool_]) -> Iterator[_Place]:
    """Yield the cells of the grid; squares with no rule between them are one cell where they make a rectangle.

    `above[r, c]` says whether the square in row r, column c has a rule above it, `before[r, c]` one to its left;
    each has one row (column) more than there are squares, for the lower (right) edge of the table.
    """
    owner = _owners(above, before)
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


def _owners(above: NDArray[np.bool_], before: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return for each square the number of its cell: those with no rule between them have the same."""
    rows, columns = above.shape[0] - 1, before.shape[1] - 1
    owner = np.arange(rows * columns).reshape(rows, columns)
    for row in range(rows):
        for column in range(columns):
            if row and not above[row, column]:
                owner[owner == owner[row, column]] = owner[row - 1, column]
            if column and not before[row, column]:
                owner[owner == owner[row, column]] = owner[row, column - 1]
    return owner


def _mend(above: NDArray[np.bool_], before: NDArray[np.bool_], wide: Sequence[float], high: Sequence[float]) -> None:
    """Close gaps in the rules: what runs through most of a cell, as under a seal, runs through all of it.

    `wide` and `high` are the sizes of the columns and rows of squares.
    """
    owner = _owners(above, before)
    for number in np.unique(owner):
        squares = owner == number
        for flags, inside, sizes in ((above, squares, wide), (before.T, squares.T, high)):
            for place in np.flatnonzero(inside.any(axis=1))[1:]:
                shared = inside[place] & inside[place - 1]
                lengths = np.where(shared, sizes, 0.0)
                if (lengths * flags[place]).sum() > _RULED * lengths.sum() > 0:
                    flags[place, shared] = True


def _row_runs(squares: NDArray[np.bool_]) -> Iterator[_Place]:
    for row, flags in enumerate(squares):
        edges = np.flatnonzero(np.diff(np.concatenate(([0], flags.astype(np.int8), [0]))))
        for start, end in zip(edges[::2], edges[1::2], strict=True):
            yield _Place(row, int(start), 1, int(end - start))
