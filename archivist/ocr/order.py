"""Reading order: lines to regions, cell by cell in ruled tables, row by row elsewhere, right to left where vertical."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import groupby
from typing import TypeVar

from archivist.model import Alternative, Box, Cell, Glyph, Line, Region
from archivist.ocr import STROKES

T = TypeVar("T")

_DASHES = "".join(sorted(STROKES))
_PAGE_NUMBER = re.compile(
    rf"[{re.escape(_DASHES)}·.\s]{{0,4}}第?\s*\d{{1,4}}\s*[页頁]?(?:\s*共\s*\d+\s*[页頁])?[{re.escape(_DASHES)}·.\s]{{0,4}}"
)
_PAGE_NUMBER_PART = re.compile(rf"[{re.escape(_DASHES)}·.]{{1,2}}\d{{0,4}}|\d{{1,4}}")
_PAGE_NUMBER_BAND = 0.12
_TALL = 1.5


def vertical(lines: Sequence[Line]) -> bool:
    """Whether most characters stand in lines that run down the page."""
    tall = sum(len(line.glyphs) for line in lines if _is_tall(line))
    return tall > 0.5 * sum(len(line.glyphs) for line in lines)


def arrange(
    lines: Sequence[Line], red: Sequence[Line], cells: Sequence[Cell], seals: Sequence[Box], height: int
) -> tuple[Region, ...]:
    """Return the regions of a page in reading order; every glyph of `lines` and `red` is in exactly one.

    All coordinates are reading pixels of a page `height` pixels high. `red` are lines in red ink: those inside a seal
    become its region, the rest are the head. A line that runs over several cells is cut at their borders.
    """
    in_cells: dict[Cell, list[Line]] = {cell: [] for cell in cells}
    free: list[Line] = []
    for line in _whole_page_numbers(lines, height):
        for cell, part in _cut(line, cells):
            (free if cell is None else in_cells[cell]).append(part)
    stamped: dict[Box, list[Line]] = {seal: [] for seal in seals}
    head: list[Line] = []
    for line in red:
        seal = next((seal for seal in seals if _inside(line.box, seal)), None)
        (head if seal is None else stamped[seal]).append(line)

    placed = [
        *((line.box, _region(line, height)) for line in free),
        *((line.box, Region("head", line.box, (line,))) for line in head),
    ]
    tables = [
        (Box.around(cell.box for cell in table), tuple(_filled(cell, in_cells[cell]) for cell in table))
        for table in (list(group) for _, group in groupby(cells, lambda cell: cell.table))
    ]
    regions: list[Region] = []
    running_down = vertical(lines)
    pending = _rows_down(placed) if running_down else _rows_across(placed)
    tables.sort(key=lambda entry: entry[0].top)
    for box, region in pending:
        while tables and not running_down and tables[0][0].top < box.top:
            regions.extend(tables.pop(0)[1])
        regions.append(region)
    for _, rest in tables:
        regions.extend(rest)
    regions = _joined(regions)
    regions.extend(Region("seal", seal, tuple(inside)) for seal, inside in stamped.items())
    return tuple(regions)


def _is_tall(line: Line) -> bool:
    return len(line.glyphs) > 1 and line.box.height >= _TALL * line.box.width


def _cut(line: Line, cells: Sequence[Cell]) -> Iterator[tuple[Cell | None, Line]]:
    """Yield the parts of `line` with the cell each stands in, None outside all tables."""
    near = [cell for cell in cells if cell.box.overlap(line.box)]
    if not near:
        yield None, line
        return
    owners = [next((cell for cell in near if cell.holds(*glyph.box.centre)), None) for glyph in line.glyphs]
    if not any(owners):
        yield None, line
        return
    # A glyph on the rule itself goes with its neighbour.
    for number, owner in enumerate(owners):
        if owner is None:
            before = next((other for other in reversed(owners[:number]) if other), None)
            owners[number] = before or next(other for other in owners[number:] if other)
    start = 0
    for owner, run in groupby(owners):
        end = start + len(list(run))
        glyphs = line.glyphs[start:end]
        yield owner, replace(line, glyphs=glyphs, box=Box.around(glyph.box for glyph in glyphs))
        start = end


def _filled(cell: Cell, lines: Sequence[Line]) -> Region:
    ordered = _rows_across([(line.box, line) for line in lines])
    return Region(
        "cell", cell.box, tuple(line for _, line in ordered),
        cell.table, cell.row, cell.column, cell.rows, cell.columns,
    )  # fmt: skip


def _inside(box: Box, seal: Box) -> bool:
    return box.overlap(seal) > 0.6 * box.width * box.height


def _at_edge(line: Line, height: int) -> bool:
    return line.box.top > (1 - _PAGE_NUMBER_BAND) * height or line.box.bottom < _PAGE_NUMBER_BAND * height / 2


def _whole_page_numbers(lines: Sequence[Line], height: int) -> list[Line]:
    """Return `lines` with the pieces of a page number (—, 4, —), found one by one, set together."""
    whole: list[Line] = []
    for line in sorted(lines, key=lambda line: line.box.left):
        before = next((other for other in reversed(whole) if _next_to(other, line)), None)
        if before and len(line.glyphs) <= 4 and _at_edge(line, height) and _PAGE_NUMBER_PART.fullmatch(before.text):
            whole.remove(before)
            glyphs = (*before.glyphs, *line.glyphs)
            line = replace(before, glyphs=glyphs, box=Box.around((before.box, line.box)))
        whole.append(line)
    return whole


def _next_to(left: Line, right: Line) -> bool:
    level = abs(left.box.centre[1] - right.box.centre[1]) < 0.5 * max(left.box.height, right.box.height)
    return level and -5 < right.box.left - left.box.right < 2 * max(left.box.height, right.box.height)


def _region(line: Line, height: int) -> Region:
    if not (_at_edge(line, height) and _PAGE_NUMBER.fullmatch(line.text.strip())):
        return Region("body", line.box, (line,))
    # Beside a page number a level stroke is a dash, whatever it was read as; what was read stays beside it.
    glyphs = tuple(_dash(glyph) if glyph.char in STROKES else glyph for glyph in line.glyphs)
    method = line.method if glyphs == line.glyphs else f"{line.method}+context"
    return Region("page_number", line.box, (replace(line, glyphs=glyphs, method=method),))


def _dash(glyph: Glyph) -> Glyph:
    if glyph.char in "-—":
        return glyph
    others = tuple(other for other in glyph.alternatives if other.char != "—")
    return replace(glyph, char="—", alternatives=(Alternative(glyph.char, glyph.confidence), *others))


def _rows_across(placed: Sequence[tuple[Box, T]]) -> list[tuple[Box, T]]:
    """Return them row by row: what shares more than half its height with a row's first belongs to that row."""
    rows: list[list[tuple[Box, T]]] = []
    for entry in sorted(placed, key=lambda entry: entry[0].centre[1]):
        box = entry[0]
        for row in reversed(rows[-3:]):
            first = row[0][0]
            shared = min(box.bottom, first.bottom) - max(box.top, first.top)
            beside = all(min(box.right, other.right) - max(box.left, other.left) < 0.5 * min(box.width, other.width)
                         for other, _ in row)  # fmt: skip
            if shared > 0.5 * min(box.height, first.height) and beside:
                row.append(entry)
                break
        else:
            rows.append([entry])
    return [entry for row in rows for entry in sorted(row, key=lambda entry: entry[0].left)]


def _rows_down(placed: Sequence[tuple[Box, T]]) -> list[tuple[Box, T]]:
    turned = [(Box(box.top, -box.right, box.bottom, -box.left), (box, thing)) for box, thing in placed]
    return [entry for _, entry in _rows_across(turned)]


def _joined(regions: Sequence[Region]) -> list[Region]:
    """Return the regions with neighbouring lines of body text, or of the head, made one region."""
    joined: list[Region] = []
    for kind, group in groupby(regions, lambda region: region.kind):
        if kind in ("body", "head"):
            lines = tuple(line for region in group for line in region.lines)
            joined.append(Region(kind, Box.around(line.box for line in lines), lines))
        else:
            joined.extend(group)
    return joined
