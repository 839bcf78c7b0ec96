"""Reading order as geometry: which of the boxes on a page is read first, whatever stands in them.

Text is taken to run across, from the left, in rows from the top; for text that runs down the boxes are given turned.
Columns of running text are read one after the other, lists and tables without rules row by row: what tells them apart
is that lines of running text fill their column (as in the XY-cut of Nagy and Seth 1984, but cut only where it pays).
"""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import NamedTuple, TypeAlias

from archivist.model import Box

#: White between columns, in heights of a character; wider than between a full stop and what follows it.
_GUTTER = 1.3
#: A column of running text: how many lines, how wide in characters, and which share of its lines fills it.
_LINES, _WIDE, _FULL, _MOST_FULL = 4, 7.0, 0.85, 0.5
#: Columns that stand side by side are about as wide as each other.
_ALIKE = 0.6
#: After how many lines both sides of a gutter have shown.
_SOON = 12
#: White below a line, in line distances, that ends a paragraph or a column.
_ENDS = 1.8
#: How much closer than rows the lines of one entry lie.
_CLOSER = 0.8

Free: TypeAlias = tuple[tuple[float, float], ...]


class Part(NamedTuple):
    """Characters `start` to `end` of piece `piece`."""

    piece: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class _Strip:
    """A line, or the part of one in a column: its characters and the box around them."""

    part: Part
    marks: tuple[Box, ...]
    box: Box
    high: float
    #: What it covers from left to right, parted where white as wide as a gutter is.
    spans: tuple[tuple[float, float], ...]

    @property
    def begins(self) -> float:
        """How far down its first characters stand."""
        return _level(self.marks[:2], self.high)

    @property
    def ends(self) -> float:
        """How far down its last characters stand; on a bent page not the same."""
        return _level(self.marks[-2:], self.high)


def reading_order(pieces: Sequence[Sequence[Box]]) -> list[Part]:
    """Return the parts of `pieces` in the order they are read; every box of every piece is in exactly one.

    A piece is a line as the boxes of its characters in their order, or a table as a single box. A line that was found
    as one across two columns comes back in two parts. All in pixels, origin top left.
    """
    unit = _unit(pieces)
    strips = [_strip(Part(number, 0, len(boxes)), boxes, unit) for number, boxes in enumerate(pieces) if boxes]
    return [strip.part for strip in _read(strips, unit)]


def rows(boxes: Sequence[Sequence[Box]]) -> list[list[int]]:
    """Return the pieces, by number, that stand beside each other: rows from the top, each from the left."""
    unit = _unit(boxes)
    strips = [_strip(Part(number, 0, len(marks)), marks, unit) for number, marks in enumerate(boxes) if marks]
    return [[strip.part.piece for strip in row] for row in _rows(strips)]


def _unit(pieces: Sequence[Sequence[Box]]) -> float:
    heights = [box.height for boxes in pieces if len(boxes) > 1 for box in boxes]
    return max(median(heights or [box.height for boxes in pieces for box in boxes] or [1.0]), 1.0)


def _strip(part: Part, marks: Sequence[Box], unit: float) -> _Strip:
    box = Box.around(marks)
    # What is much taller than a line, as a table, is read where it begins.
    high = box.height if len(marks) == 1 else median(mark.height for mark in marks)
    spans: list[tuple[float, float]] = []
    for mark in sorted(marks):
        if spans and mark.left - spans[-1][1] < _GUTTER * unit:
            spans[-1] = spans[-1][0], max(spans[-1][1], mark.right)
        else:
            spans.append((mark.left, mark.right))
    return _Strip(part, tuple(marks), box, high if high < 4 * unit else unit, tuple(spans))


def _level(marks: Sequence[Box], high: float) -> float:
    middles = [mark.top + min(mark.height, 2 * high) / 2 for mark in marks]
    return sum(middles) / len(middles)


def _read(strips: Sequence[_Strip], unit: float) -> list[_Strip]:
    """Return the strips in reading order: columns where there are any, else row by row."""
    waiting = sorted(strips, key=lambda strip: (strip.box.top, strip.box.left))
    ordered: list[_Strip] = []
    plain: list[_Strip] = []
    start = 0
    while start < len(waiting):
        run, free = _run(waiting[start:], unit)
        columns = _columns(run, free, unit) if len(run) > _LINES else []
        if len(columns) > 1 and _is_running_text(columns, unit):
            first, columns, after = _trimmed(columns)
            ordered.extend(_listed([*plain, *first], unit))
            for column in columns:
                ordered.extend(_read(column, unit) if len(column) < len(strips) else _flat(_rows(column)))
            plain = []
            waiting = [*after, *waiting[start + len(run) :]]
            start = 0
        else:
            # Gutters only grow from line to line, so where they are the same further on, they are so all the way.
            step = max(len(run) // 4, 1)
            step = step if free and _run(waiting[start + step :], unit)[1] == free else 1
            plain.extend(waiting[start : start + step])
            start += step
    return [*ordered, *_listed(plain, unit)]


def _run(strips: Sequence[_Strip], unit: float) -> tuple[Sequence[_Strip], Free]:
    """Return the first of `strips`, from the top, that leave gutters free between them, and the gutters."""
    left = min((strip.box.left for strip in strips), default=0.0)
    right = max((strip.box.right for strip in strips), default=0.0)
    least = _GUTTER * unit
    free: Free = ((left, right),)
    low, high = right, left
    gutters: Free = ()
    for number, strip in enumerate(strips):
        low, high = min(low, strip.box.left), max(high, strip.box.right)
        free = _without(free, strip.spans, least)
        inner = tuple(gap for gap in free if low < gap[0] and gap[1] < high)
        if not free or (gutters and not inner) or (number >= _SOON and not inner):
            return strips[:number], gutters
        gutters = inner
    return strips, gutters


def _without(free: Free, spans: Sequence[tuple[float, float]], least: float) -> Free:
    left = []
    for start, end in free:
        at = start
        for first, last in spans:
            if last > at and first < end:
                if first - at >= least:
                    left.append((at, first))
                at = max(at, last)
        if end - at >= least:
            left.append((at, end))
    return tuple(left)


def _columns(run: Sequence[_Strip], free: Free, unit: float) -> list[list[_Strip]]:
    """Return the strips of `run` by column, those across a gutter cut there."""
    middles = [(start + end) / 2 for start, end in free]
    columns: list[list[_Strip]] = [[] for _ in range(len(middles) + 1)]
    for strip in run:
        start = 0
        owners = [bisect_left(middles, mark.centre[0]) for mark in strip.marks]
        for place in range(1, len(owners) + 1):
            if place == len(owners) or owners[place] != owners[start]:
                marks = strip.marks[start:place]
                first = strip.part.start
                part = Part(strip.part.piece, first + start, first + place)
                columns[owners[start]].append(_strip(part, marks, unit))
                start = place
    return [column for column in columns if column]


def _is_running_text(columns: Sequence[Sequence[_Strip]], unit: float) -> bool:
    """Whether these are columns of running text, to be read one after the other, and not those of a list."""
    widths = [max(strip.box.right for strip in column) - min(strip.box.left for strip in column) for column in columns]
    if min(widths) < _WIDE * unit or min(widths) < _ALIKE * max(widths):
        return False
    for number, (column, width) in enumerate(zip(columns, widths, strict=True)):
        full = [strip.box.width >= _FULL * width for strip in column]
        # The last column may end anywhere; what stands in it must still look like the others.
        needed = 1 if number and number == len(columns) - 1 else _LINES
        if len(column) < needed or sum(full) < _MOST_FULL * (len(column) - 1):
            return False
    return True


def _trimmed(columns: list[list[_Strip]]) -> tuple[list[_Strip], list[list[_Strip]], list[_Strip]]:
    """Return what stands above the columns, the columns, and what stands below them on the left."""
    level = max(column[0].box.top for column in columns)
    above = [strip for column in columns for strip in column if strip.box.bottom <= level]
    columns = [rest for column in columns if (rest := [strip for strip in column if strip.box.bottom > level])]
    if len(columns) < 2:
        # The blocks stand one below the other, however they lie to each other's sides.
        return above, columns, []
    floor = max(strip.box.bottom for column in columns[1:] for strip in column)
    first = columns[0]
    pitch = median([b.box.top - a.box.top for a, b in pairwise(first)] or [0.0])
    for place in range(1, len(first)):
        gap = first[place].box.top - first[place - 1].box.top
        if first[place].box.top >= floor and gap > _ENDS * max(pitch, 1.0):
            return above, [first[:place], *columns[1:]], first[place:]
    return above, columns, []


def _listed(strips: Sequence[_Strip], unit: float) -> list[_Strip]:
    """Return the strips row by row; entries of a list that take several lines are read as a whole."""
    found = _rows(strips)
    ordered: list[_Strip] = []
    start = 0
    while start < len(found):
        end = _list_end(found, start, unit)
        ordered.extend(_by_entry(found[start:end], unit) if end - start > 2 else _flat(found[start:end]))
        start = end
    return ordered


def _rows(strips: Sequence[_Strip]) -> list[list[_Strip]]:
    """Return rows from the top, each from the left: what stands level with its neighbour belongs to its row."""
    found: list[list[_Strip]] = []
    for strip in sorted(strips, key=lambda strip: (strip.begins + strip.ends, strip.box.left)):
        best, row = max(
            ((_shared(row, strip), row) for row in found[-6:]), key=lambda entry: entry[0], default=(0.0, [])
        )
        if best > 0.5:
            row.append(strip)
        else:
            found.append([strip])
    return [sorted(row, key=lambda strip: strip.box.left) for row in found]


def _middle(strip: _Strip) -> float:
    return (strip.begins + strip.ends) / 2


def _shared(row: Sequence[_Strip], strip: _Strip) -> float:
    """Return which share of its height, or its neighbour's, `strip` has in common with `row`, 0 if not beside it."""
    if any(_common(strip.box, other.box) >= 0.5 * min(strip.box.width, other.box.width) for other in row):
        return 0.0
    near = min(row, key=lambda other: max(other.box.left - strip.box.right, strip.box.left - other.box.right))
    apart = abs(near.ends - strip.begins) if near.box.left < strip.box.left else abs(strip.ends - near.begins)
    low, high = sorted((max(near.high, 1.0), max(strip.high, 1.0)))
    return min((low + high) / 2 - apart, low) / low


def _common(one: Box, other: Box) -> float:
    return min(one.right, other.right) - max(one.left, other.left)


def _flat(found: Sequence[Sequence[_Strip]]) -> list[_Strip]:
    return [strip for row in found for strip in row]


def _list_end(found: Sequence[Sequence[_Strip]], start: int, unit: float) -> int:
    """Return where the list that begins with row `start` ends; the row behind `start` where none begins."""
    if len(found[start]) < 2 and not (start + 1 < len(found) and len(found[start + 1]) > 1):
        return start + 1
    run, gutters = _run(_flat(found[start:]), unit)
    left, end = len(run), start
    while gutters and end < len(found) and left >= len(found[end]):
        left -= len(found[end])
        end += 1
    return max(end, start + 1)


def _by_entry(found: Sequence[list[_Strip]], unit: float) -> Iterator[_Strip]:
    """Yield the strips of a list entry by entry, each column by column."""
    _, gutters = _run(_flat(found), unit)
    middles = [(start + end) / 2 for start, end in gutters]
    places = [{bisect_left(middles, strip.box.centre[0]) for strip in row} for row in found]
    for entry in _entries(found, places):
        several = [strip for number in entry for strip in found[number]]
        if len(entry) > 1:
            several.sort(key=lambda strip: (bisect_left(middles, strip.box.centre[0]), _middle(strip)))
        yield from several


def _entries(found: Sequence[list[_Strip]], places: Sequence[set[int]]) -> Iterator[list[int]]:
    """Yield the rows, by number, of each entry: those closer to each other than entries are, one of them not whole."""
    levels = [sum(_middle(strip) for strip in row) / len(row) for row in found]
    gaps = [b - a for a, b in pairwise(levels)]
    whole = set().union(*places)
    # Between two whole rows a new entry begins for certain.
    between = [gap for gap, (a, b) in zip(gaps, pairwise(places), strict=True) if a == whole and b == whole]
    least = _CLOSER * (median(between) if between else max(gaps))
    entry = [0]
    for number in range(1, len(found)):
        have = set().union(*(places[row] for row in entry))
        begun = have == whole and (places[number] == whole or (0 in places[number] and not between))
        if gaps[number - 1] < least and not begun:
            entry.append(number)
        else:
            yield entry
            entry = [number]
    yield entry
