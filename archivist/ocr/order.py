"""Reading order: lines to regions, cell by cell in ruled tables, row by row elsewhere, right to left where vertical."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, pairwise
from statistics import median
from typing import Literal

from archivist.model import Box, Cell, Glyph, Line, Region, Seal
from archivist.ocr.layout import Part, reading_order
from archivist.ocr.margins import set_apart

_TALL = 1.5
#: How long a line beside or above the text must be, in characters, to be no part of it.
_LONG = 3
#: Share of a page, from its top, that a red head takes at most; a page with more red, in so many lines, is all in red.
_HEAD, _MOST_RED, _MANY = 0.5, 0.5, 5


def vertical(lines: Sequence[Line]) -> bool:
    """Whether most characters stand in lines that run down the page."""
    tall = sum(len(line.glyphs) for line in lines if _is_tall(line))
    return tall > 0.5 * sum(len(line.glyphs) for line in lines)


def cut_at_cells(lines: Sequence[Line], cells: Sequence[Cell]) -> tuple[Line, ...]:
    """Return `lines` with those that were found as one across several ruled cells cut between them."""
    placed = [(cell, cell.box) for cell in cells]
    return tuple(part for line in lines for _cell, part in _cut(line, placed))


def regions_of(
    lines: Sequence[Line],
    red: Sequence[Line],
    cells: Sequence[Cell],
    stamped: Mapping[Seal, Sequence[Line]],
    size: tuple[int, int],
) -> tuple[Region, ...]:
    """Return the regions of a page in reading order; every glyph of `lines` is in exactly one.

    All coordinates are reading pixels of a page of `size` (width, height). `red` are lines in red ink: those inside a
    seal go to its region, others high on the page are the head, unless the whole page is in red. `stamped` holds the
    seals with what was read in each by itself; a red line that says the same is left out. A line found as one across
    several cells or columns is cut between them. Running titles and page numbers come first and last, seals after all.
    """
    sealed, outside = _sealed(red, tuple(stamped))
    page_in_red = len(outside) >= _MANY and _count(outside) > _MOST_RED * (_count(outside) + _count(lines))
    head = set() if page_in_red else {id(line) for line in outside}
    running_down = vertical((*lines, *outside))

    placed = [(cell, cell.box) for cell in cells]
    in_cells: dict[Cell, list[Line]] = {cell: [] for cell in cells}
    free: list[Line] = []
    heads: list[Line] = []
    marks: list[Line] = []
    for line in (*lines, *outside):
        for cell, part in _cut(line, placed):
            if cell is not None:
                in_cells[cell].append(part)
            elif id(line) in head and part.box.centre[1] < _HEAD * size[1]:
                heads.append(part)
            elif id(line) in head:
                marks.append(part)
            else:
                free.append(part)
    tables = [list(group) for _, group in groupby(cells, lambda cell: cell.table)]
    if running_down:
        # Rules between the columns of running text make no table.
        for table in [table for table in tables if _is_lined_page(table, in_cells)]:
            tables.remove(table)
            free.extend(line for cell in table for line in in_cells[cell])

    boxes = [Box.around(cell.box for cell in table) for table in tables]
    above, free, below = set_apart(free, [*boxes, *(line.box for line in heads)], size)
    first, free, last = _beside([*free, *marks], running_down)
    blocks = [
        *(_Block(tuple(glyph.box for glyph in line.glyphs), line, "body") for line in free),
        *(_Block(tuple(glyph.box for glyph in line.glyphs), line, "head") for line in heads),
        *(_Block((box,), None, "cell", tuple(_filled(table, in_cells, running_down)))
          for box, table in zip(boxes, tables, strict=True)),
    ]  # fmt: skip
    flow = [[_turned(mark) for mark in block.marks] if running_down else block.marks for block in blocks]
    ordered = [region for part in reading_order(flow) for region in blocks[part.piece].regions(part)]
    regions = [*above, *_joined([*_bodies(first), *ordered, *_bodies(last)]), *below]
    for seal, own in stamped.items():
        said = "".join(line.text for line in own)
        doubled = {line.text for line in sealed[seal] if seal.shape == "round" and len(line.glyphs) > 1} - {""}
        inside = [line for line in sealed[seal] if not (line.text in doubled and line.text in said)]
        regions.append(Region("seal", seal.box, (*inside, *own)))
    return tuple(regions)


@dataclass(frozen=True, slots=True)
class _Block:
    """A line, or the cells of a table, with the boxes by which its place in the order is found."""

    marks: tuple[Box, ...]
    line: Line | None
    kind: Literal["body", "head", "cell"]
    cells: tuple[Region, ...] = ()

    def regions(self, part: Part) -> Iterator[Region]:
        """Yield what `part` of it is."""
        if self.line is None:
            yield from self.cells
        else:
            line = _piece(self.line, part.start, part.end)
            yield Region("handwriting" if line.handwritten else self.kind, line.box, (line,))


def _count(lines: Sequence[Line]) -> int:
    return sum(len(line.glyphs) for line in lines)


def _sealed(red: Sequence[Line], seals: Sequence[Seal]) -> tuple[dict[Seal, list[Line]], list[Line]]:
    inside: dict[Seal, list[Line]] = {seal: [] for seal in seals}
    outside: list[Line] = []
    for line in red:
        seal = next((seal for seal in seals if _inside(line.box, seal.box)), None)
        (outside if seal is None else inside[seal]).append(line)
    return inside, outside


def _inside(box: Box, other: Box) -> bool:
    return box.overlap(other) > 0.6 * box.width * box.height


def _is_tall(line: Line) -> bool:
    return len(line.glyphs) > 1 and line.box.height >= _TALL * line.box.width


def _turned(box: Box) -> Box:
    """Return `box` as it lies on the page turned so that lines down it run across."""
    return Box(box.top, -box.right, box.bottom, -box.left)


def _piece(line: Line, start: int, end: int) -> Line:
    glyphs = line.glyphs[start:end]
    if len(glyphs) == len(line.glyphs):
        return line
    return replace(line, glyphs=glyphs, box=Box.around(glyph.box for glyph in glyphs))


def _cut(line: Line, cells: Sequence[tuple[Cell, Box]]) -> Iterator[tuple[Cell | None, Line]]:
    """Yield the parts of `line` with the cell each stands in, None outside all tables."""
    left, top, right, bottom = line.box
    near = [
        cell for cell, box in cells if box.left < right and left < box.right and box.top < bottom and top < box.bottom
    ]
    owners = [next((cell for cell in near if cell.holds(*glyph.box.centre)), None) for glyph in line.glyphs]
    if not any(owners):
        yield None, line
        return
    _settle(owners, line.glyphs, Box.around(cell.box for cell in near))
    start = 0
    for owner, run in groupby(owners):
        end = start + len(list(run))
        yield owner, _piece(line, start, end)
        start = end


def _settle(owners: list[Cell | None], glyphs: Sequence[Glyph], table: Box) -> None:
    """Give glyphs on a rule to the cell of their neighbours, and those next to one to the side they stand close to."""
    for number, owner in enumerate(owners):
        x, y = glyphs[number].box.centre
        if owner is None and table.left <= x < table.right and table.top <= y < table.bottom:
            before = next((other for other in reversed(owners[:number]) if other), None)
            owners[number] = before or next((other for other in owners[number:] if other), None)
    unit = median(glyph.box.height for glyph in glyphs)
    for number in range(1, len(glyphs)):
        left, right = owners[number - 1], owners[number]
        if left is None or right is None or left == right:
            continue
        # White shows where one entry ends and the next begins better than the middle of a single glyph.
        white = [_white(glyphs, place) for place in (number - 1, number, number + 1)]
        if white[0] > white[1] + unit / 2 and _reaches(glyphs[number - 1], right):
            owners[number - 1] = right
        elif white[2] > white[1] + unit / 2 and _reaches(glyphs[number], left):
            owners[number] = left


def _white(glyphs: Sequence[Glyph], place: int) -> float:
    """Return the white before glyph `place`, none at the ends of the line."""
    return glyphs[place].box.left - glyphs[place - 1].box.right if 0 < place < len(glyphs) else 0.0


def _reaches(glyph: Glyph, cell: Cell) -> bool:
    return cell.box.overlap(glyph.box) > 0.25 * glyph.box.width * glyph.box.height


def _filled(table: Sequence[Cell], lines: Mapping[Cell, Sequence[Line]], running_down: bool) -> Iterator[Region]:
    """Yield the cells of a table with their lines: row by row, or on a page that runs down column by column."""
    ordered = sorted(table, key=lambda cell: (-cell.column, cell.row)) if running_down else table
    for cell in ordered:
        own = lines[cell]
        marks = [[glyph.box for glyph in line.glyphs] for line in own]
        if vertical(own):
            marks = [[_turned(mark) for mark in line] for line in marks]
        inside = tuple(_piece(own[part.piece], part.start, part.end) for part in reading_order(marks))
        yield Region("cell", cell.box, inside, cell.table, cell.row, cell.column, cell.rows, cell.columns)


def _is_lined_page(table: Sequence[Cell], lines: Mapping[Cell, Sequence[Line]]) -> bool:
    """Whether the rules of `table` only part the lines of a text that runs down the page."""
    inside = [lines[cell] for cell in table if lines[cell]]
    return all(cell.row == 0 for cell in table) and all(len(own) == 1 for own in inside)


def _beside(lines: Sequence[Line], running_down: bool) -> tuple[list[Line], list[Line], list[Line]]:
    """Return lines that run the other way before the text (a heading above columns), the text, and those after it."""
    text = [line for line in lines if _is_tall(line) == running_down or len(line.glyphs) < _LONG]
    if not text or len(text) == len(lines):
        return [], list(lines), []
    around = Box.around(line.box for line in text)
    first: list[Line] = []
    last: list[Line] = []
    between: list[Line] = []
    for line in lines:
        x, y = line.box.centre
        if _is_tall(line) == running_down or len(line.glyphs) < _LONG:
            between.append(line)
        elif running_down:
            (first if y < around.top else last if y > around.bottom else between).append(line)
        else:
            # The words of a binding margin (装订线) are no part of any row beside them.
            (between if around.left < x < around.right else last).append(line)
    return first, between, last


def _bodies(lines: Sequence[Line]) -> Iterator[Region]:
    for line in sorted(lines, key=lambda line: (line.box.top, line.box.left)):
        yield Region("handwriting" if line.handwritten else "body", line.box, (line,))


def _joined(regions: Sequence[Region]) -> list[Region]:
    """Return the regions with neighbouring lines of one column of text, or of the head, made one region."""
    joined: list[Region] = []
    for kind, group in groupby(regions, lambda region: region.kind):
        if kind == "cell":
            joined.extend(group)
            continue
        several = list(group)
        start = 0
        for place, (one, other) in enumerate(pairwise(several), 1):
            if _begins_column(one.box, other.box):
                joined.append(_one(several[start:place]))
                start = place
        joined.append(_one(several[start:]))
    return joined


def _begins_column(before: Box, box: Box) -> bool:
    """Whether the order goes back up the page, or back to its right where lines run down."""
    if before.height >= _TALL * before.width and box.height >= _TALL * box.width:
        return box.left > before.right
    return box.bottom < before.top


def _one(regions: Sequence[Region]) -> Region:
    lines = tuple(line for region in regions for line in region.lines)
    return replace(regions[0], box=Box.around(line.box for line in lines), lines=lines)
