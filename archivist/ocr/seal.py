"""Print under seals, and what seals say: the page is read with a seal and without it, and the better is kept."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from math import hypot
from statistics import median

from archivist.model import Alternative, Box, Glyph, Line, Seal
from archivist.ocr import Grey, Reader

#: Where a seal's own writing stands, as shares of its radius; print beyond the last is clear of the seal.
_RING_INNER, _RING_OUTER, _CLEAR = 0.5, 0.95, 1.1
#: What only the picture without the seal shows is at least so sure: a line, a character on the ring, another one.
_LEAST_NEW, _LEAST_AT_END, _LEAST_KEPT = 0.85, 0.8, 0.5
_LEAST_RING, _LEAST_LEVEL = 0.2, 0.75
#: Of the ring writing so many characters are at most read as a line of print.
_RING_PIECE = 3


def read_under(
    lines: Sequence[Line], seals: Sequence[Seal], unsealed: Grey, top: int, reader: Reader
) -> tuple[Line, ...]:
    """Return the `lines` of a page with those that dark `seals` lie over read again without their ink.

    `unsealed` is the rows of the page from `top` on, from which the seals have been taken. Lines that are cut by its
    upper or lower edge stay as they were.
    """
    again = [
        moved(line, top, method=f"{line.method}-unsealed")
        for line in reader.read(unsealed)
        if line.box.top > 3 and line.box.bottom < unsealed.shape[0] - 3
    ]
    return better(lines, again, [seal.box for seal in seals])


def moved(line: Line, down: float, method: str) -> Line:
    """Return `line` that many pixels further down."""
    return _placed(line, lambda box: Box(box.left, box.top + down, box.right, box.bottom + down), method)


def _placed(line: Line, place: Callable[[Box], Box], method: str) -> Line:
    glyphs = tuple(replace(glyph, box=place(glyph.box)) for glyph in line.glyphs)
    return replace(line, glyphs=glyphs, box=Box.around(glyph.box for glyph in glyphs), method=method)


def better(with_seal: Sequence[Line], without_seal: Sequence[Line], seals: Sequence[Box]) -> tuple[Line, ...]:
    """Return `with_seal` with the lines that touch the round `seals` weighed against `without_seal`.

    Character by character: what both see stays, where they differ the surer one stays and keeps the other beside it.
    What only the sealed picture shows stays where the other has a gap for it; on the ring or the star it is the seal's
    own, and goes.
    """
    near = [line for line in with_seal if _touches(line, seals)]
    again = [
        line for line in without_seal if _touches(line, seals) or any(_over(line.box, other.box) for other in near)
    ]
    tall = _slanting_from(again)
    touched = [
        line
        for line in with_seal
        if _touches(line, seals)
        or any(_within(line.box, other.box) for other in again)
        or (line.box.height > tall and any(line.box.overlap(seal) for seal in seals))
    ]
    kept = {id(line) for line in touched}
    found = []
    for row in _rows(touched, again, seals):
        others = [line for line in without_seal if not any(line is own for own in row.unsealed)]
        if line := _weighed(row, others, seals):
            found.append(line)
    return (*(line for line in with_seal if id(line) not in kept), *found)


def read_seal(
    strip: Grey, level_from: int, on_page: Callable[[Box], Box], body: Sequence[Line], reader: Reader
) -> tuple[Line, ...]:
    """Return the writing of a round seal: its ring as one line, then what stands level in its middle.

    `strip` is its ring laid out level and, from row `level_from`, its middle; `on_page` leads a box of it to the page.
    Where the seal's ink is not told from print, `body` are the lines it lies over, which are not read twice.
    """
    lines = sorted(reader.read(strip), key=lambda line: line.box.left)
    around = [line for line in lines if line.box.centre[1] < level_from]
    tall = max((line.box.height for line in around), default=0.0)
    # A code number along the lower rim stands on its head here, and small.
    around = [line for line in around if line.box.height > 0.5 * tall and _mean(line.glyphs) >= _LEAST_RING]
    found = []
    if around:
        glyphs = tuple(glyph for line in around for glyph in line.glyphs)
        whole = Line(glyphs, around[0].box, around[0].method)
        found.append(_placed(whole, on_page, f"{whole.method}-ring"))
    for line in sorted(lines, key=lambda line: line.box.top):
        if line.box.centre[1] >= level_from and len(line.glyphs) > 1 and _mean(line.glyphs) >= _LEAST_LEVEL:
            level = _placed(line, on_page, f"{line.method}-seal")
            again = any(level.box.overlap(other.box) > 0.1 * level.box.width * level.box.height for other in body)
            # What is left of a code number along a dark rim is digits.
            if not again and not (body and level.text.isascii()):
                found.append(level)
    return tuple(found)


def parted(lines: Sequence[Line], stamps: Sequence[Seal]) -> tuple[tuple[Line, ...], tuple[tuple[Line, ...], ...]]:
    """Return the `lines` that stand in none of the ruled `stamps`, and those of each stamp."""
    own = [tuple(line for line in lines if _within(line.box, stamp.box)) for stamp in stamps]
    taken = {id(line) for group in own for line in group}
    return tuple(line for line in lines if id(line) not in taken), tuple(own)


def _within(box: Box, other: Box) -> bool:
    return box.overlap(other) > 0.6 * box.width * box.height


def _mean(glyphs: Sequence[Glyph]) -> float:
    return sum(glyph.confidence for glyph in glyphs) / max(len(glyphs), 1)


def _touches(line: Line, seals: Sequence[Box]) -> bool:
    return any(_share(glyph, seals) < _CLEAR for glyph in line.glyphs)


def _over(box: Box, other: Box) -> bool:
    """Whether two boxes are about the same line."""
    return box.overlap(other) > 0.5 * min(box.width * box.height, other.width * other.height)


def _share(glyph: Glyph, seals: Sequence[Box]) -> float:
    """Return how far the middle of `glyph` is from that of the nearest seal; 1 is on the rim."""
    x, y = glyph.box.centre
    return min(
        hypot((x - seal.centre[0]) / (seal.width / 2), (y - seal.centre[1]) / (seal.height / 2)) for seal in seals
    )


@dataclass
class _Row:
    """What of both readings stands in one row of the page."""

    sealed: list[Line]
    unsealed: list[Line]


def _rows(sealed: Sequence[Line], unsealed: Sequence[Line], seals: Sequence[Box]) -> list[_Row]:
    """Return rows: each line of `unsealed` with the pieces of it in `sealed`; those without a partner by themselves.

    Pieces that lie over a longer line of their own reading are left out, as a line is read once, and so are characters
    of the ring that stand apart from the line.
    """
    rows: list[_Row] = []
    for line in sorted(unsealed, key=lambda line: -line.box.width):
        row = next((row for row in rows if _same_row(row.unsealed[0], line)), None)
        if row is None:
            rows.append(_Row([], [line]))
        elif not _left_out(line, row.unsealed, seals):
            row.unsealed.append(line)
    tall = _slanting_from(unsealed)
    for line in sorted(sealed, key=lambda line: -line.box.width):
        slanting = line.box.height > tall or all(_on_ring(glyph, seals) for glyph in line.glyphs)
        if slanting and len(line.glyphs) <= _RING_PIECE:
            # Writing of the ring; what of it is print after all has been read without the seal as well.
            continue
        near = [row for row in rows if row.unsealed and _same_row(row.unsealed[0], line)]
        row = min(near, key=lambda row: abs(_middle(row.unsealed[0]) - _middle(line)), default=None)
        if row is None:
            rows.append(_Row([line], []))
        elif not _left_out(line, row.sealed, seals):
            row.sealed.append(line)
    return rows


def _slanting_from(lines: Sequence[Line]) -> float:
    """Return the height from which the box of a line holds print and ring writing together: such lines slant."""
    return 1.6 * median(line.box.height for line in lines) if lines else float("inf")


def _left_out(line: Line, longer: Sequence[Line], seals: Sequence[Box]) -> bool:
    if any(min(line.box.right, other.box.right) - max(line.box.left, other.box.left) > 0.5 * line.box.width
           for other in longer):  # fmt: skip
        return True
    alone = not any(_gap(line, other) < 0.6 * min(line.box.height, other.box.height) for other in longer)
    return alone and len(line.glyphs) <= 2 and all(_on_ring(glyph, seals) for glyph in line.glyphs)


def _gap(line: Line, other: Line) -> float:
    return max(line.box.left, other.box.left) - min(line.box.right, other.box.right)


def _middle(line: Line) -> float:
    return median(glyph.box.centre[1] for glyph in line.glyphs)


def _same_row(line: Line, other: Line) -> bool:
    shared = min(line.box.bottom, other.box.bottom) - max(line.box.top, other.box.top)
    low = min(line.box.height, other.box.height)
    return shared > 0.5 * low and _gap(line, other) < 2 * low


def _weighed(row: _Row, others: Sequence[Line], seals: Sequence[Box]) -> Line | None:
    """Return the one line a row is, None where it is nothing but the seal's own; `others` are the rows beside it."""
    sealed = [
        glyph
        for glyph in sorted((glyph for line in row.sealed for glyph in line.glyphs), key=_along)
        # A slanting line of print and ring writing together has been read in its own row by now.
        if _share(glyph, seals) < _CLEAR or not any(_stands_in(glyph, other) for other in others)
    ]
    unsealed = sorted((glyph for line in row.unsealed for glyph in line.glyphs), key=_along)
    if not sealed:
        # Writing of the ring stands between rim and star.
        hidden = len(unsealed) > 1 and any(not _RING_INNER <= _share(glyph, seals) < _CLEAR for glyph in unsealed)
        if not hidden or _mean(unsealed) < _LEAST_NEW:
            return None
        return Line(tuple(unsealed), Box.around(glyph.box for glyph in unsealed), row.unsealed[0].method)
    if unsealed:
        glyphs = _better_glyphs(sealed, unsealed, seals)
    else:
        # Gone with the seal's ink, or at the edge of the part that was read again.
        glyphs = tuple(sealed) if any(_share(glyph, seals) >= _CLEAR for glyph in sealed) else ()
    if not glyphs or (len(glyphs) == 1 and _on_ring(glyphs[0], seals)):
        return None
    first = row.sealed[0]
    if glyphs == first.glyphs:
        return first
    method = (row.unsealed or row.sealed)[0].method
    return Line(glyphs, Box.around(glyph.box for glyph in glyphs), method, first.handwritten)


def _stands_in(glyph: Glyph, line: Line) -> bool:
    x, y = glyph.box.centre
    return line.box.left <= x < line.box.right and line.box.top <= y < line.box.bottom


def _along(glyph: Glyph) -> float:
    return glyph.box.centre[0]


def _on_ring(glyph: Glyph, seals: Sequence[Box]) -> bool:
    return _RING_INNER < _share(glyph, seals) < _RING_OUTER


def _better_glyphs(sealed: Sequence[Glyph], unsealed: Sequence[Glyph], seals: Sequence[Box]) -> tuple[Glyph, ...]:
    pairs = list(_aligned(sealed, unsealed))
    steps = [b - a for a, b in pairwise(map(_along, unsealed))]
    pitch = median(steps) if steps else unsealed[0].box.height
    kept: list[Glyph] = []
    for place, (ours, theirs) in enumerate(pairs):
        if ours and theirs:
            # Where a line ends under the rim, ring writing beside a full stop would be read as its last character.
            stop = theirs is unsealed[-1] and not theirs.char.isalnum() and _share(theirs, seals) < _CLEAR
            kept.append(theirs if stop else _surer(ours, theirs))
        elif theirs:
            # Only without the seal: what it hid, or a rest of its ink; within the line a doubtful character beats none.
            inside = _regular(theirs, unsealed, pitch)
            if inside or theirs.confidence >= (_LEAST_AT_END if _on_ring(theirs, seals) else _LEAST_KEPT):
                kept.append(theirs)
        elif ours:
            before = next((pair[1] for pair in reversed(pairs[:place]) if pair[1]), None)
            after = next((pair[1] for pair in pairs[place + 1 :] if pair[1]), None)
            if _missing(ours, before, after, pitch, seals):
                kept.append(replace(ours, confidence=0.8 * ours.confidence))
    return tuple(kept)


def _regular(glyph: Glyph, line: Sequence[Glyph], pitch: float) -> bool:
    place = line.index(glyph)
    if not 0 < place < len(line) - 1:
        return False
    return all(abs(_along(line[place + way]) - _along(glyph)) > 0.7 * pitch for way in (-1, 1))


def _missing(glyph: Glyph, before: Glyph | None, after: Glyph | None, pitch: float, seals: Sequence[Box]) -> bool:
    """Whether a character that only the sealed picture shows belongs in the line."""
    if _share(glyph, seals) >= _CLEAR:
        return True
    # Taken off with the seal's ink, it has left a gap in the line; at an end of the line it was none of it.
    gap = before and after and _along(after) - _along(before) > 1.6 * pitch
    return bool(gap) and glyph.confidence >= _LEAST_KEPT / 2


def _surer(ours: Glyph, theirs: Glyph) -> Glyph:
    if ours.char == theirs.char:
        # Its place is surer where no ink of the seal lies beside it.
        return theirs if theirs.confidence >= ours.confidence else replace(ours, box=theirs.box)
    best, other = (theirs, ours) if theirs.confidence >= ours.confidence else (ours, theirs)
    others = tuple(entry for entry in best.alternatives if entry.char != other.char)
    # Two readings that differ: neither is as sure as it says.
    return replace(
        best,
        confidence=best.confidence * (1 - 0.3 * other.confidence),
        alternatives=(Alternative(other.char, round(0.3 * other.confidence, 4)), *others),
    )


def _aligned(sealed: Sequence[Glyph], unsealed: Sequence[Glyph]) -> Iterator[tuple[Glyph | None, Glyph | None]]:
    """Yield the characters of both readings side by side, in order; those at the same place are one pair."""
    rows, columns = len(sealed), len(unsealed)
    tall = median(max(glyph.box.width, 1.0) for glyph in (*sealed, *unsealed))
    costs = [[0.0] * (columns + 1) for _ in range(rows + 1)]
    for i in range(rows, -1, -1):
        for j in range(columns, -1, -1):
            ways = []
            if i < rows and j < columns:
                ways.append(costs[i + 1][j + 1] + _cost(sealed[i], unsealed[j], tall))
            if i < rows:
                ways.append(costs[i + 1][j] + 1)
            if j < columns:
                ways.append(costs[i][j + 1] + 1)
            costs[i][j] = min(ways, default=0.0)
    i = j = 0
    while i < rows or j < columns:
        both = i < rows and j < columns
        if both and costs[i][j] == costs[i + 1][j + 1] + _cost(sealed[i], unsealed[j], tall):
            yield sealed[i], unsealed[j]
            i, j = i + 1, j + 1
        elif i < rows and costs[i][j] == costs[i + 1][j] + 1:
            yield sealed[i], None
            i += 1
        else:
            yield None, unsealed[j]
            j += 1


def _cost(ours: Glyph, theirs: Glyph, tall: float) -> float:
    apart = abs(_along(ours) - _along(theirs)) / tall
    return (0.0 if ours.char == theirs.char else 0.8) + min(apart, 3.0) * 0.9
