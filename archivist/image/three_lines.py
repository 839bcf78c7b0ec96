"""Tables with a rule above, one below and one under the head, but none between columns (三线表)."""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

Grey: TypeAlias = NDArray[np.uint8]
Flags: TypeAlias = NDArray[np.bool_]
Outline: TypeAlias = NDArray[np.int32]
Place: TypeAlias = tuple[int, int, int, int]

#: Shortest rule, and how far apart the ends of rules of one table lie at most, as shares of the longer side.
_LEAST, _ENDS = 0.25, 0.02
#: Pieces of a broken rule lie level, in pixels, and no further apart than this share of the longer side.
_LEVEL, _BREAK = 5, 0.04
#: White between columns, in heights of a character, and how large a character is at least.
_GUTTER, _LEAST_CHARACTER = 0.9, 6
#: Fewer rows or columns are an imprint (版记) between its rules, or a form; in a table most squares hold something.
_ROWS, _COLUMNS, _FILLED = 2, 3, 0.6
#: A head is no higher than this many characters, and nearly all columns have one.
_HEAD, _HEADED = 7, 0.7
#: Smaller spots are dirt, or points that need no column of their own; and how many rows fill a column at least.
_SPOT, _SOME = 4, 0.3


class _Rule(NamedTuple):
    """A level rule by its middle height, its ends, and the outlines of the pieces it is broken into."""

    top: float
    left: int
    right: int
    pieces: tuple[Outline, ...]

    @property
    def ends(self) -> tuple[tuple[float, float], tuple[float, float]]:
        """The left and the right end, in the middle of its thickness."""
        xs, ys = np.concatenate(self.pieces).reshape(-1, 2).T
        near = max((self.right - self.left) // 20, 1)
        left, right = ys[xs <= self.left + near], ys[xs >= self.right - near]
        return (self.left, float(left.mean())), (self.right, float(right.mean()))


def three_line_cells(ink: Grey, across: Grey, taken: Grey) -> Iterator[tuple[list[Place], NDArray[np.float64]]]:
    """Yield for each such table the places of its cells (row, column, rows, columns) and their corners.

    `ink` is what is dark, `across` its level rules, `taken` (1) the rules of tables already found; all of one size,
    0 or 1. Corners have shape (cells, 4, 2), x and y in the same pixels, from top left, clockwise.
    """
    side = max(across.shape)
    pieces: list[_Rule] = []
    for outline in cv2.findContours(across, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)[0]:
        left, top, wide, high = cv2.boundingRect(outline)
        if not taken[top : top + high, left : left + wide].any():
            pieces.append(_Rule(top + high / 2, left, left + wide, (np.asarray(outline, np.int32),)))
    rules = [rule for rule in _mended(pieces, side) if rule.right - rule.left >= _LEAST * side]
    for table in _tables(sorted(rules, key=lambda rule: rule.top), _ENDS * side):
        if found := _squares(ink, table):
            yield found


def _mended(pieces: Sequence[_Rule], side: int) -> list[_Rule]:
    """Return the rules, those that are broken set together."""
    rules: list[_Rule] = []
    for piece in sorted(pieces, key=lambda piece: piece.left):
        for number, rule in enumerate(rules):
            if not 0 <= piece.left - rule.right <= _BREAK * side:
                continue
            (_, before), (_, after) = rule.ends[1], piece.ends[0]
            if abs(before - after) <= _LEVEL:
                middle = (rule.top + piece.top) / 2
                rules[number] = _Rule(middle, rule.left, piece.right, (*rule.pieces, *piece.pieces))
                break
        else:
            rules.append(piece)
    return rules


def _tables(rules: Sequence[_Rule], ends: float) -> Iterator[list[_Rule]]:
    """Yield runs of three rules or more, one below the other, that begin and end alike."""
    left = list(rules)
    while left:
        first = left[0]
        alike = [rule for rule in left if abs(rule.left - first.left) < ends and abs(rule.right - first.right) < ends]
        left = [rule for rule in left if not any(rule is other for other in alike)]
        if len(alike) >= 3:
            yield alike


def _squares(ink: Grey, table: Sequence[_Rule]) -> tuple[list[Place], NDArray[np.float64]] | None:
    (first, second), (fourth, third) = table[0].ends, table[-1].ends
    corners = np.array([first, second, third, fourth], np.float32)
    width = max(rule.right for rule in table) - min(rule.left for rule in table)
    height = round(table[-1].top - table[0].top)
    level = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    forth = cv2.getPerspectiveTransform(corners, level)
    mask: Grey = np.zeros(ink.shape, np.uint8)
    cv2.drawContours(mask, [piece for rule in table for piece in rule.pieces], -1, 1, cv2.FILLED)
    ruled = cv2.warpPerspective(cv2.dilate(mask, np.ones((5, 1), np.uint8)), forth, (width, height))
    text = cv2.warpPerspective(ink, forth, (width, height), flags=cv2.INTER_NEAREST)
    text[ruled > 0] = 0
    _count, spots, sizes, _ = cv2.connectedComponentsWithStats(text)
    text[(sizes[:, [cv2.CC_STAT_WIDTH, cv2.CC_STAT_HEIGHT]].max(axis=1) < _SPOT)[spots]] = 0
    middles = np.array([[[(rule.left + rule.right) / 2, rule.top] for rule in table]], np.float32)
    levels = [round(float(y)) for _, y in cv2.perspectiveTransform(middles, forth)[0]]
    rules = [0, *levels[1:-1], height]
    if any(b - a < 2 * _LEAST_CHARACTER for a, b in pairwise(rules)):
        return None
    grid = _grid(np.asarray(text, np.uint8), rules)
    if grid is None:
        return None
    places, boxes = grid
    quads = np.array([[[a, b], [c, b], [c, d], [a, d]] for a, b, c, d in boxes], np.float64)
    back = np.linalg.inv(forth)
    return places, np.asarray(cv2.perspectiveTransform(quads.reshape(1, -1, 2), back), np.float64).reshape(-1, 4, 2)


def _grid(text: Grey, rules: Sequence[int]) -> tuple[list[Place], list[tuple[float, float, float, float]]] | None:
    """Return places and boxes of the cells on a table set upright, None where what stands there is no table."""
    head, body = rules[1], text[rules[1] :]
    lines = [run for run in _runs(body.sum(axis=1) > 0) if run[1] - run[0] >= _LEAST_CHARACTER]
    if len(lines) < _ROWS:
        return None
    character = float(np.median([end - start for start, end in lines]))
    columns = _columns(np.array([body[start:end].any(axis=0) for start, end in lines]), character)
    if len(columns) < _COLUMNS + 1 or head > _HEAD * character:
        return None
    if np.mean([text[:head, round(a) : round(b)].any() for a, b in pairwise(columns)]) < _HEADED:
        return None
    rows = [float(head)]
    for upper, lower in pairwise(rules[1:]):
        rows.extend([*_between(text[upper:lower, : round(columns[1])], text[upper:lower], upper), float(lower)])
    squares = [[body[round(a - head) : round(b - head), round(c) : round(d)].any() for c, d in pairwise(columns)]
               for a, b in pairwise(rows)]  # fmt: skip
    filled = np.array(squares)
    if len(rows) - 1 < _ROWS or filled.mean() < _FILLED:
        return None
    places: list[Place] = []
    boxes: list[tuple[float, float, float, float]] = []
    above = list(_head(text[:head], columns, character))
    for row, (top, bottom, starts) in enumerate(above):
        for first, last in pairwise([*starts, len(columns) - 1]):
            places.append((row, first, 1, last - first))
            boxes.append((columns[first], top, columns[last], bottom))
    for row, (top, bottom) in enumerate(pairwise(rows), len(above)):
        for column, (start, end) in enumerate(pairwise(columns)):
            places.append((row, column, 1, 1))
            boxes.append((start, top, end, bottom))
    return places, boxes


def _columns(lines: Flags, character: float) -> list[float]:
    """Return where columns begin, and where the last one ends: in the middle of the white between them.

    `lines` says for each line of print, and each pixel along it, whether there is ink.
    """
    columns: list[tuple[int, int]] = []
    for start, end in _runs(np.asarray(lines.any(axis=0), np.bool_)):
        if columns and start - columns[-1][1] < _GUTTER * character:
            columns[-1] = columns[-1][0], end
        else:
            columns.append((start, end))
    least = max(_SOME * len(lines), 1)
    columns = [run for run in columns if lines[:, slice(*run)].any(axis=1).sum() >= least]
    return [0.0, *((a[1] + b[0]) / 2 for a, b in pairwise(columns)), float(lines.shape[1])]


def _between(first: Grey, band: Grey, top: int) -> Iterator[float]:
    """Yield where rows part: one entry of the first column begins each, in the widest white before the next entry."""
    entries = [run for run in _runs(first.sum(axis=1) > 0) if run[1] - run[0] >= _LEAST_CHARACTER]
    inked = band.sum(axis=1) > 0
    for (a, b), (c, d) in pairwise(entries):
        start, end = (a + b) // 2, (c + d) // 2
        white = _runs(~inked[start:end])
        if white:
            widest = max(white, key=lambda run: run[1] - run[0])
            yield top + start + (widest[0] + widest[1]) / 2


def _head(band: Grey, columns: Sequence[float], character: float) -> Iterator[tuple[float, float, list[int]]]:
    """Yield top, bottom and the first columns of the cells of each row of the head.

    The head is one row, unless one of its entries stands over several columns.
    """
    reach = max(round(character / 4), 1)
    lines = [run for run in _runs(band.sum(axis=1) > 0) if run[1] - run[0] >= _LEAST_CHARACTER]
    spanned = [_crossed(band[a:b], columns, reach) for a, b in lines]
    if not any(spanned):
        lines, spanned = lines[:1], spanned[:1]
    edges = [0.0, *((a[1] + b[0]) / 2 for a, b in pairwise(lines)), float(band.shape[0])]
    for (top, bottom), crossed in zip(pairwise(edges), spanned or [set()], strict=True):
        yield top, bottom, [number for number in range(len(columns) - 1) if number not in crossed]


def _crossed(line: Grey, columns: Sequence[float], reach: int) -> set[int]:
    """Return the columns whose left border runs through print in `line`."""
    inked = np.asarray(line.any(axis=0), np.bool_)
    return {
        number
        for number, border in enumerate(columns[1:-1], 1)
        if inked[max(round(border) - reach, 0) : round(border) + reach + 1].any()
    }


def _runs(flags: Flags) -> list[tuple[int, int]]:
    edges = np.flatnonzero(np.diff(np.concatenate(([0], np.asarray(flags, np.int8), [0]))))
    return [(int(start), int(end)) for start, end in zip(edges[::2], edges[1::2], strict=True)]
